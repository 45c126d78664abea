import { createHash } from "node:crypto";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { sql } from "../platform/postgres.ts";
import type { Gateway, GatewayEvent, HeaderOf } from "./gateway.ts";

/**
 * Keeps signed news and answers; the worker acts on it. So the gateway has its 200 in one short write, also while the
 * ledger is locked or slow. A copy is known by what was signed: the event's id travels beside the signature, unsigned.
 */
export async function receiveWebhook(platform: Platform, gateway: Gateway, body: Buffer, headerOf: HeaderOf): Promise<void> {
  const event = await gateway.readWebhook(body, headerOf);
  platform.metrics.count("gateway_webhooks_total", { signature: event === "forged" ? "wrong" : "right" });
  if (event === "forged") throw new CodedError("INVALID_SIGNATURE", "The signature does not fit these bytes.");
  // Sending it again would not make it readable: a person has to look, and the poller finds payments by itself.
  if (event === "unreadable") platform.log.error({ gateway: gateway.name }, "A signed webhook could not be read");
  if (event === "irrelevant" || event === "unreadable") return;
  await keep(platform, gateway.name, body, event);
}

async function keep({ db }: Platform, gateway: string, body: Buffer, event: GatewayEvent): Promise<void> {
  await db.run(sql`
    with kept as (
      insert into gateway_events (gateway, body_hash, kind, event)
      values (${gateway}, ${createHash("sha256").update(body).digest()}, ${event.kind}, ${JSON.stringify(event)})
      on conflict (gateway, body_hash) do nothing returning id)
    insert into outbox (topic, payload) select 'gateway.event', jsonb_build_object('event_id', id) from kept`);
}
