import type { Platform } from "../../platform/context.ts";
import { type Job, purgeJob } from "../../platform/jobs.ts";
import type { OutboxRow, Topics } from "../../platform/outbox.ts";
import { part } from "../../platform/postgres.ts";
import { openPushSender } from "./open-push-sender.ts";
import type { PushSender } from "./push-sender.ts";
import { sendChargePush } from "./send-charge-push.ts";
import { type OrderEvent, sendOrderPush } from "./send-order-push.ts";

const timeoutMs = 5_000;
const maxTries = 3;
const kept = "30 days";

/**
 * What a scan leaves in the outbox, and what becomes of an order. A push that failed three times is no dead letter, since it
 * is of no use later: the metric and the notification tell it.
 */
export function pushTopics(platform: Platform): Topics {
  const sender = openPushSender(platform);
  const pushOf = (send: (sender: PushSender, row: OutboxRow) => Promise<void>): Topics[string] => ({
    timeoutMs,
    maxTries,
    lane: "urgent",
    deliver: async (row) => {
      if (!sender) return platform.metrics.count("push_total", { outcome: "switched_off" });
      await send(sender, row).catch((error: unknown) => {
        if (row.tries < maxTries) throw error;
        platform.log.warn({ err: error, topic: row.topic, outbox_id: row.id }, "A phone was not reached by push");
      });
    },
  });
  return {
    "push.charge": pushOf((to, { payload }) => sendChargePush(platform, to, String(payload.charge_id))),
    "push.order": pushOf((to, { payload }) => sendOrderPush(platform, to, eventOf(payload))),
  };
}

const eventOf = (payload: OutboxRow["payload"]): OrderEvent => ({
  event: payload.event as OrderEvent["event"],
  orderId: String(payload.order_id),
  status: typeof payload.status === "string" ? payload.status : null,
});

export const pushJobs = (): readonly Job[] => [
  purgeJob({
    name: "purge-notifications",
    everySeconds: 600,
    table: part`notifications`,
    key: part`id`,
    writtenAt: part`created_at`,
    kept,
  }),
];
