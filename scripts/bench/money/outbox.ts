import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type pg from "pg";
import { asSuperuser, createDatabase } from "../../../app/local/roles.ts";
import { startWorkerProcess } from "../../../app/testing/worker-process.ts";
import type { LocalSystem } from "../local-system.ts";
import { median } from "../process.ts";
import { type BenchPlace, openPlace } from "./bench-place.ts";
import { makeCampus, prepareOrders } from "./campus.ts";
import { at } from "./debit-run.ts";
import { type ApiPair, runFlows, startApiPair } from "./flows.ts";
import type { Payer } from "./pay-load.ts";
import { logInPayers } from "./payers.ts";
import { interleave } from "./rounds.ts";

export interface OutboxMeasures {
  readonly perSecond: number;
  /** The confirm's 95th percentile: without rows for the outbox, with them, and with a worker that drains them beside it. */
  readonly p95Ms: { readonly without: number; readonly rows: number; readonly worker: number };
  /** With rows to without, median over the rounds. */
  readonly p95Ratio: number;
}

/** Four times what the product is designed for. */
const arrivalsPerSecond = 100;
const arrivalConnections = 64;
const payerCount = 2_000;
const cafes = 50;
const warmUpMs = 1_500;
// With the warm-up below the 10 s after which a server ends a connection that has asked nothing yet.
const windowMs = 7_000;

interface Side {
  readonly place: BenchPlace;
  readonly api: ApiPair;
  readonly payers: readonly Payer[];
  readonly env: LocalSystem["env"];
}

/** What the outbox adds to a confirm: the product beside itself without the rows, in two databases of one server. */
export async function measureOutbox(system: LocalSystem, { rounds: count }: { readonly rounds: number }): Promise<OutboxMeasures> {
  const folder = await mkdtemp(path.join(tmpdir(), "campus-bench-objects-"));
  const sides: Side[] = [];
  try {
    const withRows = await openSide(system, "campus_outbox", folder);
    sides.push(withRows);
    const without = await openSide(system, "campus_silent", folder);
    sides.push(without);
    for (const name of ["open_charge", "confirm_charge"]) await silence(without.place.superuser, name);
    const pay = (side: Side) => async () => ({ p95Ms: await confirmP95(system, side) });
    const besideWorker = async () => {
      const worker = startWorkerProcess(withRows.env);
      await worker.working;
      try {
        return { p95Ms: await confirmP95(system, withRows) };
      } finally {
        await worker.stop();
      }
    };
    for (const side of sides) await confirmP95(system, side);
    const rounds = await interleave(count, { without: pay(without), rows: pay(withRows), worker: besideWorker }, (round, results) =>
      console.error(
        `outbox, round ${round}: confirm p95 ${results.without.p95Ms.toFixed(1)} ms without rows, ${results.rows.p95Ms.toFixed(1)} with them, ${results.worker.p95Ms.toFixed(1)} beside a worker`,
      ),
    );
    await withRows.place.assertBooks();
    const of = (name: "without" | "rows" | "worker") => median(rounds.map((round) => round[name].p95Ms));
    return {
      perSecond: arrivalsPerSecond,
      p95Ms: { without: of("without"), rows: of("rows"), worker: of("worker") },
      p95Ratio: median(rounds.map(({ rows, without: bare }) => rows.p95Ms / bare.p95Ms)),
    };
  } finally {
    for (const { api, place } of sides) await Promise.all([api.stop(), place.end()]);
    await rm(folder, { recursive: true, force: true });
  }
}

async function openSide(system: LocalSystem, database: string, objects: string): Promise<Side> {
  await asSuperuser(system.cluster, "postgres", (client) => createDatabase(client, database, "campus_empty"));
  const env: LocalSystem["env"] = {
    ...system.env,
    OBJECT_FOLDER: objects,
    DATABASE_URL: (system.env.DATABASE_URL ?? "").replace(/[^/]*$/, database),
  };
  const place = await openPlace(system, database);
  await makeCampus(place.superuser, { students: payerCount, cafes }, env.CARD_PEPPER ?? "");
  const payers = await logInPayers(place.superuser, env, { count: payerCount, cafes });
  return { place, payers, env, api: await startApiPair(env) };
}

/** The same function without its row for the outbox. */
async function silence(superuser: pg.Client, name: string): Promise<void> {
  const { rows } = await superuser.query<{ text: string }>("select pg_get_functiondef($1::regproc) as text", [name]);
  const [before = "", after = "", ...more] = (rows[0]?.text ?? "").split(/insert into outbox \(topic, payload\) values [^;]*;/);
  if (after === "" || more.length > 0) throw new Error(`${name} does not write one row into the outbox.`);
  await superuser.query(before + after);
}

async function confirmP95(system: LocalSystem, { place, api, payers }: Side): Promise<number> {
  await prepareOrders(place.superuser, { orders: payers.length, cafes, scanned: false });
  // What the café was told of each new order is no part of a confirm.
  await place.superuser.query("update outbox set done_at = now() where done_at is null and dead_at is null");
  const load = { ports: api.ports, connections: arrivalConnections, payers, warmUpMs, windowMs, arrivalsPerSecond };
  const { confirmMs, dropped } = await runFlows(system, api, load);
  if (dropped > 0) throw new Error(`${dropped} payments found no connection: the machine is too busy for ${arrivalsPerSecond} a second.`);
  return at(confirmMs, 0.95);
}
