import { type Job, purgeJob } from "./jobs.ts";
import { part } from "./postgres.ts";

const everySeconds = 300;

/** What the platform itself forgets: answers whose time is over, rows of the outbox that were delivered. */
export const platformPurges: readonly Job[] = [
  purgeJob({
    name: "purge-idempotency-answers",
    everySeconds,
    table: part`idempotency_answers`,
    key: part`principal, route, key`,
    writtenAt: part`expires_at`,
    kept: "0",
  }),
  purgeJob({ name: "purge-outbox", everySeconds, table: part`outbox`, key: part`id`, writtenAt: part`done_at`, kept: "7 days" }),
];
