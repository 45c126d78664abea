import { loadavg } from "node:os";
import pg from "pg";
import { type Asked, type Command, wholeNumber } from "../../app/local/command.ts";
import { asSuperuser, createDatabase } from "../../app/local/roles.ts";
import type { BenchOutcome } from "../bench.ts";
import { type Contestant, type Measured, renderTable, summaryOf, targetsOf, writeComparison } from "./compare/report.ts";
import { type LedgerServer, readLedgerDescription, startLedgerServer } from "./ledger-server.ts";
import { type LocalSystem, startLocalSystem } from "./local-system.ts";
import { machineOf } from "./machine.ts";
import { type BenchPlace, openPlace } from "./money/bench-place.ts";
import { makeCampus, openedCharges, prepareOrders } from "./money/campus.ts";
import { debitDriver, runDebits } from "./money/debit-run.ts";
import { oneCall } from "./money/debit-scripts.ts";
import { type ApiPair, runFlows, startApiPair } from "./money/flows.ts";
import type { Payer } from "./money/pay-load.ts";
import { logInPayers } from "./money/payers.ts";
import { interleave } from "./money/rounds.ts";
import { type Peer, startPeer } from "./peer.ts";

const connections = 32;
const warmUpMs = 1_500;
const windowMs = 4_000;
const firstWarmUpMs = 8_000;
const debitSeconds = 4;
const cafes = 50;
const mostPayers = 24_000;
const peerDatabase = "peer";
const ledgerDatabase = "ledger_server";

export const command = {
  name: "npm run bench -- compare",
  for: "developer",
  what: "Compares, in turns on the same PostgreSQL: its limit (pgbench on our own debit), our debit over HTTP, a whole payment, and a textbook version of the same three requests (Express, an ORM, JWT, validation, running balances).",
  touches: "a system of its own on this machine, which it ends; the peer's packages go beside it, into scripts/bench/peer/node_modules.",
  options: {
    rounds: { type: "string", value: "N", default: "5", help: "interleaved rounds, at least 1" },
    students: {
      type: "string",
      value: "N",
      default: "40000",
      help: "of the campus, each with an order a round: more than are paid in a window and its warm-up",
    },
    "with-ledger": {
      type: "string",
      value: "FILE",
      help: "a ledger server that you have built, described as docs/performance.md says: its synchronous transfers are the fifth, and T8 is printed",
    },
    write: { type: "boolean", help: "then write table, chart and machine into docs/performance.md" },
  },
  exits: { 1: "the product is not so many times as fast as is promised" },
} as const satisfies Command;

