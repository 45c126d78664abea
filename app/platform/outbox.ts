import type { Platform } from "./context.ts";
import type { WorkerKind } from "./jobs.ts";
import { type Database, part, type Queryable, type Statement, sql, takesWrites } from "./postgres.ts";
import type { ReportError } from "./report-error.ts";

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

/**
 * How many rows of each lane one worker delivers at once. A lane waits for no other: a push never stands behind a till
 * system that hangs. What takes long has lanes in a process of its own, so that work that costs milliseconds of CPU leaves
 * the processor to those who wait for news.
 */
const laneRows = { urgent: 100, general: 100, outside: 100, mails: 20, background: 4 } as const;
export type Lane = keyof typeof laneRows;
/** How many of them may be one holder's, where a topic says whose its rows are. */
const rowsOfOne = 10;
export const lanesOf: Readonly<Record<WorkerKind, readonly Lane[]>> = {
  money: ["urgent", "general", "outside"],
  long: ["mails", "background"],
};

/** For who may be away for long: with pauses that grow to five minutes, about an hour and a half. */
export const patientTries = 25;

interface Topic {
  readonly deliver: Deliver;
  readonly timeoutMs: number;
  readonly maxTries: number;
  /** "general" unless said. */
  readonly lane?: Lane;
  /** The field of the payload that says whose row it is: of a lane nobody's rows take more than a share, however long they take. */
  readonly turnOf?: string;
  /** The longest pause between two tries; five minutes unless said. */
  readonly longestPauseSeconds?: number;
  /** Called when a row is given up, however that came: what nobody will work on any more is thrown away here. */
  readonly onGivenUp?: (row: OutboxRow) => Promise<unknown>;
  /** What of the payload is kept once it is delivered: nothing that was a secret. */
  readonly scrub?: boolean;
}

export type Topics = Readonly<Record<string, Topic>>;

const topicsOfLane = (topics: Topics, lane: Lane): Topics =>
  Object.fromEntries(Object.entries(topics).filter(([, topic]) => (topic.lane ?? "general") === lane));

/** How many rows wait, for how long one is overdue, and how many were given up, as of now. A copy is behind in all of it and says nothing. */
export async function refreshOutboxGauges({ db, metrics }: Platform): Promise<void> {
  const row = await db.row<{ waiting: number; dead: number; lateSeconds: number }>(sql`
    select (select count(*) from outbox where done_at is null and dead_at is null) as waiting,
           (select coalesce(greatest(0, extract(epoch from clock_timestamp() - min(due_at))), 0)::float8 from outbox where done_at is null and dead_at is null) as late_seconds,
           (select count(*) from outbox where dead_at is not null) as dead
    where ${takesWrites}`);
  if (!row) return;
  metrics.set("outbox_waiting", {}, row.waiting);
  metrics.set("outbox_late_seconds", {}, row.lateSeconds);
  metrics.set("outbox_dead", {}, row.dead);
}

/**
 * As a condition of a statement that stands alone: its commit does not wait for the disk. For what the worker writes about
 * its own work, nothing else: lost in a crash, the row is delivered once more and its receiver knows it (measured: 28 %
 * more events a second). Commits reach the disk in order, so what came before it is never lost alone.
 */
export const asyncCommit: Statement = part`(select set_config('synchronous_commit', 'off', true)) is not null`;

const fanOutRows = 200;
const batchRows = 50;
const leaseMarginMs = 5_000;
const firstPauseSeconds = 1;
const usualLongestPauseSeconds = 300;

/** Makes of each event one row for everybody who is to hear of it. Returns how many events there were. */
export async function fanOutEvents({ db }: Pick<Platform, "db">): Promise<number> {
  const spread = await db.row<{ events: number }>(sql`select fan_out_events(${fanOutRows}) as events`);
  return spread?.events ?? 0;
}

export type TakenRow = OutboxRow & {
  /** Whose it is, where its topic says so. */
  readonly turn: string | null;
  readonly waitedMs: number;
  /** Its last try was begun and never ended: whatever it does ends its worker, so it is given up. */
  readonly isGivenUp: boolean;
};

