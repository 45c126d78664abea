import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { loadavg, tmpdir } from "node:os";
import path from "node:path";
import { type Asked, type Command, wholeNumber } from "../../app/local/command.ts";
import { listenLocally } from "../../app/local/ports.ts";
import { seal } from "../../app/platform/seal.ts";
import { startWorkerProcess } from "../../app/testing/worker-process.ts";
import { newWebhookSecret, webhookSealPurpose } from "../../app/webhooks/sign-webhook.ts";
import type { BenchOutcome } from "../bench.ts";
import { type LocalSystem, startLocalSystem } from "./local-system.ts";
import { type BenchPlace, openPlace } from "./money/bench-place.ts";
import { cpuMsOf } from "./money/cpu.ts";
import { cpuMs, median, pause } from "./process.ts";

const rounds = 5;
const warmUpEvents = 400;
const floorPerSecond = 500;
const drainedWithinMs = 300_000;

interface Round {
  readonly events: number;
  readonly rows: number;
  /** Until everybody has heard of the last one: all but the receipts, which are made beside it and after it. */
  readonly eventsPerSecond: number;
  /** Until nothing is left, receipts and all. */
  readonly wholeEventsPerSecond: number;
  readonly rowsPerSecond: number;
  readonly workerCpuMsPerEvent: number;
  readonly databaseCpuMsPerEvent: number;
}

export const command = {
  name: "npm run bench -- worker",
  for: "developer",
  what: "One worker drains a backlog of order events to a till system on loopback, receipts and all.",
  touches: "a system of its own on this machine, which it ends.",
  options: {
    events: { type: "string", value: "N", default: "3000", help: "events a round" },
  },
  exits: { 1: "a floor was missed" },
} as const satisfies Command;

/**
 * One worker drains a backlog of order events to a till system on loopback that takes each of them, in rounds. Half of the
 * orders' events are payments, with everything that a payment brings: the published message, the metric, and the receipt as
 * PDF and JSON.
 */
export async function run({ values }: Asked<(typeof command)["options"]>): Promise<BenchOutcome> {
  const events = wholeNumber(command, "events", values.events);
  const loadBefore = loadavg()[0];
  const objects = await mkdtemp(path.join(tmpdir(), "campus-bench-objects-"));
  const local = await startLocalSystem({ durable: true });
  const system = { ...local, env: { ...local.env, OBJECT_FOLDER: objects } };
  const till = await startTill();
  try {
    const place = await openPlace(system, system.database);
    try {
      const kinds = { "order.received": [] as Round[], "order.paid": [] as Round[] };
      await makeCafe(place, system, till.url);
      await measure(system, place, "order.received", warmUpEvents);
      await measure(system, place, "order.paid", warmUpEvents);
      for (let round = 0; round < rounds; round += 1) {
        kinds["order.received"].push(await measure(system, place, "order.received", events));
        kinds["order.paid"].push(await measure(system, place, "order.paid", events));
      }
      const wanted = 2 * (warmUpEvents + rounds * events);
      if (till.seen.size !== wanted) throw new Error(`Of ${wanted} events the till system saw ${till.seen.size}.`);
      await place.assertBooks();
      return report(kinds, loadBefore);
    } finally {
      await place.end();
    }
  } finally {
    await Promise.all([system.stop(), till.close()]);
    await rm(objects, { recursive: true, force: true });
  }
}

function report(kinds: Readonly<Record<string, readonly Round[]>>, loadBefore: number | undefined): BenchOutcome {
  const summary = Object.entries(kinds).map(([kind, list]) => {
    const of = (pick: (round: Round) => number) => median(list.map(pick));
    return {
      kind,
      eventsPerSecond: of((round) => round.eventsPerSecond),
      wholeEventsPerSecond: of((round) => round.wholeEventsPerSecond),
      rowsPerSecond: of((round) => round.rowsPerSecond),
      workerCpuMsPerEvent: of((round) => round.workerCpuMsPerEvent),
      databaseCpuMsPerEvent: of((round) => round.databaseCpuMsPerEvent),
    };
  });
  return {
    report: { rounds: kinds, summary, load_average_before: loadBefore },
    table: summary
      .map(
        ({ kind, eventsPerSecond, wholeEventsPerSecond, rowsPerSecond, workerCpuMsPerEvent, databaseCpuMsPerEvent }) =>
          `${kind}: ${eventsPerSecond.toFixed(0)} events a second until all have heard, ${wholeEventsPerSecond.toFixed(0)} until the last receipt is kept (${rowsPerSecond.toFixed(0)} rows of the outbox), ${workerCpuMsPerEvent.toFixed(2)} ms of the worker's CPU and ${databaseCpuMsPerEvent.toFixed(2)} of PostgreSQL's an event (load ${loadBefore?.toFixed(1)} before)`,
      )
      .join("\n"),
    missed: summary
      .filter(({ eventsPerSecond }) => eventsPerSecond < floorPerSecond)
      .map(({ kind, eventsPerSecond }) => `${kind}: ${eventsPerSecond.toFixed(0)} events a second, the floor is ${floorPerSecond}`),
  };
}

