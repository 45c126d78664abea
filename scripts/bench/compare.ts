import { availableParallelism, loadavg } from "node:os";
import pg from "pg";
import { type Asked, type Command, wholeNumber } from "../../app/local/command.ts";
import { asSuperuser, createDatabase } from "../../app/local/roles.ts";
import type { BenchOutcome } from "../bench.ts";
import { startLocalSystem } from "./local-system.ts";
import { openPlace } from "./money/bench-place.ts";
import { makeCampus, prepareOrders } from "./money/campus.ts";
import { type FlowResult, runFlows, startApiPair } from "./money/flows.ts";
import { logInPayers } from "./money/payers.ts";
import { interleave, spread } from "./money/rounds.ts";
import { startPeer } from "./peer.ts";
import { median } from "./process.ts";

const connections = 32;
const warmUpMs = 1_500;
const windowMs = 4_000;
const firstWarmUpMs = 8_000;
const cafes = 50;
const peerDatabase = "peer";
/** T6 of docs/performance.md. */
const fewestTimes = 4;

export const command = {
  name: "npm run bench -- compare",
  for: "developer",
  what: "Pays through the product and through a textbook version of the same three requests (Express, an ORM, JWT, validation, running balances), in turns on the same PostgreSQL.",
  touches: "a system of its own on this machine, which it ends; the peer's packages go beside it, into scripts/bench/peer/node_modules.",
  options: {
    rounds: { type: "string", value: "N", default: "5", help: "interleaved rounds, at least 1" },
    students: {
      type: "string",
      value: "N",
      default: "6000",
      help: "who pay, once a round: more than are paid in a window and its warm-up",
    },
  },
  exits: { 1: "the product is not so many times as fast as is promised" },
} as const satisfies Command;

export async function run({ values }: Asked<(typeof command)["options"]>): Promise<BenchOutcome> {
  const rounds = wholeNumber(command, "rounds", values.rounds, { from: 1, to: 100 });
  const students = wholeNumber(command, "students", values.students, { from: 100, to: 100_000 });
  const say = (line: string) => console.error(`compare: ${line}`);
  const loadBefore = loadavg()[0];
  const system = await startLocalSystem({ durable: true });
  const undo: (() => Promise<unknown>)[] = [() => system.stop()];
  try {
    const place = await openPlace(system, system.database);
    undo.push(() => place.end());
    await makeCampus(place.superuser, { students, cafes }, system.env.CARD_PEPPER ?? "");
    const ours = {
      payers: await logInPayers(place.superuser, system.env, { count: students, cafes }),
      api: await startApiPair(system.env),
    };
    undo.push(() => ours.api.stop());
    await asSuperuser(system.cluster, "postgres", (client) => createDatabase(client, peerDatabase));
    const databaseUrl = system.cluster.superuserUrl(peerDatabase);
    const database = new pg.Client({ connectionString: databaseUrl });
    await database.connect();
    undo.push(() => database.end());
    const peer = await startPeer({ databaseUrl, database, students, cafes, say });
    undo.push(() => peer.api.stop());
    const pay = async (who: "product" | "peer", warmMs: number): Promise<FlowResult> => {
      if (who === "product") await prepareOrders(place.superuser, { orders: students, cafes, scanned: false });
      else await peer.prepareOrders();
      const { api, payers } = who === "product" ? ours : peer;
      return runFlows(system, api, { ports: api.ports, connections, payers, warmUpMs: warmMs, windowMs });
    };
    for (const who of ["product", "peer"] as const) await pay(who, firstWarmUpMs);
    const found = await interleave(
      rounds,
      { product: () => pay("product", warmUpMs), peer: () => pay("peer", warmUpMs) },
      (round, { product, peer: other }) =>
        say(
          `round ${round}: ${Math.round(product.perSecond)}/s to ${Math.round(other.perSecond)}/s, ${cpuOf(product).toFixed(2)} to ${cpuOf(other).toFixed(2)} ms of CPU a payment`,
        ),
    );
    await place.assertBooks();
    await peer.assertBooks();
    return outcomeOf(found, [loadBefore ?? 0, loadavg()[0] ?? 0]);
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

const cpuOf = ({ cpu }: FlowResult): number => cpu.nodeMs + cpu.postgresMs + cpu.redisMs;

function outcomeOf(found: readonly Readonly<Record<"product" | "peer", FlowResult>>[], load: readonly number[]): BenchOutcome {
  const rates = found.map(({ product, peer }) => product.perSecond / peer.perSecond);
  const cpus = found.map(({ product, peer }) => cpuOf(product) / cpuOf(peer));
  const of = (who: "product" | "peer") => ({
    perSecond: median(found.map((round) => round[who].perSecond)),
    cpuMs: median(found.map((round) => cpuOf(round[who]))),
    confirmP95Ms: median(found.map((round) => round[who].confirmMs[Math.floor(round[who].confirmMs.length * 0.95)] ?? 0)),
  });
  const [product, peer, rate] = [of("product"), of("peer"), median(rates)];
  const line = (name: string, { perSecond, cpuMs, confirmP95Ms }: ReturnType<typeof of>) =>
    `| ${name} | ${Math.round(perSecond)} | ${cpuMs.toFixed(2)} | ${confirmP95Ms.toFixed(1)} |`;
  return {
    report: {
      settings: { rounds: found.length, connections, processors: availableParallelism(), node: process.version, load_average: load },
      product,
      peer,
      rate_ratio: { median: rate, ...spread(rates) },
      cpu_ratio: { median: median(cpus), ...spread(cpus) },
    },
    table: [
      `| ${found.length} interleaved rounds, ${connections} clients, load ${load.map((one) => one.toFixed(1)).join(" to ")} | payments a second | CPU ms | confirm p95 ms |`,
      "|---|--:|--:|--:|",
      line("product (receipt, events, outbox, audit)", product),
      line("textbook peer (none of these)", peer),
      `T6: ${rate.toFixed(2)} × the rate (${spread(rates).least.toFixed(2)} to ${spread(rates).most.toFixed(2)}), ${median(cpus).toFixed(2)} × the CPU`,
    ].join("\n"),
    missed: rate < fewestTimes ? [`T6: ${rate.toFixed(2)} × the peer's rate, at least ${fewestTimes} ×`] : [],
  };
}
