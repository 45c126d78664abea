import type { Platform } from "./context.ts";
import { type Database, type Statement, sql, type Transaction, takesWrites } from "./postgres.ts";
import type { ReportError } from "./report-error.ts";

/**
 * What money and phones wait for, and what may take long. Each kind is a process of its own, so that a picture, a PDF or a
 * purge delays no debit's expiry.
 */
export const workerKinds = ["money", "long"] as const;
export type WorkerKind = (typeof workerKinds)[number];

/** Work that comes round by time. It runs in the transaction that holds its row, so one worker at a time, and a killed one leaves nothing half done. */
export interface Job {
  readonly name: string;
  readonly everySeconds: number;
  /** "money" unless said. */
  readonly worker?: WorkerKind;
  /** "more": there is more to do. It is committed so far, and the job runs again in a transaction of its own. */
  readonly run: (tx: Transaction) => Promise<unknown>;
}

/** What a purge deletes and commits at once: short enough that nobody waits for its locks. */
const purgeBatch = 1_000;
/** Then the others have their turn; what is left is still due. */
const maxBatches = 50;

interface Purge extends Omit<Job, "run" | "worker"> {
  readonly table: Statement;
  /** The column or columns of its primary key: part`xid, id`. */
  readonly key: Statement;
  readonly writtenAt: Statement;
  /** Along which index the oldest are found: by `writtenAt` unless said. */
  readonly oldestFirst?: Statement;
  /** How long a row is kept after `writtenAt`: "7 days". */
  readonly kept: string;
}

/** Forgets rows so long after they were written, the oldest first, each batch committed by itself. */
export const purgeJob = ({ name, everySeconds, table, key, writtenAt, oldestFirst = writtenAt, kept }: Purge): Job => ({
  name,
  everySeconds,
  worker: "long",
  run: async (tx) => {
    const deleted = await tx.run(sql`
      delete from ${table} where (${key}) in (
        select ${key} from ${table} where ${writtenAt} < now() - ${kept}::interval order by ${oldestFirst} limit ${purgeBatch})`);
    return deleted === purgeBatch ? "more" : undefined;
  },
});

const overdueMinutes = 30;

/** How many jobs ended with an error at their last turn, or have long been due and no worker took them. A copy says nothing. */
export async function refreshJobsGauge({ db, metrics }: Platform): Promise<void> {
  const row = await db.row<{ failing: number }>(sql`
    select (select count(*) from timed_jobs where last_error is not null or due_at < now() - make_interval(mins => ${overdueMinutes})) as failing
    where ${takesWrites}`);
  if (row) metrics.set("jobs_failing", {}, row.failing);
}

export async function registerJobs(platform: Platform, jobs: readonly Job[]): Promise<void> {
  await platform.db.run(sql`insert into timed_jobs (name) select unnest(${jobs.map((job) => job.name)}::text[]) on conflict do nothing`);
}

/**
 * Runs every job that is due and that no other worker is running. Returns how many ran. The one that was begun longest ago
 * comes first: one that kills its worker is begun last the next time, and stops no other.
 */
export async function runDueJobs(platform: Platform, jobs: readonly Job[], reportError: ReportError): Promise<number> {
  const due = await platform.db.rows<{ name: string }>(sql`
    select name from timed_jobs where name = any(${jobs.map(({ name }) => name)}::text[]) and due_at <= now()
    order by last_started_at nulls first, name`);
  let ran = 0;
  for (const { name } of due) {
    const job = jobs.find((one) => one.name === name);
    if (job && (await runIfDue(platform, job, reportError))) ran += 1;
  }
  return ran;
}

async function runIfDue(platform: Platform, job: Job, reportError: ReportError): Promise<boolean> {
  const { db, log, metrics } = platform;
  try {
    if (!(await noteBeginning(db, job))) return false;
    let outcome: "done" | "more" | "not due" = "more";
    for (let batch = 0; outcome === "more" && batch < maxBatches; batch += 1) outcome = await runOnce(db, job);
    if (outcome === "not due") return false;
    metrics.count("jobs_total", { job: job.name, outcome: "done" });
    return true;
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

/** Committed before the work begins, so that it stands there also when the work kills this process. */
const noteBeginning = async (db: Database, { name }: Job): Promise<boolean> =>
  (await db.run(sql`
    update timed_jobs set last_started_at = clock_timestamp()
    where name in (select name from timed_jobs where name = ${name} and due_at <= now() for update skip locked)`)) > 0;

const runOnce = (db: Database, job: Job): Promise<"done" | "more" | "not due"> =>
  db.transaction(async (tx) => {
    const due = await tx.row(sql`select name from timed_jobs where name = ${job.name} and due_at <= now() for update skip locked`);
    if (!due) return "not due";
    if ((await job.run(tx)) === "more") return "more";
    await tx.run(sql`
      update timed_jobs set last_done_at = clock_timestamp(), last_error = null, due_at = now() + make_interval(secs => ${job.everySeconds})
      where name = ${job.name}`);
    return "done";
  });
