import { type Breaker, createBreaker } from "../platform/breaker.ts";
import type { Platform } from "../platform/context.ts";
import { asyncCommit, type Deliver, Undeliverable } from "../platform/outbox.ts";
import { sql } from "../platform/postgres.ts";
import { unseal } from "../platform/seal.ts";
import { createWebhookPoster } from "./post-webhook.ts";
import { signedHeaders, webhookSealPurpose } from "./sign-webhook.ts";

/** A try every so often for about four hours; then it is a dead letter, to be redelivered by hand. */
export const maxTries = 16;
export const longestPauseSeconds = 3_600;
const answerWithinMs = 5_000;
/** The answer's time, and what it takes to write it down. */
export const timeoutMs = 8_000;
const breakerFailures = 5;
const breakerRestMs = 10_000;
const maxBreakers = 1_000;

interface Due {
  readonly endpointId: string;
  readonly eventId: string;
  readonly body: string;
  readonly url: string;
  readonly sealedSecret: string;
}

/** These answers speak of this very message: it would be refused again. Whatever else is no 2xx may be mended. */
const refusals = new Set([400, 410, 413, 415, 422]);

/** Posts what a till system is to hear, and writes into the log how that went. A till that fails repeatedly is left alone for a while. */
export function createWebhookDelivery(platform: Platform): Deliver {
  const { config, db, log, secrets, metrics } = platform;
  const poster = createWebhookPoster(config.CAMPUS_ENV === "sandbox");
  const breakers = new Map<string, Breaker>();
  const breakerOf = (endpointId: string): Breaker => {
    let breaker = breakers.get(endpointId);
    if (!breaker) {
      if (breakers.size >= maxBreakers) breakers.clear();
      const onChange = (isOpen: boolean) =>
        log.warn({ endpoint_id: endpointId, is_open: isOpen }, isOpen ? "A till system does not answer" : "A till system answers again");
      breaker = createBreaker({ name: "The till system", failures: breakerFailures, restMs: breakerRestMs, onChange });
      breakers.set(endpointId, breaker);
    }
    return breaker;
  };

  const post = async ({ url, eventId, body, sealedSecret }: Due): Promise<number> => {
    const secret = unseal(await secrets.get("SEAL_KEY"), webhookSealPurpose, sealedSecret);
    const status = await poster.post(
      { url, body, headers: signedHeaders(secret, eventId, body, Date.now()) },
      AbortSignal.timeout(answerWithinMs),
    );
    if (status >= 500) throw new NotTaken(status);
    return status;
  };

  return async ({ payload, tries }) => {
    const deliveryId = String(payload.delivery_id);
    const due = await db.row<Due>(sql`
      select d.endpoint_id, d.event_id, d.body, w.url, w.sealed_secret
      from webhook_deliveries d join webhook_endpoints w on w.id = d.endpoint_id
      where d.id = ${deliveryId} and d.state <> 'delivered' and w.removed_at is null`);
    if (!due) return;
    try {
      const status = await breakerOf(due.endpointId).run(() => post(due));
      if (status < 200 || status >= 300) throw new NotTaken(status);
      await db.run(sql`
        update webhook_deliveries set state = 'delivered', tries = tries + 1, last_tried_at = now(), delivered_at = now(),
          last_status = ${status}, last_error = null
        where id = ${deliveryId} and state <> 'delivered' and ${asyncCommit}`);
      metrics.count("webhooks_total", { outcome: "delivered" });
    } catch (error) {
      const status = error instanceof NotTaken ? error.status : null;
      const isRefused = status !== null && refusals.has(status);
      const reason = (error as Error).message;
      await db.run(sql`
        update webhook_deliveries set tries = tries + 1, last_tried_at = now(), last_status = ${status}, last_error = ${reason.slice(0, 500)},
          state = case when ${isRefused || tries >= maxTries} then 'dead' else state end
        where id = ${deliveryId} and state <> 'delivered' and ${asyncCommit}`);
      metrics.count("webhooks_total", { outcome: isRefused ? "refused" : "failed" });
      throw isRefused ? new Undeliverable(reason, { cause: error }) : error;
    }
  };
}

class NotTaken extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`The till system answered ${status}.`);
    this.name = "NotTaken";
    this.status = status;
  }
}
