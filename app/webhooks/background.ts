import { MoneyMessage } from "../notifications/transactions/money-message.ts";
import type { Platform } from "../platform/context.ts";
import { type Job, purgeJob } from "../platform/jobs.ts";
import { patientTries, type Topics } from "../platform/outbox.ts";
import { part } from "../platform/postgres.ts";
import { createWebhookDelivery, longestPauseSeconds, maxTries, timeoutMs } from "./deliver-webhook.ts";
import { openOrderQueue } from "./order-queue.ts";
import { takeMoneyEvent } from "./take-money-event.ts";
import type { OrderMessage } from "./take-order-event.ts";

const queueTimeoutMs = 5_000;
const kept = "30 days";

/** Orders on their way to the cafés' till systems: onto the queue, and from its other end to each address. News of money has no queue: its row of the outbox is the message. */
export function webhookTopics(platform: Platform): Topics {
  const queue = openOrderQueue(platform);
  return {
    "pos.order": {
      timeoutMs: queueTimeoutMs,
      maxTries: patientTries,
      deliver: ({ payload: { event_id, event, order_id, cafe_id, at } }, signal) =>
        queue.send({ event_id, event, order_id, cafe_id, at } as OrderMessage, signal),
    },
    "pos.money": {
      timeoutMs: queueTimeoutMs,
      maxTries: patientTries,
      deliver: ({ payload }) => takeMoneyEvent(platform.db, MoneyMessage.parse(payload)),
    },
    "webhook.deliver": {
      timeoutMs,
      maxTries,
      longestPauseSeconds,
      lane: "outside",
      turnOf: "cafe_id",
      deliver: createWebhookDelivery(platform),
    },
  };
}

export const webhookJobs = (): readonly Job[] => [
  purgeJob({
    name: "purge-webhook-deliveries",
    everySeconds: 600,
    table: part`webhook_deliveries`,
    key: part`id`,
    writtenAt: part`created_at`,
    kept,
  }),
];
