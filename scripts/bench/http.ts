import { type ChildProcess, fork } from "node:child_process";
import { loadavg } from "node:os";
import path from "node:path";
import { type Holder, signAccessToken } from "../../app/identity/access-token.ts";
import { parseKeyring } from "../../app/identity/keyring.ts";
import { type Asked, type Command, wholeNumber } from "../../app/local/command.ts";
import { asSuperuser } from "../../app/local/roles.ts";
import type { BenchOutcome } from "../bench.ts";
import { type Load, type LoadResult, runLoad } from "./load.ts";
import { type LocalSystem, startLocalSystem } from "./local-system.ts";
import { cpuMs, median, pause, residentMiB } from "./process.ts";
import { startApi } from "./server-process.ts";

const floors = { tokenToBare: 0.45, meToUnchecked: 0.6, startMs: 1_500, restMiB: 180, loadMiB: 350, soakGrowth: 0.05 };
const variants = ["bare", "token", "me", "me-unchecked"] as const;
type Variant = (typeof variants)[number];
// A campus's worth of people, so that the cache of verified tokens is used as it would be.
const students = 1_000;
const connections = 32;
const requestsOf: Readonly<Record<Variant, number>> = { bare: 20_000, token: 20_000, me: 8_000, "me-unchecked": 8_000 };
const address = "/api/v1/users/me";

export const command = {
  name: "npm run bench -- http",
  for: "developer",
  what: "Times the layers that every request goes through, the start of a process, and its memory.",
  touches: "a system of its own on this machine, which it ends.",
  options: {
    rounds: { type: "string", value: "N", default: "7", help: "rounds, at least 5" },
    starts: { type: "string", value: "N", default: "5", help: "starts of a process" },
    soak: { type: "string", value: "N", default: "0", help: "seconds of load, to see memory grow" },
  },
  exits: { 1: "a floor was missed" },
} as const satisfies Command;

export async function run({ values }: Asked<(typeof command)["options"]>): Promise<BenchOutcome> {
  const system = await startLocalSystem({ durable: false });
  try {
    const people = await signIn(system);
    const rounds = await compareVariants(system, people, wholeNumber(command, "rounds", values.rounds, { from: 5 }));
    const starts = await measureStarts(system, wholeNumber(command, "starts", values.starts));
    const memory = await measureMemory(system, people, wholeNumber(command, "soak", values.soak, { from: 0 }));
    return outcomeOf(rounds, starts, memory);
  } finally {
    await system.stop();
  }
}

interface People {
  readonly holder: Holder;
  readonly authorizations: readonly string[];
}

async function signIn({ cluster, database, env }: LocalSystem): Promise<People> {
  const holders = await asSuperuser(cluster, database, async (client) => {
    const { rows } = await client.query<{ id: string; session_id: string }>(
      `with made as (insert into students (phone, name) select '+4670' || lpad(n::text, 7, '0'), 'Student ' || n from generate_series(1, $1) n returning id)
       insert into sessions (student_id) select id from made returning student_id as id, id as session_id`,
      [students],
    );
    return rows.map(({ id, session_id }): Holder => ({ kind: "student", id, sessionId: session_id }));
  });
  const keyring = parseKeyring(env.JWT_KEYS ?? "");
  const signing = { issuer: "http://127.0.0.1:8080", lifeSeconds: 86_400, nowMs: Date.now() };
  const [holder] = holders;
  if (!holder) throw new Error("No student was made.");
  return { holder, authorizations: holders.map((each) => `Bearer ${signAccessToken(keyring, each, signing)}`) };
}

type Round = Readonly<Record<Variant, LoadResult>>;

