import { type Job, purgeJob } from "../platform/jobs.ts";
import { part } from "../platform/postgres.ts";

/** Longer than a client that comes back asks for what it missed. */
const kept = "3 days";

export const liveJobs: readonly Job[] = [
  purgeJob({
    name: "purge-events",
    everySeconds: 300,
    table: part`events`,
    key: part`xid, id`,
    writtenAt: part`at`,
    oldestFirst: part`xid, id`,
    kept,
  }),
];
