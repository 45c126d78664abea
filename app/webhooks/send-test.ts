import { auditActor, type CafeActor } from "../identity/actor.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import type { WebhookDelivery } from "./delivery.ts";
import { readEndpoint, refuseUnlessApproved } from "./endpoint.ts";

/** Sends a test along the same way as an order: how it ended stands in the log. */
export async function sendTest(tx: Transaction, actor: CafeActor, endpointId: string): Promise<WebhookDelivery> {
  await readEndpoint(tx, actor.cafeId, endpointId);
  await refuseUnlessApproved(tx, actor.cafeId);
  const delivery = await tx.row<WebhookDelivery>(sql`
    with placed as (
      insert into webhook_deliveries (endpoint_id, event_id, event, body)
      select ${endpointId}, e.id, 'test', json_build_object('event_id', e.id, 'event', 'test', 'at', json_time(now()))::text
      from (select uuidv7() as id) e
      returning *),
    queued as (insert into outbox (topic, payload) select 'webhook.deliver', jsonb_build_object('delivery_id', id, 'cafe_id', ${actor.cafeId}::uuid) from placed)
    select id, event_id, event, order_id, state, tries, last_tried_at, last_status, last_error, delivered_at, created_at from placed`);
  if (!delivery) throw new Error("The test was not written.");
  await auditActor(tx, actor, { action: "webhook.tested", objectKind: "webhook", objectId: endpointId });
  return delivery;
}