/** Every round asks each server once, in another order, so that what else the machine does falls on all alike. */
async function compareVariants(system: LocalSystem, people: People, count: number): Promise<Round[]> {
  const servers = await Promise.all(variants.map((variant) => startVariant(system, variant, people.holder)));
  try {
    const rounds: Round[] = [];
    for (let round = 0; round < count; round += 1) {
      const results: Partial<Record<Variant, LoadResult>> = {};
      for (let turn = 0; turn < servers.length; turn += 1) {
        const server = servers[(turn + round) % servers.length];
        if (server) results[server.variant] = await runLoad(loadOf(server.port, server.variant, people));
      }
      rounds.push(results as Round);
      console.error(`round ${round + 1} of ${count}: ${variants.map((each) => `${each} ${rate(results[each]?.perSecond)}`).join(", ")}`);
    }
    return rounds;
  } finally {
    for (const { child } of servers) child.disconnect();
  }
}

const loadOf = (port: number, variant: Variant, { authorizations }: People): Load => ({
  url: `http://127.0.0.1:${port}${address}`,
  authorizations,
  connections,
  warmUp: requestsOf[variant] / 4,
  requests: requestsOf[variant],
});

async function startVariant({ env }: LocalSystem, variant: Variant, holder: Holder) {
  const file = path.join(import.meta.dirname, "http-variant.ts");
  const child: ChildProcess = fork(file, [variant, JSON.stringify(holder)], { env, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const port = await new Promise<number>((resolve, reject) => {
    child.once("message", (message) => resolve((message as { port: number }).port));
    child.once("exit", (code) => reject(new Error(`The server "${variant}" ended with code ${code}.`)));
  });
  return { variant, child, port };
}

interface Start {
  readonly wallMs: number;
  readonly cpuMs: number;
}

const program = path.join(import.meta.dirname, "../../app/main.ts");
// What is measured is when it is ready.
const lookEveryMs = 2;

/** From the start of the process to its first 200 on /ready. */
async function measureStarts(system: LocalSystem, count: number): Promise<Start[]> {
  const starts: Start[] = [];
  for (let turn = 0; turn < count; turn += 1) {
    const startedAtMs = performance.now();
    const api = await startApi(program, system.env, lookEveryMs);
    starts.push({ wallMs: Math.round(performance.now() - startedAtMs), cpuMs: cpuMs(api.pid) });
    await api.stop();
  }
  console.error(`start: ${starts.map(({ wallMs, cpuMs: cpu }) => `${wallMs} ms (${cpu} ms of CPU)`).join(", ")}`);
  return starts;
}

interface Memory {
  readonly restMiB: number;
  readonly loadMiB: number;
  /** Of the last quarter of the soak over its second quarter, as a share; undefined without a soak. */
  readonly soak: { readonly seconds: number; readonly growth: number; readonly samplesMiB: readonly number[] } | undefined;
}

const restMs = 3_000;
const sampleMs = 250;
const loadRounds = 5;

async function measureMemory(system: LocalSystem, people: People, soakSeconds: number): Promise<Memory> {
  const api = await startApi(program, system.env);
  try {
    await pause(restMs);
    const restMiB = residentMiB(api.pid);
    const samples: number[] = [];
    const timer = setInterval(() => samples.push(residentMiB(api.pid)), sampleMs);
    for (let round = 0; round < loadRounds; round += 1) await runLoad(loadOf(api.port, "me", people));
    clearInterval(timer);
    const loadMiB = Math.max(...samples);
    console.error(`memory: ${Math.round(restMiB)} MiB at rest, ${Math.round(loadMiB)} MiB under load`);
    return { restMiB, loadMiB, soak: soakSeconds > 0 ? await soak(api, people, soakSeconds) : undefined };
  } finally {
    await api.stop();
  }
}

async function soak(api: { port: number; pid: number }, people: People, seconds: number): Promise<NonNullable<Memory["soak"]>> {
  const samplesMiB: number[] = [];
  const timer = setInterval(() => samplesMiB.push(residentMiB(api.pid)), 1_000);
  const endsAtMs = performance.now() + seconds * 1000;
  // Half of the time under full load, half at rest.
  while (performance.now() < endsAtMs) {
    const startedAtMs = performance.now();
    await runLoad({ ...loadOf(api.port, "me", people), warmUp: 0 });
    await pause(performance.now() - startedAtMs);
  }
  clearInterval(timer);
  const quarter = Math.floor(samplesMiB.length / 4);
  // The first quarter fills caches and heap; from then on it should stay.
  const growth = median(samplesMiB.slice(-quarter)) / median(samplesMiB.slice(quarter, 2 * quarter)) - 1;
  return { seconds, growth, samplesMiB: samplesMiB.map(Math.round) };
}

function outcomeOf(rounds: readonly Round[], starts: readonly Start[], memory: Memory): BenchOutcome {
  const ratioOf = (upper: Variant, lower: Variant) => median(rounds.map((round) => round[upper].perSecond / round[lower].perSecond));
  const tokenToBare = ratioOf("token", "bare");
  const meToUnchecked = ratioOf("me", "me-unchecked");
  // The fastest: whatever else the machine does can only add to it.
  const startMs = Math.min(...starts.map(({ wallMs }) => wallMs));
  const { restMiB, loadMiB, soak: soaked } = memory;
  const checks = [
    {
      name: "token check alone / bare route",
      value: share(tokenToBare),
      floor: `≥ ${share(floors.tokenToBare)}`,
      met: tokenToBare >= floors.tokenToBare,
    },
    {
      name: "/users/me with / without the token check",
      value: share(meToUnchecked),
      floor: `≥ ${share(floors.meToUnchecked)}`,
      met: meToUnchecked >= floors.meToUnchecked,
    },
    {
      name: "start to first /ready 200",
      value: `${Math.round(startMs)} ms`,
      floor: `≤ ${floors.startMs} ms`,
      met: startMs <= floors.startMs,
    },
    { name: "memory at rest", value: `${Math.round(restMiB)} MiB`, floor: `≤ ${floors.restMiB} MiB`, met: restMiB <= floors.restMiB },
    { name: "memory under load", value: `${Math.round(loadMiB)} MiB`, floor: `≤ ${floors.loadMiB} MiB`, met: loadMiB <= floors.loadMiB },
    ...(soaked
      ? [
          {
            name: `growth over ${soaked.seconds} s of load`,
            value: share(soaked.growth),
            floor: `≤ ${share(floors.soakGrowth)}`,
            met: soaked.growth <= floors.soakGrowth,
          },
        ]
      : []),
  ];
  const medians = Object.fromEntries(
    variants.map((variant) => [
      variant,
      {
        per_second: Math.round(median(rounds.map((round) => round[variant].perSecond))),
        p50_ms: round2(median(rounds.map((round) => round[variant].p50Ms))),
        p99_ms: round2(median(rounds.map((round) => round[variant].p99Ms))),
      },
    ]),
  );
  return {
    report: {
      settings: { rounds: rounds.length, connections, students, requests: requestsOf, node: process.version, load_average: loadavg()[0] },
      medians,
      ratios: { token_to_bare: round2(tokenToBare), me_to_me_unchecked: round2(meToUnchecked) },
      start: { fastest_ms: startMs, all_ms: starts.map(({ wallMs }) => wallMs), cpu_ms: median(starts.map(({ cpuMs: cpu }) => cpu)) },
      memory_mib: { rest: Math.round(restMiB), load: Math.round(loadMiB), ...(soaked ? { soak: soaked } : {}) },
    },
    table: [
      ...variants.map(
        (variant) => `${variant.padEnd(42)} ${rate(medians[variant]?.per_second).padStart(10)}   p99 ${medians[variant]?.p99_ms} ms`,
      ),
      ...checks.map(
        ({ name, value, floor, met }) => `${name.padEnd(42)} ${value.padStart(10)}   ${floor.padEnd(12)} ${met ? "met" : "MISSED"}`,
      ),
    ].join("\n"),
    missed: checks.filter(({ met }) => !met).map(({ name, value, floor }) => `${name} is ${value}, the floor is ${floor}`),
  };
}

const rate = (perSecond: number | undefined) => `${Math.round(perSecond ?? 0).toLocaleString("en")}/s`;
const share = (value: number) => `${(value * 100).toFixed(1)} %`;
const round2 = (value: number) => Math.round(value * 100) / 100;
