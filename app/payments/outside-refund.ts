import { type Actor, auditActor } from "../identity/actor.ts";
import { refuseOneBehindTwo } from "../identity/four-eyes.ts";
import { tellStudent } from "../notifications/notices/tell-student.ts";
import type { Config } from "../platform/config.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { type Page, type PageInput, pageOf } from "../platform/page.ts";
import { part, type Queryable, sql, type Transaction } from "../platform/postgres.ts";

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
  /** What the first of two people said, and who. */
  readonly bearerAsked: (typeof bearers)[number] | null;
  readonly askedBy: string | null;
  readonly reason: string | null;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly createdAt: Date;
}

const columns = part`
  x.id, x.gateway_refund_id, p.payment_id, x.student_id, x.order_id, x.amount_minor, x.currency, x.status, x.borne_by, x.bearer_asked, x.asked_by, x.reason, x.decided_by, x.decided_at,
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

/** The order before the case, as whoever meets it in the gateway's list does. */
async function lockCase(tx: Transaction, id: string): Promise<OutsideRefund> {
  const { orderId } = await readOutsideRefund(tx, id);
  if (orderId !== null) await tx.run(sql`select 1 from orders where id = ${orderId} for update`);
  await tx.run(sql`select 1 from outside_refunds where id = ${id} for update`);
  return readOutsideRefund(tx, id);
}

/** The first of two; whoever names another bearer asks anew. */
async function ask(tx: Transaction, decision: Decision, { amountMinor, currency }: OutsideRefund): Promise<OutsideRefund> {
  const { id, borneBy, reason, staffId } = decision;
  await tx.run(
    sql`update outside_refunds set bearer_asked = ${borneBy}, asked_by = ${staffId}, asked_at = clock_timestamp() where id = ${id}`,
  );
  await auditActor(tx, decision, {
    action: "outside_refund.bearer_asked",
    objectKind: "outside_refund",
    objectId: id,
    details: { borne_by: borneBy, amount_minor: amountMinor, currency, reason },
  });
  return readOutsideRefund(tx, id);
}

interface Decision extends Actor {
  readonly id: string;
  readonly borneBy: (typeof bearers)[number];
  readonly reason: string;
}

/**
 * A top-up that the student had twice, the student may be told to bear by one person. What a café or the university is to bear takes two:
 * whoever can give money back at the gateway would give a friend's back there, and leave it in the wallet too. So does what was an order's:
 * one person would make the student pay for a café.
 */
export async function bearOutsideRefund(
  tx: Transaction,
  config: Pick<Config, "FOUR_EYES_DAYS">,
  decision: Decision,
): Promise<OutsideRefund> {
  const { id, borneBy, reason, staffId } = decision;
  const before = await lockCase(tx, id);
  if (before.status === "open" && (borneBy !== "student" || before.orderId !== null)) {
    if (borneBy === "cafe" && before.orderId === null)
      throw new CodedError("CONFLICT", "No order stands behind this refund, so no café can bear it.");
    if (before.askedBy === null || before.bearerAsked !== borneBy) return ask(tx, decision, before);
    if (before.askedBy === staffId) throw new CodedError("INSUFFICIENT_ROLE", "Somebody else of finance must say so too.");
    await refuseOneBehindTwo(tx, config, before.askedBy, staffId);
  }
  const decided = await tx.row<{ done: boolean }>(sql`select bear_outside_refund(${id}, ${borneBy}, ${reason}, ${staffId}) as done`);
  if (!decided?.done) {
    const { status } = await readOutsideRefund(tx, id);
    throw new CodedError("INVALID_TRANSITION", `This refund is ${status} already.`, { details: { status } });
  }
  if (borneBy === "student") await tellStudent(tx, before.studentId, "outside_refund_borne");
  await auditActor(tx, decision, {
    action: "outside_refund.borne",
    objectKind: "outside_refund",
    objectId: id,
    details: { borne_by: borneBy, amount_minor: before.amountMinor, currency: before.currency, reason },
  });
  return readOutsideRefund(tx, id);
}
