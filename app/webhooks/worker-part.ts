import type { Platform } from "../platform/context.ts";
import type { Job } from "../platform/jobs.ts";
import type { Topics } from "../platform/outbox.ts";
import { sql } from "../platform/postgres.ts";
import { createWebhookDelivery, longestPauseSeconds, maxTries, timeoutMs } from "./deliver-webhook.ts";
import { openOrderQueue } from "./order-queue.ts";
import type { OrderMessage } from "./take-order-event.ts";

const queueTimeoutMs = 5_000;
const queueMaxTries = 25;
const keptDays = 30;
const purgeBatch = 5_000;

/** Orders on their way to the cafés' till systems: onto the queue, and from its other end to each address. */
export function webhookTopics(platform: Platform): Topics {
  const queue = openOrderQueue(platform);
  return {
    "pos.order": {
      timeoutMs: queueTimeoutMs,
      maxTries: queueMaxTries,
      deliver: ({ payload: { event_id, event, order_id, cafe_id, at } }, signal) =>
        queue.send({ event_id, event, order_id, cafe_id, at } as OrderMessage, signal),
    },
    "webhook.deliver": { timeoutMs, maxTries, longestPauseSeconds, lane: "outside", deliver: createWebhookDelivery(platform) },
  };
}

export const webhookJobs = (): readonly Job[] => [
  {
    name: "purge-webhook-deliveries",
    everySeconds: 600,
    run: async (tx) => {
      await tx.run(sql`
        delete from webhook_deliveries where id in (
          select id from webhook_deliveries
          where created_at < now() - make_interval(days => ${keptDays}) order by created_at limit ${purgeBatch})`);
    },
  },
];
