import { loadavg } from "node:os";
import pg from "pg";
import { type Asked, type Command, wholeNumber } from "../../app/local/command.ts";
import { listBoard } from "../../app/orders/board.ts";
import { type Database, openDatabase, sql } from "../../app/platform/postgres.ts";
import { readDailySales } from "../../app/reports/daily-sales.ts";
import { readItemPerformance } from "../../app/reports/item-performance.ts";
import { readOrderVolume } from "../../app/reports/order-volume.ts";
import { readPeakHours } from "../../app/reports/peak-hours.ts";
import type { ReportInput } from "../../app/reports/report.ts";
import type { BenchOutcome } from "../bench.ts";
import { type LocalSystem, startLocalSystem } from "./local-system.ts";
import { cpuMs, median } from "./process.ts";
import { type FilledCampus, fillCampus } from "./reports/fill.ts";

const reports = {
  "daily-sales": readDailySales,
  "item-performance": readItemPerformance,
  "order-volume": readOrderVolume,
  "peak-hours": readPeakHours,
} as const;

const dayCeilingMs = 300;
const boardCeilingMs = 20;
const statementTimeoutMs = 5_000;

interface Measure {
  readonly name: string;
  readonly medianMs: number;
  readonly fastestMs: number;
  /** CPU of the session's own server process. */
  readonly cpuMs: number;
  readonly ceilingMs: number | undefined;
}

export const command = {
  name: "npm run bench -- reports",
  for: "developer",
  what: "Times each report over one day and over all days, and the board of the kitchen, in a database of many orders.",
  touches: "a system of its own on this machine, which it ends.",
  options: {
    orders: { type: "string", value: "N", default: "1000000", help: "orders in the database" },
    days: { type: "string", value: "N", default: "50", help: "over how many days" },
    rounds: { type: "string", value: "N", default: "7", help: "rounds, at least 5" },
  },
  exits: { 1: "a floor was missed" },
} as const satisfies Command;

/**
 * What one session waits for the database, round trips and all, in a database of so many orders: each report over one day and
 * over all days of the busiest café, and the kitchen's board.
 */
export async function run({ values }: Asked<(typeof command)["options"]>): Promise<BenchOutcome> {
  const whole = (name: keyof typeof values) => wholeNumber(command, name, values[name]);
  const size = { orders: whole("orders"), days: whole("days"), cafes: 20 };
  const rounds = wholeNumber(command, "rounds", values.rounds, { from: 5 });
  const system = await startLocalSystem({ durable: false });
  try {
    const campus = await fill(system, size);
    const db = openAsApp(system);
    try {
      return outcomeOf(await measureAll(db, campus, rounds), { ...size, rounds, node: process.version, load_average: loadavg()[0] });
    } finally {
      await db.end();
    }
  } finally {
    await system.stop();
  }
}

async function fill({ cluster, database }: LocalSystem, size: { orders: number; days: number; cafes: number }): Promise<FilledCampus> {
  const superuser = new pg.Client({ connectionString: cluster.superuserUrl(database) });
  await superuser.connect();
  try {
    return await fillCampus(superuser, size);
  } finally {
    await superuser.end();
  }
}

/** One session, with the application's own rights and time-out. */
function openAsApp({ env }: LocalSystem): Database {
  const password = async () => env.DATABASE_PASSWORD ?? "";
  return openDatabase({
    url: env.DATABASE_URL ?? "",
    password,
    freshPassword: password,
    poolSize: 1,
    connectTimeoutMs: 10_000,
    statementTimeoutMs,
    lockTimeoutMs: 2_000,
    idleInTransactionTimeoutMs: 10_000,
    ca: undefined,
    applicationName: "campus-bench-reports",
    log: { warn: () => undefined },
  });
}

async function measureAll(db: Database, { cafeId, firstDay, lastDay }: FilledCampus, rounds: number): Promise<Measure[]> {
  const day: ReportInput = { cafeId, from: lastDay, to: lastDay };
  const all: ReportInput = { cafeId, from: firstDay, to: lastDay };
  const measures: Measure[] = [];
  for (const [name, read] of Object.entries(reports)) {
    measures.push(await measure(db, `${name}, one day`, dayCeilingMs, rounds, () => read(db, day)));
    measures.push(await measure(db, `${name}, all days`, undefined, rounds, () => read(db, all)));
  }
  const board = { cafeId, day: undefined, orderType: undefined, isUnpaid: false, limit: 25, cursor: undefined } as const;
  const inWork = ["received", "preparing", "ready"] as const;
  measures.push(await measure(db, "board: what is in work", boardCeilingMs, rounds, () => listBoard(db, { ...board, statuses: inWork })));
  measures.push(await measure(db, "board: all orders", boardCeilingMs, rounds, () => listBoard(db, { ...board, statuses: undefined })));
  measures.push(
    await measure(db, "board: a day's orders", boardCeilingMs, rounds, () =>
      listBoard(db, { ...board, statuses: undefined, day: lastDay }),
    ),
  );
  return measures;
}

/** After one run outside the count, with which the pages are read and the statement prepared. */
async function measure(
  db: Database,
  name: string,
  ceilingMs: number | undefined,
  rounds: number,
  work: () => Promise<unknown>,
): Promise<Measure> {
  await work();
  // The pool has one session, so the next statement is answered by the same server process.
  const session = await db.row<{ pid: number }>(sql`select pg_backend_pid() as pid`);
  const pid = session?.pid ?? 0;
  const cpuBeforeMs = cpuMs(pid);
  const tookMs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const begunMs = performance.now();
    await work();
    tookMs.push(performance.now() - begunMs);
  }
  const found = {
    name,
    medianMs: median(tookMs),
    fastestMs: Math.min(...tookMs),
    cpuMs: (cpuMs(pid) - cpuBeforeMs) / rounds,
    ceilingMs,
  };
  console.error(`reports: ${name} ${found.medianMs.toFixed(1)} ms`);
  return found;
}

function outcomeOf(measures: readonly Measure[], settings: Readonly<Record<string, unknown>>): BenchOutcome {
  const isMet = ({ medianMs, ceilingMs }: Measure) => ceilingMs === undefined || medianMs <= ceilingMs;
  const verdict = (each: Measure) => (each.ceilingMs === undefined ? "" : `≤ ${each.ceilingMs} ms   ${isMet(each) ? "met" : "MISSED"}`);
  return {
    report: {
      settings,
      measures: measures.map((each) => ({
        name: each.name,
        median_ms: round1(each.medianMs),
        fastest_ms: round1(each.fastestMs),
        cpu_ms: round1(each.cpuMs),
        ceiling_ms: each.ceilingMs ?? null,
      })),
    },
    table: measures
      .map((each) =>
        [
          each.name.padEnd(28),
          `${round1(each.medianMs)} ms`.padStart(10),
          `fastest ${round1(each.fastestMs)}`.padStart(16),
          `CPU ${round1(each.cpuMs)}`.padStart(12),
          `   ${verdict(each)}`,
        ].join(""),
      )
      .join("\n"),
    missed: measures
      .filter((each) => !isMet(each))
      .map((each) => `${each.name} took ${round1(each.medianMs)} ms (median), the ceiling is ${each.ceilingMs} ms`),
  };
}

const round1 = (value: number): number => Math.round(value * 10) / 10;
