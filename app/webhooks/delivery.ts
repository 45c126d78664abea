import { type Page, type PageInput, pageOf } from "../platform/page.ts";
import { type Queryable, sql } from "../platform/postgres.ts";

export const deliveryStates = ["waiting", "delivered", "dead"] as const;
export const webhookEvents = [
  "order.received",
  "order.paid",
  "order.changed",
  "refund.made",
  "refund.settled",
  "dispute.opened",
  "dispute.closed",
  "settlement.made",
  "settlement.paid",
  "settlement.returned",
  "test",
] as const;

/** One event on its way to one of a café's systems: the line of the log. */
export interface WebhookDelivery {
  readonly id: string;
  readonly eventId: string;
  readonly event: (typeof webhookEvents)[number];
  readonly orderId: string | null;
  readonly state: (typeof deliveryStates)[number];
  readonly tries: number;
  readonly lastTriedAt: Date | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly deliveredAt: Date | null;
  readonly createdAt: Date;
}

interface Input extends PageInput {
  readonly state: WebhookDelivery["state"] | undefined;
}

/** Newest first. */
export async function listDeliveries(db: Queryable, endpointId: string, { limit, after, state }: Input): Promise<Page<WebhookDelivery>> {
  const rows = await db.rows<WebhookDelivery>(sql`
    select id, event_id, event, order_id, state, tries, last_tried_at, last_status, last_error, delivered_at, created_at
    from webhook_deliveries
    where endpoint_id = ${endpointId} and (${after ?? null}::uuid is null or id < ${after ?? null}::uuid)
      and (${state ?? null}::text is null or state = ${state ?? null})
    order by id desc limit ${limit + 1}`);
  return pageOf(rows, limit);
}
