import type { Platform } from "../../platform/context.ts";
import type { Job } from "../../platform/jobs.ts";
import type { Topics } from "../../platform/outbox.ts";
import { sql } from "../../platform/postgres.ts";
import { openPushSender } from "./open-push-sender.ts";
import { sendChargePush } from "./send-charge-push.ts";

const timeoutMs = 5_000;
const maxTries = 3;
const keptDays = 30;
const purgeBatch = 5_000;

/** What a scan leaves in the outbox. A bell that nobody heard in time is no dead letter: the metric and the notification tell it. */
export function pushTopics(platform: Platform): Topics {
  const sender = openPushSender(platform);
  return {
    "push.charge": {
      timeoutMs,
      maxTries,
      deliver: async ({ payload, tries }) => {
        if (!sender) return platform.metrics.count("push_total", { outcome: "switched_off" });
        await sendChargePush(platform, sender, String(payload.charge_id)).catch((error: unknown) => {
          if (tries < maxTries) throw error;
          platform.log.warn({ err: error, charge_id: payload.charge_id }, "A phone was not reached by push");
        });
      },
    },
  };
}

export const pushJobs = (): readonly Job[] => [
  {
    name: "purge-notifications",
    everySeconds: 600,
    run: async (tx) => {
      await tx.run(sql`
        delete from notifications where id in (
          select id from notifications where created_at < now() - make_interval(days => ${keptDays}) order by created_at limit ${purgeBatch})`);
    },
  },
];
