import { z } from "zod";
import { type Queryable, sql } from "../platform/postgres.ts";

/** What the order queue carries. The order itself is read when the message is taken: the queue never holds a name. */
export const OrderMessage = z.object({
  event_id: z.uuid(),
  event: z.enum(["order.received", "order.paid", "order.changed"]),
  order_id: z.uuid(),
  cafe_id: z.uuid(),
  at: z.string(),
});
export type OrderMessage = z.infer<typeof OrderMessage>;

/**
 * Formats an order for each of its café's till systems and puts it on the way there. One statement, and a second copy of
 * the message finds its deliveries written already.
 */
export async function takeOrderEvent(db: Queryable, message: OrderMessage): Promise<void> {
  await db.run(sql`
    with body as (
      select json_build_object('event_id', ${message.event_id}::uuid, 'event', ${message.event}::text, 'at', json_time(${message.at}::timestamptz),
        'order', order_json(o)::jsonb || jsonb_build_object('may_prepare', may_prepare(o),
          'customer', (select student_label(s.name, s.phone) from students s where s.id = o.student_id)))::text as text
      from orders o where o.id = ${message.order_id} and o.cafe_id = ${message.cafe_id}),
    placed as (
      insert into webhook_deliveries (endpoint_id, event_id, event, order_id, body)
      select w.id, ${message.event_id}, ${message.event}, ${message.order_id}, body.text from webhook_endpoints w, body
      where w.cafe_id = ${message.cafe_id} and w.removed_at is null
      on conflict (endpoint_id, event_id) do nothing returning id)
    insert into outbox (topic, payload) select 'webhook.deliver', jsonb_build_object('delivery_id', id, 'cafe_id', ${message.cafe_id}::uuid) from placed`);
}
