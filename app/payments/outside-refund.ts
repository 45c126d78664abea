import { type Actor, auditActor } from "../identity/actor.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { type Page, type PageInput, pageOf } from "../platform/page.ts";
import { part, type Queryable, sql, sqlState, type Transaction } from "../platform/postgres.ts";

export const outsideRefundStatuses = ["open", "borne", "failed"] as const;
export const bearers = ["cafe", "student", "university"] as const;

/** Money that was given back at the gateway itself, without a word to us. */
export interface OutsideRefund {
  readonly id: string;
  readonly gatewayRefundId: string;
  readonly paymentId: string;
  readonly studentId: string;
  readonly orderId: string | null;
  readonly amountMinor: number;
  readonly currency: string;
  readonly status: (typeof outsideRefundStatuses)[number];
  readonly borneBy: (typeof bearers)[number] | null;
  readonly reason: string | null;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly createdAt: Date;
}

const columns = part`
  x.id, x.gateway_refund_id, p.payment_id, x.student_id, x.order_id, x.amount_minor, x.currency, x.status, x.borne_by, x.reason, x.decided_by, x.decided_at,
  x.created_at from outside_refunds x join gateway_payments p on p.id = x.payment_row_id`;

/** Newest first. */
export async function listOutsideRefunds(
  db: Queryable,
  { status, limit, after }: PageInput & { readonly status: OutsideRefund["status"] | undefined },
): Promise<Page<OutsideRefund>> {
  const found = await db.rows<OutsideRefund>(sql`
    select ${columns} where (${status ?? null}::text is null or x.status = ${status ?? null}) and (${after ?? null}::uuid is null or x.id < ${after ?? null}::uuid)
    order by x.id desc limit ${limit + 1}`);
  return pageOf(found, limit);
}

async function readOutsideRefund(db: Queryable, id: string): Promise<OutsideRefund> {
  const found = await db.row<OutsideRefund>(sql`select ${columns} where x.id = ${id}`);
  if (!found) throw notFound("The refund");
  return found;
}

interface Decision extends Actor {
  readonly id: string;
  readonly borneBy: (typeof bearers)[number];
  readonly reason: string;
}

export async function bearOutsideRefund(tx: Transaction, decision: Decision): Promise<OutsideRefund> {
  const { id, borneBy, reason, staffId } = decision;
  const before = await readOutsideRefund(tx, id);
  const decided = await tx
    .row<{ done: boolean }>(sql`select bear_outside_refund(${id}, ${borneBy}, ${reason}, ${staffId}) as done`)
    .catch((error: unknown) => {
      if (sqlState(error) !== "CP409") throw error;
      throw new CodedError("CONFLICT", "No order stands behind this refund, so no café can bear it.", { cause: error });
    });
  if (!decided?.done) {
    const { status } = await readOutsideRefund(tx, id);
    throw new CodedError("INVALID_TRANSITION", `This refund is ${status} already.`, { details: { status } });
  }
  await auditActor(tx, decision, {
    action: "outside_refund.borne",
    objectKind: "outside_refund",
    objectId: id,
    details: { borne_by: borneBy, amount_minor: before.amountMinor, currency: before.currency, reason },
  });
  return readOutsideRefund(tx, id);
}
