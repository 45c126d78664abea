import { setTimeout as pause } from "node:timers/promises";
import { sql } from "../../platform/postgres.ts";
import { gatewayOf } from "../gateway.ts";
import { until } from "../platform.ts";
import { times, violations } from "./books.ts";
import { commitStatement, confirmStatement, type Judge, openStatement } from "./commit-cutter.ts";
import { type ClientLog, contradictions, createClientLog, isOpen } from "./history.ts";
import { type Random, randomOf } from "./random.ts";
import { type RealCampus, startRealCampus } from "./real-campus.ts";
import { visit } from "./visit.ts";
import { untilDone } from "./visit-office.ts";
import type { Student, VisitorParts } from "./visitor.ts";

export interface TortureOutcome {
  readonly seed: number;
  readonly seconds: number;
  readonly requests: number;
  readonly debits: number;
  readonly unknownOutcomes: number;
  readonly crashes: number;
  readonly flushes: number;
  /** From the later of "not known" and "the database accepts connections" to the definite answer. */
  readonly slowestSettleMs: number;
  /** Empty is what is wanted. */
  readonly problems: readonly string[];
}

const visitors = 8;
const studentsOfVisitor = 2;
const tillsAtWork = 3;
// Two of the three dishes cost more than one person may give back.
const aloneUpToMinor = 5_000;
const fundsMinor = 10_000_000;
// The contract is 1 s; asserted with three times the room.
const settleLimitMs = 3_000;
// 50 in 20 s. A machine that is too busy for it gets up to three times as long to meet them.
const unknownPerSecond = 2.5;
const longestStretch = 3;
const maxShownProblems = 10;

/** One seed: a campus of its own, its clients, and everything that can break while they pay. */
export async function torture(seed: number, seconds: number): Promise<TortureOutcome> {
  const campus = await startRealCampus({
    env: { REFUND_TWO_PEOPLE_ABOVE_MINOR: String(aloneUpToMinor), BULK_CREDIT_TWO_PEOPLE_ABOVE_MINOR: "0" },
  });
  try {
    return await runSeed(campus, seed, seconds);
  } finally {
    await campus.end();
  }
}

async function runSeed(campus: RealCampus, seed: number, seconds: number): Promise<TortureOutcome> {
  const log = createClientLog();
  const parts = await prepare(campus, log, seed);
  const guests = await Promise.all(times(visitors, () => Promise.all(times(studentsOfVisitor, () => arrive(campus)))));
  const outages: Outage[] = [];
  const startedAtMs = performance.now();
  const met = { unknown: 0 };
  const isOver = () => {
    const elapsedSeconds = (performance.now() - startedAtMs) / 1_000;
    return elapsedSeconds > seconds && (met.unknown >= unknownPerSecond * seconds || elapsedSeconds > longestStretch * seconds);
  };
  campus.cutter.judge(cutSome(randomOf(seed)));
  const broken = { flushes: 0 };
  const stories = await Promise.allSettled([
    ...guests.map((students, index) => runClient({ ...parts, random: randomOf(seed * 1_000 + index) }, students, isOver)),
    crashNowAndThen(campus, randomOf(seed + 1), outages, isOver),
    breakRedisNowAndThen(campus, randomOf(seed + 2), broken, isOver),
    watchUnknown(campus, met, isOver),
  ]);
  campus.cutter.judge(undefined);
  const ended = [...campus.processes, campus.worker]
    .filter((one) => !one.isRunning())
    .map((one) => `${one.name} ended by itself: ${one.lastLines().slice(-3).join(" ")}`);
  const unknownOutcomes = await countUnknown(campus);
  const slowestSettleMs = slowestSettle(log, outages);
  const problems = [
    ...stories.flatMap((story) => (story.status === "rejected" ? [`a client gave up: ${(story.reason as Error).message}`] : [])),
    ...Object.entries(await violations(campus.owner)).map(([id, found]) => `${id} is violated: ${JSON.stringify(found)}`),
    ...(await contradictions(campus.owner, log)).map(({ invariant, verb, key, problem }) => `${invariant}: ${verb} ${key}: ${problem}`),
    ...unwantedAnswers(log),
    ...ended,
    ...(unknownOutcomes < unknownPerSecond * seconds
      ? [`only ${unknownOutcomes} unknown outcomes were met in ${longestStretch * seconds} s`]
      : []),
    ...(slowestSettleMs > settleLimitMs ? [`an unknown outcome was settled after ${Math.round(slowestSettleMs)} ms`] : []),
  ];
  return {
    seed,
    seconds: Math.round((performance.now() - startedAtMs) / 1_000),
    requests: log.entries.length,
    debits: (await campus.owner.rows(sql`select id from ledger_transactions where kind = 'debit'`)).length,
    unknownOutcomes,
    crashes: outages.length,
    flushes: broken.flushes,
    slowestSettleMs,
    problems: problems.slice(0, maxShownProblems),
  };
}

