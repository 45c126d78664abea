import { auditActor, type CafeActor } from "../identity/actor.ts";
import { notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";

/** Nothing is posted there from now on, and its secret is gone; what was posted stays in the database for its time. */
export async function removeEndpoint(tx: Transaction, actor: CafeActor, endpointId: string): Promise<void> {
  const removed = await tx.run(
    sql`update webhook_endpoints set removed_at = now(), sealed_secret = '' where id = ${endpointId} and cafe_id = ${actor.cafeId} and removed_at is null`,
  );
  if (removed === 0) throw notFound("The webhook");
  await auditActor(tx, actor, { action: "webhook.removed", objectKind: "webhook", objectId: endpointId });
}
