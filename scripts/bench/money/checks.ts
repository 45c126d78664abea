import { checkLedger, checkRecent, type LedgerCheck } from "../../../app/ledger/check-ledger.ts";
import { asSuperuser, createDatabase } from "../../../app/local/roles.ts";
import type { Database } from "../../../app/platform/postgres.ts";
import type { LocalSystem } from "../local-system.ts";
import { median } from "../process.ts";
import { type BenchPlace, mustHold, openPlace, withOwner } from "./bench-place.ts";
import { makeCampus, prepareOrders } from "./campus.ts";
import { cpuMsOf } from "./cpu.ts";
import { runDebits } from "./debit-run.ts";
import { oneCall } from "./debit-scripts.ts";
import { interleave } from "./rounds.ts";

export interface CheckMeasures {
  readonly debits: number;
  /** A look at what one window of debits did. */
  readonly recentCpuSeconds: number;
  readonly recentDebits: number;
  readonly wholeSeconds: number;
  readonly wholeCpuSeconds: number;
  /** Of a debit while a whole check runs, to that without one. */
  readonly p99Ratio: number;
  readonly p99Ms: { readonly alone: number; readonly beside: number };
}

const database = "checks";
const cafes = 50;
const students = 50_000;
const seconds = 8;
/** As many debits as five minutes of 25 a second make, after which the next look is due. */
const recentSeconds = 5;

/** The look at the books: over what happened lately, over so many debits, and what a debit waits while it runs. */
export async function measureChecks(
  system: LocalSystem,
  { rounds: count, debits }: { readonly rounds: number; readonly debits: number },
): Promise<CheckMeasures> {
  await asSuperuser(system.cluster, "postgres", (client) => createDatabase(client, database, "campus_empty"));
  const place = await openPlace(system, database);
  try {
    await makeCampus(place.superuser, { students, cafes }, system.env.CARD_PEPPER ?? "");
    for (let made = 0; made < debits; ) {
      const orders = Math.min(students, debits - made);
      await payAll(place, orders);
      made += orders;
      console.error(`checks: ${made.toLocaleString("en")} debits`);
    }
    // What autovacuum and a worker do in life; without them the planner takes the debits for none, and each balance is their sum.
    await place.superuser.query("vacuum analyze");
    await place.superuser.query("select take_account_snapshots()");
    return await withOwner(system, database, (owner) => lookAt(place, owner, count, debits, system.cluster.port));
  } finally {
    await place.end();
  }
}

async function lookAt(place: BenchPlace, owner: Database, count: number, debits: number, port: number): Promise<CheckMeasures> {
  const run = (forSeconds = seconds) => runDebits(place, { script: oneCall, clients: 1, seconds: forSeconds, port });
  const prepare = () => prepareOrders(place.superuser, { orders: students, cafes, scanned: true });
  const whole = await timed(place, () => checkLedger(owner));
  const rounds = await interleave(
    count,
    {
      alone: async () => {
        await prepare();
        return run();
      },
      beside: async () => {
        await prepare();
        return besideChecks(owner, run);
      },
    },
    (round, { alone, beside }) =>
      console.error(`checks, round ${round}: p99 ${alone.p99Ms.toFixed(2)} ms alone, ${beside.p99Ms.toFixed(2)} ms beside a whole check`),
  );
  await prepare();
  const since = new Date();
  const { perSecond } = await run(recentSeconds);
  const recent = await timed(place, () => checkRecent(owner, since));
  return {
    debits,
    recentCpuSeconds: recent.cpuSeconds,
    recentDebits: Math.round(perSecond * recentSeconds),
    wholeSeconds: whole.seconds,
    wholeCpuSeconds: whole.cpuSeconds,
    p99Ratio: median(rounds.map(({ alone, beside }) => beside.p99Ms / alone.p99Ms)),
    p99Ms: { alone: median(rounds.map(({ alone }) => alone.p99Ms)), beside: median(rounds.map(({ beside }) => beside.p99Ms)) },
  };
}

/** Whole checks one after the other for as long as the debits run. */
async function besideChecks<R>(owner: Database, run: () => Promise<R>): Promise<R> {
  let isOver = false;
  const checking = (async () => {
    while (!isOver) mustHold(database, await checkLedger(owner));
  })();
  const running = run().finally(() => {
    isOver = true;
  });
  const [result] = await Promise.all([running, checking]);
  return result;
}

async function timed(place: BenchPlace, check: () => Promise<LedgerCheck>): Promise<{ seconds: number; cpuSeconds: number }> {
  const [startedAtMs, cpuMs] = [performance.now(), cpuMsOf(place.postgresPid)];
  mustHold(database, await check());
  return { seconds: (performance.now() - startedAtMs) / 1_000, cpuSeconds: (cpuMsOf(place.postgresPid) - cpuMs) / 1_000 };
}

/** Every prepared charge is paid by the product's own function, on the server: pgbench would take three times as long. A transaction holds a few locks a debit. */
async function payAll({ superuser }: BenchPlace, orders: number): Promise<void> {
  await prepareOrders(superuser, { orders, cafes, scanned: true });
  await superuser.query(`
    do $$
    declare
      prepared record;
      told text;
      done integer := 0;
    begin
      for prepared in select * from bench_charges loop
        told := (confirm_charge(prepared.charge_id, prepared.student_id, prepared.digest, prepared.match_code, null, 'bench', 1, 'bench', 'Europe/Stockholm')).outcome;
        if told <> 'paid' then raise exception 'a prepared charge was answered %', told; end if;
        done := done + 1;
        if done % 200 = 0 then commit; end if;
      end loop;
    end $$`);
}
