import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { type Engine, installPython, sparkLacks } from "../../app/local/analytics-python.ts";
import { type Asked, type Command, refuse, wholeNumber } from "../../app/local/command.ts";
import { giveRolePassword, type Place, prepareJob } from "../analytics/job.ts";
import type { BenchOutcome } from "../bench.ts";
import { measureBeside } from "./analytics/beside.ts";
import { type Night, runJob } from "./analytics/run-job.ts";
import { startLocalSystem } from "./local-system.ts";
import { makeCampus } from "./money/campus.ts";
import { fillCampus } from "./reports/fill.ts";

const floors: Readonly<Record<Engine, { readonly seconds: number; readonly peakMb: number }>> = {
  spark: { seconds: 180, peakMb: 1_500 },
  duckdb: { seconds: 30, peakMb: 1_500 },
};
/** The floors are for a million orders; more may take as much longer, and three tenths more than that. */
const floorOrders = 1_000_000;
const linearWithin = 1.3;
const besideAtMost = 1.3;
const payers = 1_200;
const cafes = 50;

export const command = {
  name: "npm run bench -- analytics",
  for: "developer",
  what: "Times a night of analytics over a year of orders on both engines, holds their rows against each other, and payments beside a job.",
  touches: "a system of its own on this machine, which it ends; what Python needs is installed into .cache.",
  options: {
    orders: { type: "string", value: "N", default: "1000000", help: "how many orders the year has" },
    engines: { type: "string", value: "NAME,…", default: "duckdb,spark", help: "which engines; without Java Spark is skipped, aloud" },
    rounds: { type: "string", value: "N", default: "3", help: "rounds of payments with and without a job beside them; 0 leaves them out" },
  },
  exits: { 1: "a floor was missed" },
} as const satisfies Command;

const say = (line: string) => console.error(`analytics: ${line}`);

export async function run({ values }: Asked<(typeof command)["options"]>): Promise<BenchOutcome> {
  const orders = wholeNumber(command, "orders", values.orders, { from: 1_000, to: 20_000_000 });
  const rounds = wholeNumber(command, "rounds", values.rounds, { from: 0, to: 20 });
  const engines = chooseEngines(values.engines);
  const loadBefore = loadavg()[0];
  const folder = mkdtempSync(path.join(tmpdir(), "campus-bench-analytics-"));
  const system = await startLocalSystem({ durable: true });
  const superuser = new pg.Client({ connectionString: system.cluster.superuserUrl(system.database) });
  try {
    await superuser.connect();
    await makeCampus(superuser, { students: payers, cafes }, system.env.CARD_PEPPER ?? "");
    const { firstDay } = await fillCampus(superuser, { orders, days: 365, cafes, lifelike: true, say });
    const place = await giveRolePassword(system.cluster.superuserUrl(system.database));
    const nights = await timeNights(engines, folder, place);
    const differing = engines.length < 2 ? undefined : differences(folder, engines);
    const night = (signal: AbortSignal) =>
      runJob(prepareJob({ engine: "duckdb", lake: path.join(folder, "beside"), from: firstDay, day: undefined }, place, say), {
        isElsewhere: true,
        signal,
      });
    const beside = rounds === 0 ? undefined : await measureBeside(system, superuser, { rounds, payers, cafes, night, say });
    return {
      report: { settings: { orders, rounds, load_average: [loadBefore, loadavg()[0]] }, nights, rows_that_differ: differing, beside },
      table: [
        `${orders.toLocaleString("en")} orders, load average ${loadBefore?.toFixed(1)} before and ${loadavg()[0]?.toFixed(1)} after`,
        ...Object.entries(nights).flatMap(([engine, { first, second }]) => [
          `${engine}: ${first.seconds} s, ${first.peakMb} MB at most; once more with nothing new ${second.seconds} s`,
        ]),
        ...(differing === undefined ? [] : [`rows that only one engine has: ${differing}`]),
        ...(beside
          ? [
              `confirm p95 beside a job: ${beside.ratio.toFixed(2)} × of without (${beside.withMs.toFixed(1)} ms, ${beside.withoutMs.toFixed(1)} ms)`,
            ]
          : []),
      ].join("\n"),
      missed: [
        ...Object.entries(nights).flatMap(([engine, { first }]) => missedFloors(engine as Engine, first, orders)),
        ...(differing ? [`${differing} rows differ between the engines`] : []),
        ...(beside && beside.ratio > besideAtMost
          ? [`a confirm beside a job took ${beside.ratio.toFixed(2)} ×, at most ${besideAtMost} ×`]
          : []),
      ],
    };
  } finally {
    await superuser.end().catch(() => undefined);
    await system.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function chooseEngines(wished: string): Engine[] {
  const engines = wished.split(",").map((name): Engine => {
    if (name !== "duckdb" && name !== "spark") throw refuse(command, `there is no engine "${name}": take duckdb, spark or both.`);
    return name;
  });
  const lacks = engines.includes("spark") ? sparkLacks() : undefined;
  if (lacks !== undefined) say(`SKIP Spark: ${lacks}`);
  return engines.filter((engine) => engine !== "spark" || lacks === undefined);
}

async function timeNights(engines: readonly Engine[], folder: string, place: Place) {
  const nights: Partial<Record<Engine, { first: Night; second: Night }>> = {};
  let key: string | undefined;
  for (const engine of engines) {
    const own = prepareJob({ engine, lake: path.join(folder, engine), from: undefined, day: undefined, isAlone: true }, place, say);
    // Under a key of its own each lake would call every student something else.
    key ??= own.env.ANALYTICS_PSEUDONYM_KEY;
    const job = { ...own, env: { ...own.env, ANALYTICS_PSEUDONYM_KEY: key } };
    const first = await runJob(job);
    say(`${engine}: ${first.seconds} s, ${first.peakMb} MB`);
    nights[engine] = { first, second: await runJob(job) };
  }
  return nights as Record<string, { readonly first: Night; readonly second: Night }>;
}

function differences(folder: string, engines: readonly Engine[]): number {
  const script = path.join(import.meta.dirname, "analytics/same-rows.py");
  const lakes = engines.map((engine) => path.join(folder, engine));
  const found = JSON.parse(execFileSync(installPython(say), [script, ...lakes], { encoding: "utf8" })) as Record<string, number>;
  return Object.values(found).reduce((sum, count) => sum + count, 0);
}

function missedFloors(engine: Engine, { seconds, peakMb }: Night, orders: number): string[] {
  const floor = floors[engine];
  const allowed = orders <= floorOrders ? floor.seconds : (floor.seconds * orders * linearWithin) / floorOrders;
  return [
    ...(seconds > allowed ? [`${engine} took ${seconds} s, at most ${Math.round(allowed)} s`] : []),
    ...(orders <= floorOrders && peakMb > floor.peakMb ? [`${engine} took ${peakMb} MB, at most ${floor.peakMb} MB`] : []),
  ];
}
