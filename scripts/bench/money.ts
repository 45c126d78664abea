import { availableParallelism, loadavg } from "node:os";
import { type Asked, type Command, refuse, wholeNumber } from "../../app/local/command.ts";
import { asSuperuser, createDatabase } from "../../app/local/roles.ts";
import type { BenchOutcome } from "../bench.ts";
import { type LocalSystem, startLocalSystem } from "./local-system.ts";
import { openPlace } from "./money/bench-place.ts";
import { makeCampus } from "./money/campus.ts";
import { measureChecks } from "./money/checks.ts";
import { debitDriver } from "./money/debit-run.ts";
import { compareDebits } from "./money/debits.ts";
import { measureGrowth } from "./money/growth.ts";
import { judge, type Measures, tableOf } from "./money/judge.ts";
import { measureNetwork } from "./money/network.ts";
import { measureOutbox } from "./money/outbox.ts";
import { measurePayments } from "./money/payments.ts";

const students = 40_000;
const payers = 12_000;
const cafes = 50;
const fewestRounds = 3;
const parts = ["debits", "payments", "outbox", "growth", "network", "checks"] as const;
type Part = (typeof parts)[number];

interface Options {
  readonly rounds: number;
  readonly rows: number;
  readonly debits: number;
  readonly only: readonly Part[];
}

export const command = {
  name: "npm run bench -- money",
  for: "developer",
  what: "Times what money waits for: debits, whole payments, the outbox, a grown ledger, a slow wire, the check of the books.",
  touches: "a system of its own on this machine, which it ends.",
  options: {
    rounds: { type: "string", value: "N", default: "5", help: `rounds, at least ${fewestRounds}, or a median says nothing` },
    rows: { type: "string", value: "N", default: "10000000", help: "entries of the grown ledger" },
    debits: { type: "string", value: "N", default: "1000000", help: "debits in the books that are checked" },
    only: { type: "string", value: "PART,…", help: `${parts.join(", ")}; all unless said` },
  },
  exits: { 1: "a floor was missed" },
} as const satisfies Command;

export async function run({ values }: Asked<(typeof command)["options"]>): Promise<BenchOutcome> {
  const options = optionsOf(values);
  const loadBefore = loadavg()[0];
  const system = withPublicUrl(await startLocalSystem({ durable: true }));
  try {
    const measures = await measure(system, options);
    const settings = await readSettings(system);
    const judged = judge(measures);
    return {
      report: {
        settings: { ...settings, rounds: options.rounds, load_average_before: loadBefore, load_average_after: loadavg()[0] },
        measures,
        judged,
      },
      table: [
        `${settings.driver}; PostgreSQL ${settings.server_version}, fsync ${settings.fsync}, synchronous_commit ${settings.synchronous_commit}, full_page_writes ${settings.full_page_writes}, wal_compression ${settings.wal_compression} (T4: on);`,
        `${settings.processors} processors, load ${loadBefore?.toFixed(1)} before; medians over ${options.rounds} interleaved rounds; T7: every invariant held after each part`,
        tableOf(judged),
        ...costLines(measures),
      ].join("\n"),
      missed: judged
        .filter(({ isMet }) => !isMet)
        .map(({ target, what, value, floor }) => `${target} ${what} is ${value.toFixed(2)}, the floor is ${floor}`),
    };
  } finally {
    await system.stop();
  }
}

function optionsOf(values: Asked<(typeof command)["options"]>["values"]): Options {
  const only = values.only?.split(",") ?? parts;
  const unknown = only.find((name) => !parts.includes(name as Part));
  if (unknown !== undefined) throw refuse(command, `there is no part "${unknown}": --only takes ${parts.join(", ")}.`);
  return {
    rounds: wholeNumber(command, "rounds", values.rounds, { from: fewestRounds }),
    rows: wholeNumber(command, "rows", values.rows, { to: 1_000_000_000 }),
    debits: wholeNumber(command, "debits", values.debits, { to: 100_000_000 }),
    only: only as readonly Part[],
  };
}

const withPublicUrl = (system: LocalSystem): LocalSystem => ({ ...system, env: { ...system.env, PUBLIC_URL: "http://127.0.0.1:8080" } });

