import type { Platform } from "../platform/context.ts";
import { type Job, purgeJob } from "../platform/jobs.ts";
import { part } from "../platform/postgres.ts";
import { expireChargesJob } from "./end-charges.ts";

export const chargeJobs = (platform: Platform): readonly Job[] => [
  expireChargesJob(platform),
  purgeJob({
    name: "purge-refused-cards",
    everySeconds: 3_600,
    table: part`refused_cards`,
    key: part`cafe_id, period`,
    writtenAt: part`period`,
    kept: "30 days",
  }),
];
