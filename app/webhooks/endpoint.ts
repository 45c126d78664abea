import { CodedError, notFound } from "../platform/errors.ts";
import { type Queryable, sql } from "../platform/postgres.ts";

/** A café's till system, to which orders are posted, and news of its money where that is wanted. */
export interface WebhookEndpoint {
  readonly id: string;
  readonly cafeId: string;
  readonly url: string;
  readonly hearsMoney: boolean;
  readonly createdAt: Date;
}

/** Oldest first; a café has few, so there are no pages. */
export const listEndpoints = (db: Queryable, cafeId: string): Promise<WebhookEndpoint[]> =>
  db.rows<WebhookEndpoint>(
    sql`select id, cafe_id, url, hears_money, created_at from webhook_endpoints where cafe_id = ${cafeId} and removed_at is null order by id`,
  );

export async function readEndpoint(db: Queryable, cafeId: string, endpointId: string): Promise<WebhookEndpoint> {
  const endpoint = await db.row<WebhookEndpoint>(sql`
    select id, cafe_id, url, hears_money, created_at from webhook_endpoints where id = ${endpointId} and cafe_id = ${cafeId} and removed_at is null`);
  if (!endpoint) throw notFound("The webhook");
  return endpoint;
}

/** Nobody has looked at a café that waits for its approval: it makes us post nowhere. */
export async function refuseUnlessApproved(tx: Queryable, cafeId: string): Promise<void> {
  const cafe = await tx.row<{ status: string }>(sql`select status from cafes where id = ${cafeId}`);
  if (cafe?.status !== "approved")
    throw new CodedError("CONFLICT", "Webhooks are for cafés that the university has approved.", { details: { status: cafe?.status } });
}