export async function run({ values }: Asked<(typeof command)["options"]>): Promise<BenchOutcome> {
  const rounds = wholeNumber(command, "rounds", values.rounds, { from: 1, to: 100 });
  const students = wholeNumber(command, "students", values.students, { from: 100, to: 200_000 });
  const described = values["with-ledger"] === undefined ? undefined : readLedgerDescription(values["with-ledger"]);
  const loadBefore = loadavg()[0] ?? 0;
  const system = await startLocalSystem({ durable: true });
  const undo: (() => Promise<unknown>)[] = [() => system.stop()];
  try {
    const place = await openPlace(system, system.database);
    undo.push(() => place.end());
    const field = await startAll(system, place, { students, described, undo });
    for (const who of ["debit", "payment", "peer"] as const) await field[who]?.(firstWarmUpMs);
    const turns = Object.fromEntries(Object.entries(field).map(([who, turn]) => [who, () => turn(warmUpMs)])) as Record<
      Contestant,
      () => Promise<Measured>
    >;
    const found = await interleave(rounds, turns, (round, results) =>
      say(
        `round ${round}: ${Object.entries(results)
          .map(([who, { perSecond, cpuMs }]) => `${who} ${Math.round(perSecond)}/s, ${cpuMs.toFixed(2)} ms`)
          .join("; ")}`,
      ),
    );
    await place.assertBooks();
    const settings = {
      rounds: found.length,
      connections,
      driver: debitDriver(),
      machine: await machineOf(place.superuser),
      load_average: [loadBefore, loadavg()[0] ?? 0],
    };
    const summary = summaryOf(found, described?.name);
    if (values.write) writeComparison(summary, settings);
    return {
      report: { settings, ...summary },
      table: renderTable(summary, settings),
      missed: targetsOf(summary).flatMap(({ missed }) => missed),
    };
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

const say = (line: string) => console.error(`compare: ${line}`);

interface Field {
  readonly students: number;
  readonly described: ReturnType<typeof readLedgerDescription> | undefined;
  readonly undo: (() => Promise<unknown>)[];
}

type Turn = (warmUpMs: number) => Promise<Measured>;

/** Each of them, ready to pay for a window. */
async function startAll(
  system: LocalSystem,
  place: BenchPlace,
  { students, described, undo }: Field,
): Promise<Readonly<Partial<Record<Contestant, Turn>>>> {
  await makeCampus(place.superuser, { students, cafes }, system.env.CARD_PEPPER ?? "");
  const count = Math.min(students, mostPayers);
  const payers = await logInPayers(place.superuser, system.env, { count, cafes });
  const api = await startApiPair(system.env);
  undo.push(() => api.stop());
  const peer = await startBeside(system, { count, undo });
  const ledger = described && (await startLedger(system, described, { count, undo }));
  const flows = async (of: ApiPair, who: readonly Payer[], warmMs: number): Promise<Measured> => {
    const { perSecond, cpu, confirmMs } = await runFlows(system, of, {
      ports: of.ports,
      connections,
      payers: who,
      warmUpMs: warmMs,
      windowMs,
    });
    return { perSecond, cpuMs: cpu.nodeMs + cpu.postgresMs + cpu.redisMs, p95Ms: confirmMs[Math.floor(confirmMs.length * 0.95)] ?? 0 };
  };
  return {
    async limit() {
      await prepareOrders(place.superuser, { orders: students, cafes, scanned: true });
      const load = { script: oneCall, clients: connections, seconds: debitSeconds, port: system.cluster.port };
      const { perSecond, cpuMsPerDebit, p95Ms } = await runDebits(place, load);
      return { perSecond, cpuMs: cpuMsPerDebit, p95Ms };
    },
    async debit(warmMs) {
      await prepareOrders(place.superuser, { orders: count, cafes, scanned: true });
      const charges = await openedCharges(place.superuser);
      return flows(
        api,
        payers.map((payer, index) => ({ ...payer, charge: charges[index] })),
        warmMs,
      );
    },
    async payment(warmMs) {
      await prepareOrders(place.superuser, { orders: count, cafes, scanned: false });
      return flows(api, payers, warmMs);
    },
    async peer(warmMs) {
      await peer.prepareOrders();
      const measured = await flows(peer.api, peer.payers, warmMs);
      await peer.assertBooks();
      return measured;
    },
    ...(ledger ? { ledger: async (warmMs: number) => flows(ledger.api, await ledger.transfers(), warmMs) } : {}),
  };
}

interface Beside {
  readonly count: number;
  readonly undo: (() => Promise<unknown>)[];
}

async function startBeside(system: LocalSystem, { count, undo }: Beside): Promise<Peer> {
  await asSuperuser(system.cluster, "postgres", (client) => createDatabase(client, peerDatabase));
  const databaseUrl = system.cluster.superuserUrl(peerDatabase);
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  undo.push(() => database.end());
  const peer = await startPeer({ databaseUrl, database, students: count, cafes, say });
  undo.push(() => peer.api.stop());
  return peer;
}

async function startLedger(
  system: LocalSystem,
  described: NonNullable<Field["described"]>,
  { count, undo }: Beside,
): Promise<LedgerServer> {
  await asSuperuser(system.cluster, "postgres", (client) => createDatabase(client, ledgerDatabase));
  const databaseUrl = system.cluster.superuserUrl(ledgerDatabase);
  const server = await startLedgerServer(described, { databaseUrl, students: count, cafes });
  undo.push(() => server.api.stop());
  return server;
}
