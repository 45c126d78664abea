import type { Platform } from "../platform/context.ts";
import { sql } from "../platform/postgres.ts";
import type { Gateway, GatewayDispute } from "./gateway.ts";

/** News of a dispute: the first of it opens the case, also where its end arrives before its beginning. */
export async function applyDispute({ db }: Platform, gateway: Gateway, dispute: GatewayDispute): Promise<void> {
  const opened = await db.callAtomic<{ id: string }>(sql`
    select open_dispute(${gateway.name}, ${dispute.disputeId}, ${dispute.paymentId}, ${dispute.amountMinor}, ${dispute.currency},
      ${dispute.reason}, ${dispute.respondBy}::timestamptz) as id`);
  if (!opened || dispute.status === "open") return;
  await db.callAtomic(sql`select close_dispute(${opened.id}, ${dispute.status === "won"}) as status`);
}
