import { hostname } from "node:os";
import { type Datum, dataOfEntry } from "../../dashboards/evaluator/metrics.ts";
import type { Platform } from "../platform/context.ts";
import { purgeJob } from "../platform/jobs.ts";
import { type Database, part, sql } from "../platform/postgres.ts";

type Sample = readonly [name: string, dimensions: Readonly<Record<string, string>>, values: readonly number[]];

interface Batch {
  readonly at: Date;
  readonly samples: readonly Sample[];
}

/** While the database is away the newest are held: they say what happened meanwhile. */
const maxHeld = 90;
const held = new WeakMap<Platform, Batch[]>();

/** Keeps the lines that go to the log for /ops too. Never fails: what cannot be written waits for the next time. */
export async function keepSamples(platform: Platform, lines: readonly Record<string, unknown>[], at: Date): Promise<void> {
  const waiting = held.get(platform) ?? [];
  held.set(platform, waiting);
  if (lines.length > 0)
    waiting.push({ at, samples: lines.flatMap(dataOfEntry).map(({ name, dimensions, values }) => [name, dimensions, values]) });
  waiting.splice(0, Math.max(0, waiting.length - maxHeld));
  const { db, config, log } = platform;
  for (let batch = waiting[0]; batch; batch = waiting[0]) {
    try {
      await db.run(sql`
        insert into metric_samples (at, process, version, samples)
        values (${batch.at}, ${`${hostname()}/${process.pid}`}, ${config.CAMPUS_VERSION}, ${JSON.stringify(batch.samples)}::jsonb)`);
    } catch (error) {
      log.debug({ err: error }, "The metrics for /ops wait for the database");
      return;
    }
    waiting.shift();
  }
}

export interface KeptSamples {
  readonly id: number;
  readonly data: readonly Datum[];
}

const maxRows = 20_000;

/** Whole, in the order in which they were written. */
export async function readSamples(db: Database, afterId: number, sinceMs: number): Promise<readonly KeptSamples[]> {
  const rows = await db.rows<{ id: number; at: Date; samples: readonly Sample[] }>(sql`
    select id, at, samples from metric_samples where id > ${afterId} and at > ${new Date(sinceMs)} order by id limit ${maxRows}`);
  return rows.map(({ id, at, samples }) => ({
    id,
    data: samples.map(([name, dimensions, values]) => ({ namespace: "CampusPay", name, dimensions, values, atMs: at.getTime() })),
  }));
}

/** The promises' events before that, in steps of five minutes: the long windows need no more. */
export async function readOldEvents(db: Database, fromMs: number, untilMs: number): Promise<readonly Datum[]> {
  const rows = await db.rows<{ at: Date; dimensions: Record<string, string>; events: number }>(sql`
    select date_bin('5 minutes', m.at, 'epoch') as at, s -> 1 as dimensions, sum((s -> 2 ->> 0)::float8) as events
    from metric_samples m, jsonb_array_elements(m.samples) s
    where m.at > ${new Date(fromMs)} and m.at <= ${new Date(untilMs)} and s ->> 0 = 'SloEvents'
    group by 1, 2`);
  return rows.map(({ at, dimensions, events }) => ({
    namespace: "CampusPay",
    name: "SloEvents",
    dimensions,
    atMs: at.getTime(),
    values: [events],
  }));
}

/** An hour more than the longest window of an alarm. */
export const keptHours = 25;

export const purgeSamplesJob = purgeJob({
  name: "purge-metric-samples",
  everySeconds: 600,
  table: part`metric_samples`,
  key: part`id`,
  writtenAt: part`at`,
  kept: `${keptHours} hours`,
});
