import { type Database, sql } from "../platform/postgres.ts";
import type { Cursor } from "./cursor.ts";

export interface LiveEvent {
  readonly cursor: Cursor;
  readonly channels: readonly string[];
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** From the start of its transaction until it was read. */
  readonly lagMs: number;
}

interface EventRow {
  readonly xid: string;
  readonly id: number;
  readonly channels: string[];
  readonly event: string;
  readonly data: Record<string, unknown>;
  readonly lagMs: number;
}

const batchEvents = 500;
// Measured on busy cores: 10,000 events are filtered by channel in 20 to 40 ms. They are two minutes of the lunch peak, and
// whoever was away for longer reads the state for less.
const maxReplayScanned = 10_000;
const maxReplayed = 1_000;

/** The oldest transaction that still runs: every smaller one has ended, and nothing can appear behind it any more. */
export async function findBoundary(db: Database): Promise<bigint> {
  const row = await db.row<{ boundary: string }>(sql`select pg_snapshot_xmin(pg_current_snapshot())::text as boundary`);
  return BigInt(row?.boundary ?? 0);
}

export interface EventBatch {
  readonly events: readonly LiveEvent[];
  readonly boundary: bigint;
  readonly isMore: boolean;
  /** How long the oldest event has waited that is committed and that an older, running transaction holds back; undefined where none is. */
  readonly heldMs: number | undefined;
}

/** Rows commit out of id order: read in (xid, id) order and only below the boundary, none can be missed. */
export async function readEvents(db: Database, from: Cursor): Promise<EventBatch> {
  const rows = await db.rows<Partial<EventRow> & { boundary: string; heldMs: number | null }>(sql`
    select s.boundary::text,
      (select (extract(epoch from clock_timestamp() - w.at) * 1000)::float8 from events w where w.xid >= s.boundary
       order by w.xid, w.id limit 1) as held_ms,
      e.xid::text, e.id, e.channels, e.event, e.data, (extract(epoch from clock_timestamp() - e.at) * 1000)::float8 as lag_ms
    from (select pg_snapshot_xmin(pg_current_snapshot()) as boundary) s
    left join lateral (
      select * from events where (xid, id) > (${String(from.xid)}::xid8, ${from.id}::bigint) and xid < s.boundary
      order by xid, id limit ${batchEvents}) e on true
    order by e.xid, e.id`);
  const events = rows.filter((row): row is typeof row & EventRow => row.id !== null).map(asEvent);
  return {
    events,
    boundary: BigInt(rows[0]?.boundary ?? 0),
    isMore: events.length === batchEvents,
    heldMs: rows[0]?.heldMs ?? undefined,
  };
}

export interface Replay {
  readonly events: readonly LiveEvent[];
  /** False where more lies between than is replayed, or some of it may have been purged. */
  readonly isComplete: boolean;
}

/** The events of these channels behind `after`, up to and with `end`, all of which is settled. */
export async function replayEvents(db: Database, channels: readonly string[], after: Cursor, end: Cursor): Promise<Replay> {
  const span = [String(after.xid), after.id, String(end.xid), end.id] as const;
  const [coverage, rows] = await Promise.all([
    db.row<{ isLong: boolean; isOldKept: boolean }>(sql`
      select exists (
          select from events where (xid, id) > (${span[0]}::xid8, ${span[1]}::bigint) and (xid, id) <= (${span[2]}::xid8, ${span[3]}::bigint)
          order by xid, id offset ${maxReplayScanned}) as is_long,
        exists (select from events where (xid, id) <= (${span[0]}::xid8, ${span[1]}::bigint))
          or not exists (select from events where (xid, id) <= (${span[2]}::xid8, ${span[3]}::bigint)) as is_old_kept`),
    db.rows<EventRow>(sql`
      select xid::text, id, channels, event, data, (extract(epoch from clock_timestamp() - at) * 1000)::float8 as lag_ms
      from (
        select * from events where (xid, id) > (${span[0]}::xid8, ${span[1]}::bigint) and (xid, id) <= (${span[2]}::xid8, ${span[3]}::bigint)
        order by xid, id limit ${maxReplayScanned}) scanned
      where channels && ${channels}
      order by scanned.xid, id limit ${maxReplayed + 1}`),
  ]);
  const isComplete = !coverage?.isLong && coverage?.isOldKept === true && rows.length <= maxReplayed;
  return { events: rows.slice(0, maxReplayed).map(asEvent), isComplete };
}

const asEvent = ({ xid, id, channels, event, data, lagMs }: EventRow): LiveEvent => ({
  cursor: { xid: BigInt(xid), id },
  channels,
  event,
  data,
  lagMs,
});
