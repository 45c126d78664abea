import { audit } from "../platform/audit.ts";
import { notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import type { Actor } from "./endpoint.ts";

/** Nothing is posted there from now on, and its secret is gone; what was posted stays in the database for its time. */
export async function removeEndpoint(tx: Transaction, { cafeId, staffId, requestId }: Actor, endpointId: string): Promise<void> {
  const removed = await tx.run(
    sql`update webhook_endpoints set removed_at = now(), sealed_secret = '' where id = ${endpointId} and cafe_id = ${cafeId} and removed_at is null`,
  );
  if (removed === 0) throw notFound("The webhook");
  await audit(tx, {
    actorKind: "staff",
    actorId: staffId,
    action: "webhook.removed",
    objectKind: "webhook",
    objectId: endpointId,
    cafeId,
    requestId,
  });
}