/**
 * Takes due rows. A row is leased, not locked: its due time moves past the delivery's own time-out, so no transaction is
 * open while the network is waited for, and a worker killed at any moment leaves a row that another one takes when the
 * lease ends: as often as its topic allows, for the row itself may be what kills. `underWay` says how many rows of each
 * holder this worker delivers already.
 */
export async function takeDue(
  { db }: Pick<Platform, "db">,
  topics: Topics,
  limit = batchRows,
  underWay: ReadonlyMap<string, number> = new Map(),
): Promise<TakenRow[]> {
  const names = Object.keys(topics);
  const leases = Object.values(topics).map(({ timeoutMs }) => Math.ceil((timeoutMs + leaseMarginMs) / 1000));
  const mostTries = Object.values(topics).map(({ maxTries }) => maxTries);
  const turns = Object.values(topics).map(({ turnOf }) => turnOf ?? null);
  const counts = JSON.stringify(Object.fromEntries(underWay));
  return db.rows<TakenRow>(sql`
    with due as (
      select d.id, d.due_at, t.lease_seconds, d.tries >= t.max_tries as is_given_up, d.turn
      from unnest(${names}::text[], ${leases}::float8[], ${mostTries}::integer[], ${turns}::text[]) t (topic, lease_seconds, max_tries, turn_of),
        lateral (
          select id, due_at, tries, w.payload ->> t.turn_of as turn from outbox w
          where w.topic = t.topic and w.done_at is null and w.dead_at is null and w.due_at <= now()
            and coalesce((${counts}::jsonb ->> (w.payload ->> t.turn_of))::integer, 0) < ${rowsOfOne}
          order by w.due_at limit ${limit} for update skip locked) d
      order by d.due_at limit ${limit}),
    -- What is over its holder's share is let go with the commit: the next taking passes over it.
    shared as (
      select *, row_number() over (partition by turn order by due_at) + coalesce((${counts}::jsonb ->> turn)::integer, 0) as place from due)
    update outbox o set due_at = now() + make_interval(secs => due.lease_seconds),
      tries = o.tries + case when due.is_given_up then 0 else 1 end,
      dead_at = case when due.is_given_up then now() end,
      last_error = case when due.is_given_up then ${diedAtEachTry} else o.last_error end
    from shared due where o.id = due.id and (due.turn is null or due.place <= ${rowsOfOne}) and ${asyncCommit}
    returning o.id, o.topic, o.payload, o.tries, due.turn, due.is_given_up, (extract(epoch from clock_timestamp() - o.created_at) * 1000)::float8 as waited_ms`);
}

const diedAtEachTry = "Each worker that took it ended before it was delivered.";

/** Which share of a lane must be free before more is taken. */
const shareToTake = 0.2;

/**
 * A worker's share of a lane: `takeSome` takes what there is room for and returns how many rows that were, without waiting
 * for their deliveries, so that one that hangs holds up no other. `onRoom` is called when there is room again.
 */
export function runLane(
  platform: Platform,
  allTopics: Topics,
  lane: Lane,
  reportError: ReportError,
  onRoom: () => void,
): { takeSome(): Promise<number>; finish(): Promise<void> } {
  const topics = topicsOfLane(allTopics, lane);
  const mostRows = laneRows[lane];
  const roomToTake = Math.ceil(mostRows * shareToTake);
  const deliverRow = createDelivery(platform, topics, reportError);
  const underWay = new Set<Promise<void>>();
  const turns = new Map<string, number>();
  const count = (turn: string | null, change: 1 | -1) => {
    if (turn === null) return;
    const rows = (turns.get(turn) ?? 0) + change;
    if (rows === 0) turns.delete(turn);
    else turns.set(turn, rows);
    if (change === -1 && rows === rowsOfOne / 2) onRoom();
  };
  const deliver = (row: TakenRow) => {
    count(row.turn, 1);
    const delivery = deliverRow(row).finally(() => {
      underWay.delete(delivery);
      count(row.turn, -1);
      if (mostRows - underWay.size === roomToTake) onRoom();
    });
    underWay.add(delivery);
  };
  return {
    async takeSome() {
      const room = mostRows - underWay.size;
      if (room < roomToTake) return 0;
      const rows = await takeDue(platform, topics, Math.min(room, batchRows), turns);
      rows.forEach(deliver);
      return rows.length;
    },
    async finish() {
      await Promise.all(underWay);
    },
  };
}

