import { keepNote, type Note, saysSomething } from "../ledger/note.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { validationError } from "../platform/http/router.ts";
import { type AnswerOnce, type Claim, refusedClaim, untilDecided } from "../platform/idempotency.ts";
import { type Database, type Statement, sql, type Transaction } from "../platform/postgres.ts";
import type { OrderBody, WantedItem } from "./schemas.ts";

export interface OrderInput {
  readonly studentId: string;
  readonly cafeId: string;
  readonly items: readonly WantedItem[];
  readonly orderType: OrderBody["order_type"];
  readonly paymentMethod: OrderBody["payment_method"];
  readonly specialInstructions: string | null;
  readonly deliveryAddress: string | null;
  readonly tableId: string | null;
  readonly tableCode: string | null;
  readonly scheduledFor: string | null;
  readonly note: Note;
}

interface Outcome {
  readonly outcome: string;
  readonly details: Record<string, unknown> | null;
  readonly body: string | null;
}

/**
 * Takes the order in one round trip: prices and names are snapshots from here on, stock and a place in the slot are taken,
 * the number is given, and the answer is remembered under its key. Each refusal leaves nothing behind.
 */
export async function placeOrder(db: Database, claim: Claim | undefined, input: OrderInput): Promise<AnswerOnce> {
  if (input.items.length === 0) throw new CodedError("CART_EMPTY", "The order has no items.");
  return claim ? untilDecided((waits) => ask(db, claim, waits, input)) : ask(db, undefined, false, input);
}

/** One statement is a transaction of its own; with a note there are two. */
async function ask(db: Database, claim: Claim | undefined, waits: boolean, input: OrderInput): Promise<AnswerOnce> {
  const statement = sql`
    select outcome, details, body from place_order_once(
      ${claim?.principal ?? null}, ${claim?.route ?? null}, ${claim?.key ?? null}, ${claim?.bodyHash ?? null}, ${waits},
      ${input.cafeId}, ${input.studentId}, ${JSON.stringify(input.items)}::jsonb, ${input.orderType}, ${input.paymentMethod}, ${input.specialInstructions},
      ${input.deliveryAddress}, ${input.tableId}, ${input.tableCode}, ${input.scheduledFor}::timestamptz)`;
  const decided = saysSomething(input.note)
    ? await db.transaction((tx) => placeNoted(tx, statement, input))
    : await db.callAtomic<Outcome>(statement);
  if (!decided) throw new Error("The order was not decided.");
  if (decided.body === null) throw refusalOf(decided.outcome, decided.details ?? {});
  return { status: 201, body: decided.body, hit: decided.outcome === "stored" };
}

async function placeNoted(tx: Transaction, statement: Statement, { cafeId, note }: OrderInput): Promise<Outcome | undefined> {
  const decided = await tx.row<Outcome>(statement);
  if (decided?.outcome !== "placed" || decided.body === null) return decided;
  const { order } = JSON.parse(decided.body) as { readonly order: { readonly id: string } };
  await keepNote(tx, { document: "orders", documentId: order.id, cafeId }, note);
  return decided;
}

/** What place_order_once(), place_order(), price_lines() and the key's claim refuse, as the client is told. */
export function refusalOf(outcome: string, details: Record<string, unknown>): CodedError {
  switch (outcome) {
    case "busy":
    case "mismatch":
      return refusedClaim(outcome);
    case "no_cafe":
      return notFound("The café");
    case "no_table":
      return notFound("The table");
    case "closed":
      return new CodedError("RESTAURANT_CLOSED", "This café takes no orders for that time.");
    case "method":
      return methodUnavailable(details);
    case "no_slot":
      return validationError("json", [
        { path: ["scheduled_for"], message: "must be the beginning of one of the café's slots, in the next 7 days: ask for its slots" },
      ]);
    case "slot_full":
      return new CodedError("ORDER_LIMIT_REACHED", "This slot is full: choose another one.", { details });
    case "too_many_unpaid":
      return new CodedError("UNPAID_LIMIT_REACHED", "You have too many portions here that are not paid: pay or cancel an order first.", {
        details,
      });
    case "unavailable":
      return new CodedError("ITEM_UNAVAILABLE", "Something in the order is sold out or not on this café's menu.", { details });
    case "too_large":
      return validationError("json", [{ path: ["items"], message: `cost more than ${details.max_minor}, as much as an order may` }]);
    case "options":
      return new CodedError("VALIDATION_ERROR", "The chosen options do not fit their dishes.", { details });
    default:
      throw new Error(`An order was answered "${outcome}", which nobody knows.`);
  }
}

const methodUnavailable = (details: Record<string, unknown>) =>
  new CodedError("METHOD_UNAVAILABLE", `This café does not offer ${Object.values(details).join(", ")} orders at the moment.`, { details });
