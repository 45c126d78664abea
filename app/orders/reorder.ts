import { CodedError, notFound } from "../platform/errors.ts";
import type { AnswerOnce, Claim } from "../platform/idempotency.ts";
import { type Database, sql } from "../platform/postgres.ts";
import { type OrderInput, placeOrder } from "./place-order.ts";
import type { WantedItem } from "./schemas.ts";

interface Reorder {
  readonly orderId: string;
  readonly studentId: string;
  /** Order what there is and leave out the rest. */
  readonly withoutUnavailable: boolean;
}

type Former = Omit<OrderInput, "studentId" | "scheduledFor" | "tableCode" | "items" | "note"> & {
  readonly items: readonly (WantedItem & { readonly item_name: string })[];
};

/** The same dishes with the same options once more, at today's prices and as soon as possible. What is not to be had is named. */
export async function reorder(db: Database, claim: Claim | undefined, input: Reorder): Promise<AnswerOnce> {
  const former = await readFormer(db, input);
  let { items } = former;
  // Each round leaves at least one dish out, or ends.
  for (;;) {
    try {
      return await placeOrder(db, claim, {
        ...former,
        items: items.map(({ menu_item_id, quantity, choice_ids }) => ({ menu_item_id, quantity, choice_ids })),
        studentId: input.studentId,
        scheduledFor: null,
        note: {},
        tableCode: null,
      });
    } catch (error) {
      const missing = unavailableIn(error);
      const left = items.filter((item) => !missing.has(item.menu_item_id));
      if (left.length === items.length) throw error;
      if (!input.withoutUnavailable || left.length === 0) throw refuse(former, missing);
      items = left;
    }
  }
}

async function readFormer(db: Database, { orderId, studentId }: Reorder): Promise<Former> {
  const former = await db.row<Former>(sql`
    select o.cafe_id, o.order_type, o.payment_method, o.special_instructions, o.delivery_address, o.table_id,
      (select json_agg(json_build_object('menu_item_id', i.menu_item_id, 'item_name', i.item_name, 'quantity', i.quantity,
        'choice_ids', (select coalesce(json_agg(c -> 'choice_id'), '[]') from jsonb_array_elements(i.options) c)) order by i.id)
        from order_items i where i.order_id = o.id) as items
    from orders o where o.id = ${orderId} and o.student_id = ${studentId}`);
  if (!former) throw notFound("The order");
  return former;
}

/** A dish whose options have changed since is as little to be had as one that is sold out. */
function unavailableIn(error: unknown): ReadonlySet<string> {
  const named =
    error instanceof CodedError && ["ITEM_UNAVAILABLE", "VALIDATION_ERROR"].includes(error.code) ? error.details.menu_item_ids : [];
  return new Set((named ?? []) as string[]);
}

function refuse(former: Former, missing: ReadonlySet<string>): CodedError {
  const items = former.items
    .filter((item) => missing.has(item.menu_item_id))
    .map(({ menu_item_id, item_name }) => ({ menu_item_id, item_name }));
  return new CodedError("ITEM_UNAVAILABLE", `Not to be had today: ${[...new Set(items.map(({ item_name }) => item_name))].join(", ")}.`, {
    details: { menu_item_ids: [...missing], items },
  });
}