/** Takes one batch and delivers it. Returns how many rows were taken. */
export async function deliverDue(platform: Platform, topics: Topics, reportError: ReportError): Promise<number> {
  const rows = await takeDue(platform, topics);
  const deliverRow = createDelivery(platform, topics, reportError);
  await Promise.all(rows.map(deliverRow));
  return rows.length;
}

/** Delivers a row that was taken, and writes down how that ended. It never throws: a row that could not be marked comes again. */
export function createDelivery(platform: Platform, topics: Topics, reportError: ReportError): (row: TakenRow) => Promise<void> {
  const { db, log, metrics } = platform;
  const scrubbed = Object.keys(topics).filter((name) => topics[name]?.scrub === true);
  const markDone = createMarker(db, scrubbed);

  const fail = async (row: TakenRow, topic: Topic, error: unknown) => {
    const dead = error instanceof Undeliverable || row.tries >= topic.maxTries;
    const longest = topic.longestPauseSeconds ?? usualLongestPauseSeconds;
    const pauseSeconds = Math.min(longest, firstPauseSeconds * 2 ** (row.tries - 1)) * (0.75 + Math.random() / 2);
    log.warn({ err: error, topic: row.topic, outbox_id: row.id, tries: row.tries, dead }, "An outbox row was not delivered");
    if (dead) {
      reportError(error, { job: `outbox ${row.topic}` });
      await topic.onGivenUp?.(row);
    }
    metrics.count("outbox_delivered_total", { topic: row.topic, outcome: dead ? "dead" : "retry" });
    await db.run(sql`
      update outbox set last_error = ${String((error as Error).message).slice(0, 500)},
        due_at = now() + make_interval(secs => ${pauseSeconds}), dead_at = case when ${dead} then now() end,
        payload = case when ${dead && topic.scrub === true} then '{}' else payload end
      where id = ${row.id} and done_at is null`);
  };

  const giveUp = async (row: TakenRow, topic: Topic) => {
    log.error(
      { topic: row.topic, outbox_id: row.id, tries: row.tries, dead: true },
      "An outbox row was given up: each worker that took it ended",
    );
    reportError(new Error(diedAtEachTry), { job: `outbox ${row.topic}` });
    metrics.count("outbox_delivered_total", { topic: row.topic, outcome: "dead" });
    await topic.onGivenUp?.(row);
  };

  const deliver = async (row: TakenRow, topic: Topic) => {
    try {
      const signal = AbortSignal.timeout(topic.timeoutMs);
      await Promise.race([topic.deliver(row, signal), refusal(signal)]);
    } catch (error) {
      return fail(row, topic, error);
    }
    await markDone(row.id);
    metrics.count("outbox_delivered_total", { topic: row.topic, outcome: "done" });
    metrics.observe("outbox_lag_ms", { topic: row.topic }, row.waitedMs);
  };

  return async (row) => {
    const topic = topics[row.topic];
    if (!topic) return;
    const end = row.isGivenUp ? giveUp(row, topic) : deliver(row, topic);
    await end.catch((error: unknown) =>
      log.warn({ err: error, topic: row.topic, outbox_id: row.id }, "How a delivery ended could not be written; the row comes again"),
    );
  };
}

/** Marks rows done, many in one statement: whoever ends while one is under way goes along with the next. */
function createMarker(db: Database, scrubbed: readonly string[]): (id: string) => Promise<void> {
  let waiting: string[] = [];
  let marking: Promise<void> | undefined;
  const markAll = async () => {
    try {
      while (waiting.length > 0) {
        const ids = waiting;
        waiting = [];
        await db.run(sql`
          update outbox set done_at = now(), last_error = null, payload = case when topic = any(${scrubbed}) then '{}' else payload end
          where id = any(${ids}::uuid[]) and done_at is null and ${asyncCommit}`);
      }
    } finally {
      marking = undefined;
    }
  };
  return (id) => {
    waiting.push(id);
    marking ??= markAll();
    return marking;
  };
}

/** Not every library listens to a signal: a delivery that does not is left behind when its time is up. */
const refusal = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }));
