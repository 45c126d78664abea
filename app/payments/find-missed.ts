import type { Platform } from "../platform/context.ts";
import type { Job } from "../platform/jobs.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { noteFailure } from "./apply-event.ts";
import { creditPayment } from "./credit-payment.ts";
import type { Gateway } from "./gateway.ts";
import { readGatewayOrder } from "./gateway-order.ts";

const everySeconds = 10;
const batchRows = 100;
/** With pauses that double from GATEWAY_POLL_SECONDS to six hours, the last look is about a day and a half after the first. */
const maxLooks = 15;
const longestPauseSeconds = 21_600;

/** Finds what no webhook told: each unpaid order and each open refund is asked about again, at growing intervals. */
export const findMissedJob = ({ config }: Platform): Job => ({
  name: "find-missed-payments",
  everySeconds,
  run: async (tx) => {
    await lookAtOrders(tx, config.GATEWAY_POLL_SECONDS);
    await lookAtRefunds(tx, config.GATEWAY_POLL_SECONDS);
  },
});

/** The network is for the worker's outbox: a job runs in a transaction. */
async function lookAtOrders(tx: Transaction, pollSeconds: number): Promise<void> {
  await tx.run(sql`
    with due as (
      select id from gateway_orders where status in ('created', 'failed') and look_at <= now() order by look_at limit ${batchRows} for update skip locked),
    looked as (
      update gateway_orders g set looks = looks + 1,
        look_at = case when looks + 1 >= ${maxLooks} then 'infinity' else now() + make_interval(secs => least(${longestPauseSeconds}, ${pollSeconds} * 2.0 ^ looks)) end,
        status = case when looks + 1 >= ${maxLooks} and status = 'created' then 'expired' else status end, updated_at = now()
      from due where g.id = due.id returning g.id)
    insert into outbox (topic, payload) select 'gateway.look', jsonb_build_object('order_row_id', id) from looked`);
}

async function lookAtRefunds(tx: Transaction, pollSeconds: number): Promise<void> {
  await tx.run(sql`
    with due as (
      select id from gateway_refunds where status = 'pending' and look_at <= now() order by look_at limit ${batchRows} for update skip locked),
    looked as (
      update gateway_refunds f set looks = least(looks + 1, 100), look_at = now() + make_interval(secs => least(${longestPauseSeconds}, ${pollSeconds} * 2.0 ^ least(looks, 20)))
      from due where f.id = due.id returning f.id)
    insert into outbox (topic, payload) select 'gateway.refund', jsonb_build_object('refund_id', id) from looked`);
}

/** Asks the gateway about one order and credits what it says is captured. */
export async function lookAtOrder(platform: Platform, gateway: Gateway, orderRowId: string): Promise<void> {
  const row = await readGatewayOrder(platform.db, orderRowId);
  if (!row || row.gatewayOrderId === null) return;
  const payments = await gateway.paymentsOf(row.gatewayOrderId);
  const captured = payments.filter(({ status }) => status === "captured");
  for (const payment of captured) await creditPayment(platform, gateway.name, payment, "poller");
  if (captured.length === 0 && payments.some(({ status }) => status === "failed" || status === "refunded"))
    await noteFailure(platform, gateway, row.gatewayOrderId);
}