/** Makes a backlog, lets one worker drain it, and says how fast that was from its first row to its last. */
async function measure(system: LocalSystem, place: BenchPlace, kind: "order.received" | "order.paid", events: number): Promise<Round> {
  const { superuser } = place;
  const query = async <R>(text: string, bound: unknown[] = []) => (await superuser.query(text, bound)).rows as R[];
  await query(
    kind === "order.received"
      ? `select place_order(m.cafe_id, null, jsonb_build_array(jsonb_build_object('menu_item_id', m.id, 'quantity', 1, 'choice_ids', '[]'::jsonb)),
           'pickup', 'cash', null, null, null, null, null) from generate_series(1, $1::int), menu_items m`
      : "select take_cash(id) from (select id from orders where payment_status = 'pending' order by id limit $1::int) o",
    [events],
  );
  await query("vacuum analyze outbox, orders, webhook_deliveries");
  const [before] = await query<{ rows: number }>("select count(*)::int as rows from outbox where done_at is not null");
  const worker = startWorkerProcess(system.env);
  await worker.working;
  const startedAtMs = performance.now();
  const [cpuBeforeMs, databaseBeforeMs] = [cpuMs(worker.pid), cpuMsOf(place.postgresPid)];
  try {
    const heardSeconds = await drained(place, startedAtMs, "topic <> 'receipt.store'");
    const seconds = await drained(place, startedAtMs, "true");
    const [usedMs, databaseMs] = [cpuMs(worker.pid) - cpuBeforeMs, cpuMsOf(place.postgresPid) - databaseBeforeMs];
    const [after] = await query<{ rows: number; dead: number }>(
      "select count(*) filter (where done_at is not null)::int as rows, count(*) filter (where dead_at is not null)::int as dead from outbox",
    );
    if (after?.dead !== 0) throw new Error(`${after?.dead} rows became dead letters.`);
    const rows = after.rows - (before?.rows ?? 0);
    return {
      events,
      rows,
      eventsPerSecond: events / heardSeconds,
      wholeEventsPerSecond: events / seconds,
      rowsPerSecond: rows / seconds,
      workerCpuMsPerEvent: usedMs / events,
      databaseCpuMsPerEvent: databaseMs / events,
    };
  } finally {
    await worker.stop();
  }
}

/** The seconds until no row of these waits any more. */
async function drained({ superuser }: BenchPlace, startedAtMs: number, which: string): Promise<number> {
  for (;;) {
    const { rows } = await superuser.query(`select from outbox where done_at is null and dead_at is null and ${which} limit 1`);
    const nowMs = performance.now();
    if (rows.length === 0) return (nowMs - startedAtMs) / 1_000;
    if (nowMs > startedAtMs + drainedWithinMs) throw new Error(`The worker did not drain its backlog within ${drainedWithinMs} ms.`);
    await pause(20);
  }
}

async function makeCafe({ superuser }: BenchPlace, { env }: LocalSystem, url: string): Promise<void> {
  await superuser.query(`
    with cafe as (insert into cafes (code, name, status, currency) values ('BENCH', 'Bench', 'approved', 'SEK') returning id),
    category as (insert into categories (cafe_id, name) select id, 'Lunch' from cafe returning id, cafe_id)
    insert into menu_items (cafe_id, category_id, name, price_minor) select cafe_id, id, 'Soup', 5900 from category`);
  await superuser.query("insert into webhook_endpoints (cafe_id, url, sealed_secret) select id, $1, $2 from cafes", [
    url,
    seal(env.SEAL_KEY ?? "", webhookSealPurpose, newWebhookSecret()),
  ]);
}

/** Takes every order at once and remembers its event's id. */
async function startTill(): Promise<{ url: string; seen: ReadonlySet<string>; close(): Promise<void> }> {
  const seen = new Set<string>();
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      seen.add(String(request.headers["campus-pay-event-id"]));
      response.end();
    });
  });
  return {
    url: `http://127.0.0.1:${await listenLocally(server)}/orders`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
