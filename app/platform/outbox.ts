import type { Platform } from "./context.ts";
import { type Queryable, sql } from "./postgres.ts";
import type { ReportError } from "./report-error.ts";

/** Published after a commit that left rows: wakes the workers. Lost, they look by themselves within 200 ms. */
export const outboxChannel = "outbox";

/** Puts work into the outbox, in the transaction of its cause: both happen or neither. */
export async function enqueue(tx: Queryable, topic: string, payload: Readonly<Record<string, unknown>>): Promise<void> {
  await tx.run(sql`insert into outbox (topic, payload) values (${topic}, ${JSON.stringify(payload)})`);
}

export interface OutboxRow {
  readonly id: string;
  readonly topic: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly tries: number;
}

/** Delivers one row; the receiving side drops a second copy by the row's id. A throw is tried again later. */
export type Deliver = (row: OutboxRow, signal: AbortSignal) => Promise<void>;

/** Thrown by a delivery that can never succeed: the row is given up at once. */
export class Undeliverable extends Error {}

interface Topic {
  readonly deliver: Deliver;
  readonly timeoutMs: number;
  readonly maxTries: number;
  /** What of the payload is kept once it is delivered: nothing that was a secret. */
  readonly scrub?: boolean;
}

export type Topics = Readonly<Record<string, Topic>>;

/** How many rows wait and how many were given up, as of now. */
export async function refreshOutboxGauges({ db, metrics }: Platform): Promise<void> {
  const row = await db.row<{ waiting: number; dead: number }>(sql`
    select (select count(*) from outbox where done_at is null and dead_at is null) as waiting,
           (select count(*) from outbox where dead_at is not null) as dead`);
  metrics.set("outbox_waiting", {}, row?.waiting ?? 0);
  metrics.set("outbox_dead", {}, row?.dead ?? 0);
}

const batchRows = 20;
const firstPauseSeconds = 1;
const longestPauseSeconds = 300;

/**
 * Takes due rows and delivers them. A row is leased, not locked: its due time moves past the delivery's own time-out,
 * so no transaction is open while the network is waited for, and a worker killed at any moment leaves a row that
 * another one takes when the lease ends. Returns how many rows were taken.
 */
export async function deliverDue(platform: Platform, topics: Topics, reportError: ReportError): Promise<number> {
  const names = Object.keys(topics);
  const leaseSeconds = Math.ceil(Math.max(...Object.values(topics).map((topic) => topic.timeoutMs)) / 1000) + 5;
  const rows = await platform.db.rows<OutboxRow & { waitedMs: number }>(sql`
    update outbox set tries = tries + 1, due_at = now() + make_interval(secs => ${leaseSeconds})
    where id in (
      select id from outbox
      where done_at is null and dead_at is null and due_at <= now() and topic = any(${names})
      order by due_at limit ${batchRows} for update skip locked)
    returning id, topic, payload, tries, (extract(epoch from clock_timestamp() - created_at) * 1000)::float8 as waited_ms`);
  await Promise.all(rows.map((row) => deliverRow(platform, topics, row, row.waitedMs, reportError)));
  return rows.length;
}

async function deliverRow(platform: Platform, topics: Topics, row: OutboxRow, waitedMs: number, reportError: ReportError): Promise<void> {
  const topic = topics[row.topic];
  if (!topic) return;
  const { db, log, metrics } = platform;
  try {
    const signal = AbortSignal.timeout(topic.timeoutMs);
    await Promise.race([topic.deliver(row, signal), refusal(signal)]);
    await db.run(sql`
      update outbox set done_at = now(), last_error = null, payload = case when ${topic.scrub === true} then '{}' else payload end
      where id = ${row.id} and done_at is null`);
    metrics.count("outbox_delivered_total", { topic: row.topic, outcome: "done" });
    metrics.observe("outbox_lag_ms", { topic: row.topic }, waitedMs);
  } catch (error) {
    const dead = error instanceof Undeliverable || row.tries >= topic.maxTries;
    const pauseSeconds = Math.min(longestPauseSeconds, firstPauseSeconds * 2 ** (row.tries - 1)) * (0.75 + Math.random() / 2);
    log.warn({ err: error, topic: row.topic, outbox_id: row.id, tries: row.tries, dead }, "An outbox row was not delivered");
    if (dead) reportError(error, { job: `outbox ${row.topic}` });
    metrics.count("outbox_delivered_total", { topic: row.topic, outcome: dead ? "dead" : "retry" });
    await db.run(sql`
      update outbox set last_error = ${String((error as Error).message).slice(0, 500)},
        due_at = now() + make_interval(secs => ${pauseSeconds}), dead_at = case when ${dead} then now() end,
        payload = case when ${dead && topic.scrub === true} then '{}' else payload end
      where id = ${row.id} and done_at is null`);
  }
}

/** Not every library listens to a signal: a delivery that does not is left behind when its time is up. */
const refusal = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }));