async function prepare(campus: RealCampus, log: ClientLog, seed: number): Promise<VisitorParts> {
  const tills = await Promise.all(times(tillsAtWork, () => campus.till()));
  const [first, ...more] = tills;
  if (!first) throw new Error("There is no till.");
  const cashiers = await Promise.all(tills.map(async ({ cafe }) => [cafe.id, await campus.staff("cashier", cafe)] as const));
  const owners = await Promise.all(tills.map(async ({ cafe }) => [cafe.id, await campus.staff("owner", cafe)] as const));
  const gateway = gatewayOf(campus);
  // Each piece of news comes twice, and late.
  await gateway.connect({ copies: 2, longest_delay_ms: 500 });
  const accountants = await Promise.all([campus.staff("finance"), campus.staff("finance")]);
  const dishes = await Promise.all(tills.map(async ({ cafe }, index) => [cafe.id, await campus.dish(cafe, 4_500 + 700 * index)] as const));
  return {
    campus,
    log,
    random: randomOf(seed),
    tills: [first, ...more],
    cashiers: new Map(cashiers),
    owners: new Map(owners),
    accountants,
    refused: new Set(),
    dishes: new Map(dishes),
  };
}

/** One client after the other until the time is up. Whoever's phone was asked in vain too often is followed by somebody else. */
async function runClient(parts: VisitorParts, students: readonly Student[], isOver: () => boolean): Promise<void> {
  const here = [...students];
  while (!isOver()) {
    const index = parts.random.below(here.length);
    const student = here[index];
    if (!student) continue;
    await visit(parts, student);
    if (parts.refused.has(student.id)) here[index] = await untilDone(() => arrive(parts.campus));
  }
}

async function arrive(campus: RealCampus): Promise<Student> {
  const student = await campus.fundedStudent({ balanceMinor: fundsMinor });
  return { ...student, otherToken: await student.otherSession() };
}

function cutSome(random: Random): Judge {
  return (statement) => {
    const share = confirmStatement.test(statement) ? 0.4 : openStatement.test(statement) || commitStatement.test(statement) ? 0.05 : 0.005;
    if (!random.chance(share)) return "pass";
    return random.chance(0.5) ? "cut before" : "cut after";
  };
}

interface Outage {
  readonly atMs: number;
  readonly acceptsAtMs: number;
}

/** kill -9 of one session: PostgreSQL then ends all others, recovers and accepts again. */
async function crashNowAndThen(campus: RealCampus, random: Random, outages: Outage[], isOver: () => boolean): Promise<void> {
  await pause(1_500);
  while (!isOver()) {
    const [atMs, at] = [performance.now(), new Date()];
    if (await campus.killSession((sessions) => random.below(Math.max(1, sessions)))) {
      await until("PostgreSQL has recovered", () => hasRestartedSince(campus, at), 30_000);
      outages.push({ atMs, acceptsAtMs: performance.now() });
    }
    await pause(2_500 + random.below(2_500));
  }
}

/** A crash leaves no session of before. */
async function hasRestartedSince(campus: RealCampus, at: Date): Promise<boolean> {
  const older = "select pid from pg_stat_activity where usename = 'campus_app' and backend_start < $1";
  return campus.asSuperuser(older, [at]).then(
    (sessions) => sessions.length === 0,
    () => false,
  );
}

/** All keys gone, and every second time all connections too. */
async function breakRedisNowAndThen(campus: RealCampus, random: Random, broken: { flushes: number }, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await pause(300 + random.below(1_200));
    await campus.redis.flushall();
    broken.flushes += 1;
    if (broken.flushes % 2 === 0) await campus.redis.call("CLIENT", "KILL", "SKIPME", "yes");
  }
}

/** What the product itself says: confirms whose answer it lost on the way and asked for again. */
async function countUnknown(campus: RealCampus): Promise<number> {
  const pages = await Promise.all(
    campus.processes.filter((one) => one.isRunning()).map(async ({ url }) => (await fetch(`${url}/metrics`)).text()),
  );
  return pages.reduce((sum, page) => sum + Number(/^campus_outcomes_unknown_total (\d+)/m.exec(page)?.[1] ?? 0), 0);
}

async function watchUnknown(campus: RealCampus, met: { unknown: number }, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await pause(1_000);
    met.unknown = await countUnknown(campus);
  }
}

function slowestSettle({ entries }: ClientLog, outages: readonly Outage[]): number {
  const confirms = Map.groupBy(
    entries.filter(({ verb }) => verb === "confirm"),
    ({ key }) => key,
  );
  let slowestMs = 0;
  for (const heard of confirms.values()) {
    const unknown = heard.filter(isOpen).map(({ heardAtMs }) => heardAtMs);
    if (unknown.length === 0) continue;
    const since = Math.min(...unknown);
    const settledAtMs = Math.min(...heard.filter((one) => !isOpen(one) && one.heardAtMs > since).map(({ heardAtMs }) => heardAtMs));
    const accepts = outages
      .filter(({ atMs, acceptsAtMs }) => acceptsAtMs > since && atMs < settledAtMs)
      .map(({ acceptsAtMs }) => acceptsAtMs);
    slowestMs = Math.max(slowestMs, settledAtMs - Math.max(since, ...accepts));
  }
  return slowestMs;
}

function unwantedAnswers({ entries }: ClientLog): string[] {
  return entries
    .filter(({ status }) => status !== undefined && status >= 500 && status !== 503)
    .map(({ verb, key, status, text }) => `${verb} ${key} was answered ${status}: ${text}`);
}
