import type { Platform } from "./context.ts";
import { type Statement, sql, type Transaction } from "./postgres.ts";
import type { ReportError } from "./report-error.ts";

/** Work that comes round by time. It runs in the transaction that holds its row, so one worker at a time, and a killed one leaves nothing half done. */
export interface Job {
  readonly name: string;
  readonly everySeconds: number;
  readonly run: (tx: Transaction) => Promise<void>;
}

const purgeBatch = 5_000;

interface Purge extends Omit<Job, "run"> {
  readonly table: Statement;
  readonly key: Statement;
  readonly writtenAt: Statement;
  readonly keptDays: number;
}

/** Forgets rows so many days after they were written, the oldest first, a batch at a time. */
export const purgeJob = ({ name, everySeconds, table, key, writtenAt, keptDays }: Purge): Job => ({
  name,
  everySeconds,
  run: async (tx) => {
    await tx.run(sql`
      delete from ${table} where ${key} in (
        select ${key} from ${table} where ${writtenAt} < now() - make_interval(days => ${keptDays}) order by ${writtenAt} limit ${purgeBatch})`);
  },
});

export async function registerJobs(platform: Platform, jobs: readonly Job[]): Promise<void> {
  await platform.db.run(sql`insert into timed_jobs (name) select unnest(${jobs.map((job) => job.name)}::text[]) on conflict do nothing`);
}

/** Runs every job that is due and that no other worker is running. Returns how many ran. */
export async function runDueJobs(platform: Platform, jobs: readonly Job[], reportError: ReportError): Promise<number> {
  let ran = 0;
  for (const job of jobs) if (await runIfDue(platform, job, reportError)) ran += 1;
  return ran;
}

async function runIfDue(platform: Platform, job: Job, reportError: ReportError): Promise<boolean> {
  const { db, log, metrics } = platform;
  try {
    const ran = await db.transaction(async (tx) => {
      const due = await tx.row(sql`select name from timed_jobs where name = ${job.name} and due_at <= now() for update skip locked`);
      if (!due) return false;
      await job.run(tx);
      await tx.run(sql`
        update timed_jobs set last_started_at = now(), last_done_at = clock_timestamp(), last_error = null,
          due_at = now() + make_interval(secs => ${job.everySeconds})
        where name = ${job.name}`);
      return true;
    });
    if (ran) metrics.count("jobs_total", { job: job.name, outcome: "done" });
    return ran;
  } catch (error) {
    log.error({ err: error, job: job.name }, "A timed job failed");
    reportError(error, { job: job.name });
    metrics.count("jobs_total", { job: job.name, outcome: "failed" });
    await db
      .run(sql`
        update timed_jobs set last_error = ${String((error as Error).message).slice(0, 500)}, due_at = now() + make_interval(secs => ${job.everySeconds})
        where name = ${job.name}`)
      .catch(() => undefined);
    return false;
  }
}
