import { hoursAMonth, monthly, monthlyOf } from "../cost/prices.ts";

/** What a payment was measured to take (scan, look at the phone, confirm; with its receipt, events and outbox), and what it leaves behind. */
export interface Measured {
  readonly from: string;
  readonly nodeMs: number;
  readonly postgresMs: number;
  readonly redisMs: number;
  /** Of tables and indexes, for an order that was paid. */
  readonly storedBytes: number;
}

/**
 * From docs/performance.md, 2026-11-21, two quiet cores. The order that is placed before a payment, its board and its menu are other requests: `besidePayment`.
 * Bytes: 900 paid orders through the API on 2026-11-29, by the sizes of tables and indexes: 10.2 kB each, of which 4.7 kB stay when outbox and events have
 * been purged (order and items 1.4, charge 1.0, receipt 1.6, ledger 0.5, scan 0.3).
 */
export const measured: Measured = { from: "docs/performance.md", nodeMs: 1.52, postgresMs: 1.87, redisMs: 0.05, storedBytes: 4_700 };

/**
 * What an order takes beside its payment, as a share of that: placing it, workers and outbox, menus, boards. On the way to the knee (2026-11-30, 100 a second,
 * two cores) one took 4.9 ms of API and worker and 9 ms of PostgreSQL in all, with a queue of 200 orders at each café, to which 2 ms of PostgreSQL were due.
 * Its printed papers (5 ms) are made when there is room.
 */
const besidePayment = 2.5;
/** A core of Graviton against the one that was measured: an assumption, on the careful side. */
const coreRatio = 0.8;
/** No processor is planned fuller than this at the peak: one zone of three may be lost, and queues grow steeply above it. */
const fullest = 0.5;
const lunchMinutes = 30;
const shareAtLunch = 0.5;
const peakOfLunch = 4;
const ordersADayOfStudent = 0.25;
const keptYears = 8;
const lectureDaysAMonth = 22;
const spareMachines = 1;
const machineCores = 2;
const gib = 1_073_741_824;

/** Databases by vCPUs, the prices of those that the cost table knows; the larger ones by their doubling. */
const databases = [
  { name: "db.t4g.medium", cores: 2, priced: "db.t4g.medium", times: 1 },
  { name: "db.m6g.large", cores: 2, priced: "db.m6g.large", times: 1 },
  { name: "db.m6g.xlarge", cores: 4, priced: "db.m6g.xlarge", times: 1 },
  { name: "db.m6g.2xlarge", cores: 8, priced: "db.m6g.xlarge", times: 2 },
  { name: "db.m6g.4xlarge", cores: 16, priced: "db.m6g.xlarge", times: 4 },
  { name: "db.m6g.8xlarge", cores: 32, priced: "db.m6g.xlarge", times: 8 },
] as const;

export interface Capacity {
  readonly students: number;
  readonly scansASecond: number;
  readonly machines: number;
  /** Each a campus's own database; more than one where the largest is too small. */
  readonly databases: number;
  readonly database: string;
  readonly databaseCores: number;
  readonly databaseGibAYear: number;
  readonly monthlyUsd: number;
  /** What is full first when it grows beyond this, and what the design does then. */
  readonly first: string;
}

/** Half of all order within a lunch, and its peak is four times its mean. */
export const scansASecond = (students: number): number => ((students * shareAtLunch) / (lunchMinutes * 60)) * peakOfLunch;

export function capacityOf(students: number, { nodeMs, postgresMs, redisMs, storedBytes }: Measured = measured): Capacity {
  const rate = scansASecond(students);
  const coresFor = (ms: number) => (rate * ms * (1 + besidePayment)) / 1_000 / coreRatio / fullest;
  const machines = Math.max(2, Math.ceil(coresFor(nodeMs) / machineCores)) + spareMachines;
  const neededCores = coresFor(postgresMs);
  const largest = databases[databases.length - 1] as (typeof databases)[number];
  const count = Math.max(1, Math.ceil(neededCores / largest.cores));
  const size = databases.find(({ cores }) => cores >= neededCores / count) ?? largest;
  const ordersAYear = students * ordersADayOfStudent * lectureDaysAMonth * 12;
  const gibAYear = (ordersAYear * storedBytes) / gib;
  const database =
    count *
    2 *
    ((monthlyOf(size.priced, "north") ?? 0) * size.times + Math.max(20, (gibAYear * keptYears) / count / 2) * monthly.databaseGib);
  const cacheCores = coresFor(redisMs);
  const cache =
    2 * (monthlyOf(cacheCores > 1 ? "cache.m6g.large" : "cache.t4g.small", "north") ?? 0) * Math.max(1, Math.ceil(cacheCores / 2));
  const atLunchShare = (lectureDaysAMonth * 4) / hoursAMonth;
  const api = (2 + (machines - 2) * Math.max(atLunchShare, 0.35)) * (monthlyOf("c7g.large", "north") ?? 0);
  return {
    students,
    scansASecond: rate,
    machines,
    databases: count,
    database: size.name,
    databaseCores: neededCores,
    databaseGibAYear: gibAYear,
    monthlyUsd: database + cache + api + monthly.loadBalancer + 3 * monthly.nat,
    first: firstToBreak({ count, size: size.cores, neededCores, gibAYear }),
  };
}

interface Full {
  readonly count: number;
  readonly size: number;
  readonly neededCores: number;
  readonly gibAYear: number;
}

function firstToBreak({ count, size, neededCores, gibAYear }: Full): string {
  if (count > 1)
    return "no single writer is enough: a database for each campus (a campus's cafés, students and books are its own; nothing joins across)";
  if (size >= 16) return "the writer's processor: reports and portals read from a replica, then a database for each campus";
  if (gibAYear > 50)
    return "the ledger's random index falls out of memory: partitions by month (uniqueness already lives on unpartitioned tables)";
  if (neededCores > 2)
    return "connections: machines × processes × pool stays below max_connections, doubled during a release; then a pooler";
  return "nothing soon: the smallest sizes that survive the loss of a zone are larger than this needs";
}
