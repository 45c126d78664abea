import { type Actor, auditActor } from "../identity/actor.ts";
import { refuseOneBehindTwo } from "../identity/four-eyes.ts";
import type { Config } from "../platform/config.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { enqueue, Undeliverable } from "../platform/outbox.ts";
import { type Page, type PageInput, pageOf } from "../platform/page.ts";
import { part, type Queryable, sql, type Transaction } from "../platform/postgres.ts";
import { type Gateway, GatewayRefused } from "./gateway.ts";

export const disputeStatuses = ["open", "contested", "accepted", "won", "lost"] as const;

export interface Dispute {
  readonly id: string;
  readonly disputeId: string;
  readonly paymentId: string;
  readonly studentId: string;
  readonly orderId: string | null;
  readonly amountMinor: number;
  readonly currency: string;
  readonly reason: string;
  readonly respondBy: Date;
  readonly isOverdue: boolean;
  readonly status: (typeof disputeStatuses)[number];
  readonly evidence: string | null;
  /** Where it takes two to accept it: the first of them. */
  readonly acceptAskedBy: string | null;
  readonly createdAt: Date;
  readonly decidedAt: Date | null;
  readonly settledAt: Date | null;
}

interface Wanted extends PageInput {
  readonly status: Dispute["status"] | undefined;
}

const columns = part`
  d.id, d.dispute_id, p.payment_id, d.student_id, d.order_id, d.amount_minor, d.currency, d.reason, d.respond_by,
  d.status = 'open' and d.respond_by <= now() as is_overdue, d.status, d.evidence, d.accept_asked_by, d.created_at, d.decided_at, d.settled_at
  from gateway_disputes d join gateway_payments p on p.id = d.payment_row_id`;

/** Newest first. */
export async function listDisputes(db: Queryable, { status, limit, after }: Wanted): Promise<Page<Dispute>> {
  const found = await db.rows<Dispute>(sql`
    select ${columns} where (${status ?? null}::text is null or d.status = ${status ?? null}) and (${after ?? null}::uuid is null or d.id < ${after ?? null}::uuid)
    order by d.id desc limit ${limit + 1}`);
  return pageOf(found, limit);
}

async function readDispute(db: Queryable, id: string): Promise<Dispute> {
  const dispute = await db.row<Dispute>(sql`select ${columns} where d.id = ${id}`);
  if (!dispute) throw notFound("The dispute");
  return dispute;
}

/** What else there is to know before somebody answers the bank. */
export interface DisputeCase extends Dispute {
  readonly order: { readonly orderNumber: string; readonly cafeName: string; readonly items: string } | null;
  readonly timeline: readonly { readonly at: Date; readonly event: string; readonly amountMinor: number | null }[];
}

const maxEvents = 100;

/** The dispute with its order, or none where it is of a top-up, and with all that happened to the payment, the oldest first. */
export async function readDisputeCase(db: Queryable, id: string): Promise<DisputeCase> {
  const dispute = await readDispute(db, id);
  const order = await db.row<NonNullable<DisputeCase["order"]>>(sql`
    select o.order_number, f.name as cafe_name,
      (select string_agg(i.quantity || ' × ' || i.item_name, ', ' order by i.id) from order_items i where i.order_id = o.id) as items
    from orders o join cafes f on f.id = o.cafe_id where o.id = ${dispute.orderId}`);
  const timeline = await db.rows<DisputeCase["timeline"][number]>(sql`
    with d as (select * from gateway_disputes where id = ${id}), p as (select p.* from gateway_payments p join d on d.payment_row_id = p.id)
    select * from (
      select o.created_at as at, 'placed' as event, o.total_minor as amount_minor from orders o join d on d.order_id = o.id
      union all select g.created_at, 'asked', g.amount_minor from gateway_orders g join p on p.order_row_id = g.id
      union all select at, 'paid', amount_minor from p
      union all select l.at, l.to_status, null from order_status_log l join d on d.order_id = l.order_id
      union all select r.created_at, 'refunded', r.amount_minor from refunds r join d on d.order_id = r.order_id
      union all select f.created_at, 'refunded', f.amount_minor from gateway_refunds f join p on p.id = f.payment_row_id where f.status <> 'failed'
      union all select created_at, 'disputed', amount_minor from d
      union all select decided_at, 'answered', null from d where decided_at is not null
      union all select settled_at, status, null from d where settled_at is not null) e
    order by at limit ${maxEvents}`);
  return { ...dispute, order: order ?? null, timeline };
}

