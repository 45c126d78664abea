import { auditActor, type CafeActor } from "../identity/actor.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import type { WebhookDelivery } from "./delivery.ts";
import { readEndpoint } from "./endpoint.ts";

/** Posts the same bytes once more, under the same event's id: a till system that has them already drops them. */
export async function redeliver(tx: Transaction, actor: CafeActor, endpointId: string, deliveryId: string): Promise<WebhookDelivery> {
  await readEndpoint(tx, actor.cafeId, endpointId);
  const delivery = await tx.row<WebhookDelivery>(sql`
    with again as (
      update webhook_deliveries set state = 'waiting', delivered_at = null
      where id = ${deliveryId} and endpoint_id = ${endpointId} and state <> 'waiting' returning *),
    queued as (insert into outbox (topic, payload) select 'webhook.deliver', jsonb_build_object('delivery_id', id, 'cafe_id', ${actor.cafeId}::uuid) from again)
    select id, event_id, event, order_id, state, tries, last_tried_at, last_status, last_error, delivered_at, created_at from again`);
  if (!delivery) {
    const waits = await tx.row(sql`select id from webhook_deliveries where id = ${deliveryId} and endpoint_id = ${endpointId}`);
    throw waits ? new CodedError("CONFLICT", "This delivery is still being tried: wait for how it ends.") : notFound("The delivery");
  }
  await auditActor(tx, actor, { action: "webhook.redelivered", objectKind: "webhook_delivery", objectId: deliveryId });
  return delivery;
}
