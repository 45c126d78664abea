import type { MoneyMessage } from "../notifications/transactions/money-message.ts";
import { type Queryable, sql } from "../platform/postgres.ts";

/**
 * Puts news of a café's money on the way to each of its systems that wants it. One statement, and a second copy finds its
 * deliveries written already.
 */
export async function takeMoneyEvent(db: Queryable, message: MoneyMessage): Promise<void> {
  await db.run(sql`
    with placed as (
      insert into webhook_deliveries (endpoint_id, event_id, event, order_id, body)
      select id, ${message.event_id}, ${message.event}, ${orderOf(message)}::uuid, ${JSON.stringify(message)} from webhook_endpoints
      where cafe_id = ${message.cafe_id}::uuid and removed_at is null and hears_money
      on conflict (endpoint_id, event_id) do nothing returning id)
    insert into outbox (topic, payload) select 'webhook.deliver', jsonb_build_object('delivery_id', id, 'cafe_id', ${message.cafe_id}::uuid) from placed`);
}

function orderOf(message: MoneyMessage): string | null {
  if ("refund" in message) return message.refund.order_id;
  return "dispute" in message ? message.dispute.order_id : null;
}