async function measure(system: LocalSystem, { rounds, rows, debits, only }: Options): Promise<Measures> {
  await asSuperuser(system.cluster, "postgres", (client) => createDatabase(client, "campus_empty", system.database));
  const place = await openPlace(system, system.database);
  const wanted = (part: Part) => only.includes(part);
  try {
    await makeCampus(place.superuser, { students, cafes }, system.env.CARD_PEPPER ?? "");
    return {
      ...(wanted("debits") ? { debits: await compareDebits(place, { rounds, orders: students, cafes, port: system.cluster.port }) } : {}),
      ...(wanted("payments") ? { payments: await measurePayments(system, place, { rounds, payers, debits: students, cafes }) } : {}),
      ...(wanted("outbox") ? { outbox: await measureOutbox(system, { rounds }) } : {}),
      ...(wanted("network") ? { network: await measureNetwork(system, place, { rounds, orders: students }) } : {}),
      ...(wanted("growth") ? { growth: await measureGrowth(system, { rounds, rows }) } : {}),
      ...(wanted("checks") ? { checks: await measureChecks(system, { rounds, debits }) } : {}),
    };
  } finally {
    await place.end();
  }
}

const shownSettings = [
  "server_version",
  "fsync",
  "synchronous_commit",
  "full_page_writes",
  "wal_compression",
  "shared_buffers",
  "max_connections",
] as const;

async function readSettings(system: LocalSystem) {
  const rows = await asSuperuser(
    system.cluster,
    system.database,
    async (client) =>
      (
        await client.query<{ name: string; shown: string }>("select name, current_setting(name) as shown from unnest($1::text[]) name", [
          [...shownSettings],
        ])
      ).rows,
  );
  const found = Object.fromEntries(rows.map(({ name, shown }) => [name, shown])) as Record<(typeof shownSettings)[number], string>;
  return { ...found, driver: debitDriver(), processors: availableParallelism(), node: process.version };
}

function costLines({ debits, payments, outbox, growth, network, checks }: Measures): string[] {
  const ms = (value: number) => `${value.toFixed(2)} ms`;
  return [
    ...(debits
      ? [
          `debits: ${Math.round(debits.oneCall.perSecond)}/s in one call (${ms(debits.oneCall.cpuMsPerDebit)} CPU), ${Math.round(debits.manyStatements.perSecond)}/s in many statements (${ms(debits.manyStatements.cpuMsPerDebit)})`,
        ]
      : []),
    ...(payments
      ? [
          `a payment: node ${ms(payments.capacity.nodeMs)}, PostgreSQL ${ms(payments.capacity.postgresMs)}, Redis ${ms(payments.capacity.redisMs)} CPU; a debit alone ${ms(payments.debitCpuMs)}; ${Math.round(payments.capacity.perSecond)} payments/s at most`,
          `half of it (${Math.round(payments.half.perSecond)}/s): confirm p50 ${ms(payments.half.p50Ms)}, p99 ${ms(payments.half.p99Ms)}`,
        ]
      : []),
    ...(outbox
      ? [
          `confirm p95 at ${outbox.perSecond}/s: ${ms(outbox.p95Ms.without)} without rows for the outbox, ${ms(outbox.p95Ms.rows)} with them, ${ms(outbox.p95Ms.worker)} beside a worker that drains them`,
        ]
      : []),
    ...(growth
      ? [
          `ledger of ${growth.smallRows.toLocaleString("en")} and of ${growth.largeRows.toLocaleString("en")} rows: p50 ${ms(growth.small.p50Ms)} and ${ms(growth.large.p50Ms)}, CPU ${ms(growth.small.cpuMsPerDebit)} and ${ms(growth.large.cpuMsPerDebit)}`,
        ]
      : []),
    ...(checks
      ? [
          `checks over ${checks.debits.toLocaleString("en")} debits: whole ${checks.wholeSeconds.toFixed(1)} s (${checks.wholeCpuSeconds.toFixed(1)} s CPU), what ${checks.recentDebits.toLocaleString("en")} debits did ${checks.recentCpuSeconds.toFixed(2)} s CPU; debit p99 ${ms(checks.p99Ms.alone)} alone, ${ms(checks.p99Ms.beside)} beside a whole check`,
        ]
      : []),
    ...(network
      ? [
          `network of ${ms(network.roundTripMs)} a round trip and ${network.flushMs} ms a flush (commit_delay in the place of a slow fdatasync): one café ${Math.round(network.hotCafePerSecond)}/s, fifty ${Math.round(network.fiftyCafesPerSecond)}/s, running balance ${Math.round(network.hotRowPerSecond)}/s`,
        ]
      : []),
  ];
}
