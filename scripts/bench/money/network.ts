import { fork } from "node:child_process";
import type { AddressInfo } from "node:net";
import path from "node:path";
import pg from "pg";
import type { LocalSystem } from "../local-system.ts";
import { median } from "../process.ts";
import type { BenchPlace } from "./bench-place.ts";
import { prepareOrders, whilePeerMayWrite } from "./campus.ts";
import { runDebits } from "./debit-run.ts";
import { type DebitScript, manyStatements, oneCall } from "./debit-scripts.ts";
import { interleave } from "./rounds.ts";

export interface NetworkMeasures {
  readonly roundTripMs: number;
  readonly flushMs: number;
  readonly hotCafePerSecond: number;
  readonly fiftyCafesPerSecond: number;
  readonly hotRowPerSecond: number;
  /** T5, medians over the rounds. */
  readonly hotToFifty: number;
  readonly hotToHotRow: number;
}

const clients = 32;
const seconds = 4;
const cafes = 50;
const wireDelayMs = 1;
const flushMs = 2;

/** T5: every order at one café against fifty of them, and against a design with a running balance of that café. */
export async function measureNetwork(
  system: LocalSystem,
  place: BenchPlace,
  { rounds: count, orders }: { readonly rounds: number; readonly orders: number },
): Promise<NetworkMeasures> {
  const wire = await startWire(system.cluster.port);
  try {
    await delayFlushes(place, true);
    const roundTripMs = await measureRoundTrip(place, wire.port);
    const debit = (script: DebitScript, spreadOver: number) => async () => {
      await prepareOrders(place.superuser, { orders, cafes: spreadOver, scanned: true });
      return runDebits(place, { script, clients, seconds, port: wire.port });
    };
    const variants = { hot: debit(oneCall, 1), fifty: debit(oneCall, cafes), hotRow: debit(manyStatements, 1) };
    const rounds = await whilePeerMayWrite(place.superuser, () =>
      interleave(count, variants, (round, { hot, fifty, hotRow }) =>
        console.error(
          `network, round ${round}: one café ${Math.round(hot.perSecond)}/s, fifty ${Math.round(fifty.perSecond)}/s, with a running balance ${Math.round(hotRow.perSecond)}/s`,
        ),
      ),
    );
    await place.assertBooks();
    const rate = (variant: keyof typeof variants) => median(rounds.map((round) => round[variant].perSecond));
    return {
      roundTripMs,
      flushMs,
      hotCafePerSecond: rate("hot"),
      fiftyCafesPerSecond: rate("fifty"),
      hotRowPerSecond: rate("hotRow"),
      hotToFifty: median(rounds.map(({ hot, fifty }) => hot.perSecond / fifty.perSecond)),
      hotToHotRow: median(rounds.map(({ hot, hotRow }) => hot.perSecond / hotRow.perSecond)),
    };
  } finally {
    await delayFlushes(place, false);
    wire.stop();
  }
}

/**
 * commit_delay makes every flush of the log wait, with the commit's locks held, as a slow fdatasync does: this machine's
 * own disk cannot be slowed down.
 */
async function delayFlushes({ superuser, database }: BenchPlace, on: boolean): Promise<void> {
  const name = superuser.escapeIdentifier(database);
  if (on)
    await superuser.query(`alter database ${name} set commit_delay = ${flushMs * 1000}; alter database ${name} set commit_siblings = 0`);
  else await superuser.query(`alter database ${name} reset commit_delay; alter database ${name} reset commit_siblings`);
}

async function startWire(targetPort: number) {
  const child = fork(path.join(import.meta.dirname, "delaying-wire.ts"), [String(targetPort), String(wireDelayMs)], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const { port } = await new Promise<AddressInfo>((resolve, reject) => {
    child.once("message", (address) => resolve(address as AddressInfo));
    child.once("exit", (code) => reject(new Error(`The wire ended with code ${code}.`)));
  });
  return { port, stop: () => child.disconnect() };
}

const asked = 200;

/** What the wire really adds, as one client sees it. */
async function measureRoundTrip({ database, appPassword }: BenchPlace, port: number): Promise<number> {
  const client = new pg.Client({ host: "127.0.0.1", port, database, user: "campus_app", password: appPassword });
  await client.connect();
  const times: number[] = [];
  for (let turn = 0; turn < asked; turn += 1) {
    const startedAtMs = performance.now();
    await client.query("select 1");
    times.push(performance.now() - startedAtMs);
  }
  await client.end();
  return median(times);
}
