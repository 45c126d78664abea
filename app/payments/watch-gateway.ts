import type { Platform } from "../platform/context.ts";
import type { Job } from "../platform/jobs.ts";
import { sql } from "../platform/postgres.ts";
import { applyDispute } from "./apply-dispute.ts";
import { creditPayment } from "./credit-payment.ts";
import type { Gateway, GatewayDispute, GatewayPayment, GatewayPayOut, GatewayRefund } from "./gateway.ts";
import { meetRefund } from "./meet-refund.ts";

const everySeconds = 300;
const hourMs = 3_600_000;
/** Each look goes back so far behind where the last one ended: rows that the gateway was late to list are found. */
const overlapMs = 24 * hourMs;
const firstLookMs = 7 * 24 * hourMs;
const sliceMs = 6 * hourMs;
const maxRowsPerSlice = 3_000;
const maxOpenDisputes = 200;

/** The network is for the worker's outbox: a job runs in a transaction. One look at a time. */
export const watchGatewayJob: Job = {
  name: "watch-gateway",
  everySeconds,
  run: async (tx) => {
    await tx.run(sql`
      insert into outbox (topic, payload) select 'gateway.watch', '{}'
      where not exists (select from outbox where topic = 'gateway.watch' and done_at is null and dead_at is null)`);
  },
};

/** Reads the gateway's own books and brings into ours what no webhook told: payments, refunds, disputes, pay-outs. */
export async function watchGateway(platform: Platform, gateway: Gateway, now = new Date()): Promise<void> {
  const { db } = platform;
  const last = await db.row<{ seenUntil: Date }>(sql`select seen_until from gateway_watch where gateway = ${gateway.name}`);
  const from = last ? last.seenUntil.getTime() - overlapMs : now.getTime() - firstLookMs;
  // Whole seconds belong to a span, and the last one is not over yet.
  const end = now.getTime() + 1_000;
  for (let start = from; start < end; start += sliceMs)
    await readSlice(platform, gateway, new Date(start), new Date(Math.min(start + sliceMs, end)));
  await lookAtOpenDisputes(platform, gateway);
  await db.run(sql`
    insert into gateway_watch (gateway, seen_until) values (${gateway.name}, ${now})
    on conflict (gateway) do update set seen_until = greatest(gateway_watch.seen_until, excluded.seen_until), looked_at = now()`);
}

async function readSlice(platform: Platform, gateway: Gateway, from: Date, until: Date): Promise<void> {
  const whole = <T>(what: string, rows: readonly T[] | undefined): readonly T[] => {
    if (rows === undefined)
      throw new Error(`The gateway lists more than ${maxRowsPerSlice} ${what} between ${from.toISOString()} and ${until.toISOString()}.`);
    return rows;
  };
  await creditMissed(platform, gateway, whole("payments", await gateway.collectedBetween(from, until, maxRowsPerSlice)));
  await meetRefunds(platform, gateway, whole("refunds", await gateway.refundsBetween(from, until, maxRowsPerSlice)));
  await meetDisputes(platform, gateway, whole("disputes", await gateway.disputesBetween(from, until, maxRowsPerSlice)));
  await meetPayOuts(platform, gateway, whole("pay-outs", await gateway.payOutsBetween(from, until, maxRowsPerSlice)));
}

async function creditMissed(platform: Platform, gateway: Gateway, listed: readonly GatewayPayment[]): Promise<void> {
  const known = await platform.db.rows<{ paymentId: string }>(sql`
    select payment_id from gateway_payments where gateway = ${gateway.name} and payment_id = any(${listed.map(({ paymentId }) => paymentId)})`);
  const ids = new Set(known.map(({ paymentId }) => paymentId));
  // What went back as a whole before we heard of it is nobody's any more. What is for no order of ours reconciliation lists.
  for (const payment of listed)
    if (payment.status === "captured" && !ids.has(payment.paymentId)) await creditPayment(platform, gateway.name, payment, "poller");
}

async function meetRefunds(platform: Platform, gateway: Gateway, listed: readonly GatewayRefund[]): Promise<void> {
  const ids = listed.map(({ gatewayRefundId }) => gatewayRefundId);
  const ended = await platform.db.rows<{ id: string }>(sql`
    select gateway_refund_id as id from gateway_refunds where gateway_refund_id = any(${ids}) and status <> 'pending'
    union all select gateway_refund_id from outside_refunds where gateway = ${gateway.name} and gateway_refund_id = any(${ids}) and status <> 'open'`);
  const done = new Set(ended.map(({ id }) => id));
  for (const refund of listed) if (!done.has(refund.gatewayRefundId)) await meetRefund(platform, gateway, refund);
}

/** New ones; what becomes of an open one lookAtOpenDisputes() asks. */
async function meetDisputes(platform: Platform, gateway: Gateway, listed: readonly GatewayDispute[]): Promise<void> {
  const rows = await platform.db.rows<{ disputeId: string }>(sql`
    select dispute_id from gateway_disputes
    where gateway = ${gateway.name} and dispute_id = any(${listed.map(({ disputeId }) => disputeId)})`);
  const known = new Set(rows.map(({ disputeId }) => disputeId));
  for (const dispute of listed) if (!known.has(dispute.disputeId)) await applyIfOurs(platform, gateway, dispute);
}

/** A dispute may last for months, longer than any look goes back. */
async function lookAtOpenDisputes(platform: Platform, gateway: Gateway): Promise<void> {
  const open = await platform.db.rows<{ disputeId: string }>(sql`
    select dispute_id from gateway_disputes where gateway = ${gateway.name} and settled_at is null order by created_at limit ${maxOpenDisputes}`);
  for (const { disputeId } of open) {
    const dispute = await gateway.dispute(disputeId);
    if (dispute.status !== "open") await applyIfOurs(platform, gateway, dispute);
  }
}

async function applyIfOurs(platform: Platform, gateway: Gateway, dispute: GatewayDispute): Promise<void> {
  const ours = await platform.db.row(
    sql`select id from gateway_payments where gateway = ${gateway.name} and payment_id = ${dispute.paymentId}`,
  );
  if (ours) await applyDispute(platform, gateway, dispute);
}

async function meetPayOuts({ db, config }: Platform, gateway: Gateway, listed: readonly GatewayPayOut[]): Promise<void> {
  for (const { payOutId, amountMinor, feeMinor, bankReference, at } of listed)
    await db.callAtomic(sql`
      select meet_gateway_pay_out(${gateway.name}, ${payOutId}, ${amountMinor}, ${feeMinor}, ${config.CAMPUS_CURRENCY}, ${bankReference}, ${at}::timestamptz)`);
}
