import type { Platform } from "../platform/context.ts";
import type { Job } from "../platform/jobs.ts";
import type { Topics } from "../platform/outbox.ts";
import { sql } from "../platform/postgres.ts";
import { checkBulkCredit } from "./check-bulk-credit.ts";
import { readTopic } from "./request-bulk-credit.ts";

const timeoutMs = 20_000;
const maxTries = 3;
/** So many wallets at most are locked together, for some hundredths of a second. */
const batchGrants = 100;

export const grantTopics = (platform: Platform): Topics => ({
  [readTopic]: {
    timeoutMs,
    maxTries,
    lane: "background",
    deliver: ({ payload }, signal) => checkBulkCredit(platform, String(payload.bulk_credit_id), signal),
    // A file that cannot be worked on is thrown away: nobody's data wait in a queue.
    onGivenUp: ({ payload }) =>
      platform.db.run(sql`
        update bulk_credits set status = 'failed', content = null, finished_at = clock_timestamp()
        where id = ${String(payload.bulk_credit_id)} and status = 'reading'`),
  },
});

/** Each batch is committed by itself, so a worker that dies leaves its lines waiting or credited and the next one goes on. */
const creditJob: Job = {
  name: "credit_grants",
  everySeconds: 5,
  worker: "long",
  run: async (tx) => {
    const next = await tx.row<{ done: number }>(sql`
      select credit_grants(id, ${batchGrants}) as done from (select id from bulk_credits where status = 'approved' order by id limit 1) b`);
    return next ? "more" : undefined;
  },
};

const expireJob: Job = {
  name: "expire_grants",
  everySeconds: 60,
  worker: "long",
  run: async (tx) => {
    const ended = await tx.row<{ done: number }>(sql`select expire_grants(${batchGrants}) as done`);
    return ended?.done === batchGrants ? "more" : undefined;
  },
};

export const grantJobs: readonly Job[] = [creditJob, expireJob];