interface Decision extends Actor {
  readonly id: string;
}

/** Tells the bank why the payment is right. The gateway is told by the worker; how it ended comes by webhook. */
export const contestDispute = (tx: Transaction, decision: Decision, evidence: string): Promise<Dispute> =>
  decide(tx, decision, { status: "contested", evidence, takesTwo: false });

/** Lets the customer have the money, who may be a friend: above an amount the first of two people asks and the second accepts. */
export async function acceptDispute(
  tx: Transaction,
  config: Pick<Config, "REFUND_TWO_PEOPLE_ABOVE_MINOR" | "FOUR_EYES_DAYS">,
  decision: Decision,
): Promise<Dispute> {
  const { id, staffId } = decision;
  await tx.run(sql`select 1 from gateway_disputes where id = ${id} for update`);
  const { status, amountMinor, acceptAskedBy } = await readDispute(tx, id);
  const takesTwo = amountMinor > config.REFUND_TWO_PEOPLE_ABOVE_MINOR;
  if (status === "open" && takesTwo) {
    if (acceptAskedBy === null) return askToAccept(tx, decision);
    if (acceptAskedBy === staffId) throw new CodedError("INSUFFICIENT_ROLE", "Somebody else must accept what you asked for.");
    await refuseOneBehindTwo(tx, config, acceptAskedBy, staffId);
  }
  return decide(tx, decision, { status: "accepted", evidence: null, takesTwo });
}

async function askToAccept(tx: Transaction, decision: Decision): Promise<Dispute> {
  const { id, staffId } = decision;
  await tx.run(sql`update gateway_disputes set accept_asked_by = ${staffId}, accept_asked_at = clock_timestamp() where id = ${id}`);
  const dispute = await readDispute(tx, id);
  await note(tx, decision, "dispute.accept_asked", dispute);
  return dispute;
}

interface Outcome {
  readonly status: "contested" | "accepted";
  readonly evidence: string | null;
  readonly takesTwo: boolean;
}

async function decide(tx: Transaction, decision: Decision, { status, evidence, takesTwo }: Outcome): Promise<Dispute> {
  const { id, staffId } = decision;
  const decided = await tx.run(sql`
    update gateway_disputes set status = ${status}, evidence = ${evidence}, decided_by = ${staffId}, decided_at = now(), accept_takes_two = ${takesTwo}
    where id = ${id} and status = 'open' and (respond_by > now() or ${status} = 'accepted')`);
  const dispute = await readDispute(tx, id);
  if (decided !== 1)
    throw new CodedError(
      "INVALID_TRANSITION",
      dispute.isOverdue ? "The time to respond is over." : `The dispute is ${dispute.status} already.`,
      {
        details: { status: dispute.status, respond_by: dispute.respondBy.toISOString() },
      },
    );
  await enqueue(tx, "gateway.dispute", { dispute_id: id });
  await note(tx, decision, `dispute.${status}`, dispute);
  return dispute;
}

const note = (tx: Transaction, decision: Decision, action: string, { id, amountMinor, currency }: Dispute): Promise<void> =>
  auditActor(tx, decision, { action, objectKind: "dispute", objectId: id, details: { amount_minor: amountMinor, currency } });

/** Tells the gateway what was decided here. */
export async function sendDecision({ db }: Platform, gateway: Gateway, id: string): Promise<void> {
  const dispute = await readDispute(db, id);
  try {
    if (dispute.status === "contested") await gateway.contestDispute(dispute.disputeId, dispute.amountMinor, dispute.evidence ?? "");
    if (dispute.status === "accepted") await gateway.acceptDispute(dispute.disputeId);
  } catch (error) {
    if (!(error instanceof GatewayRefused)) throw error;
    // Nobody has answered the bank, so it can be decided again: it stands among the open ones.
    await db.run(sql`
      update gateway_disputes set status = 'open', evidence = null, decided_by = null, decided_at = null
      where id = ${id} and status = ${dispute.status} and settled_at is null`);
    throw new Undeliverable(`The gateway refused the answer to a dispute: ${error.message}`);
  }
}
