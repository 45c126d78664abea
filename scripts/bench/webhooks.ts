import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { loadavg } from "node:os";
import path from "node:path";
import { type Asked, type Command, wholeNumber } from "../../app/local/command.ts";
import type { BenchOutcome } from "../bench.ts";
import { type LocalSystem, startLocalSystem } from "./local-system.ts";
import { type BenchPlace, openPlace } from "./money/bench-place.ts";
import { startApiPair } from "./money/flows.ts";
import { pause } from "./process.ts";

const students = 200;
const amountMinor = 1_000;
const warmUp = 300;
const connections = 8;
const p95CeilingMs = 50;
const creditedWithinMs = 120_000;

interface Result {
  /** Webhooks that come at this rate, whatever the answers take. */
  readonly arrivalsPerSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** As fast as they are answered, and how fast one worker credits them meanwhile. */
  readonly burst: {
    readonly webhooks: number;
    readonly connections: number;
    readonly answeredPerSecond: number;
    readonly creditedPerSecond: number;
  };
}

interface Options {
  readonly rate: number;
  readonly seconds: number;
  readonly burst: number;
}

export const command = {
  name: "npm run bench -- webhooks",
  for: "developer",
  what: "Signed webhooks of distinct payments to two API processes, a worker crediting beside them.",
  touches: "a system of its own on this machine, which it ends.",
  options: {
    rate: { type: "string", value: "N", default: "50", help: "webhooks a second" },
    seconds: { type: "string", value: "N", default: "20", help: "for how long" },
    burst: { type: "string", value: "N", default: "3000", help: "webhooks as fast as they are answered" },
  },
  exits: { 1: "a floor was missed" },
} as const satisfies Command;

export async function run({ values }: Asked<(typeof command)["options"]>): Promise<BenchOutcome> {
  const whole = (name: keyof typeof values) => wholeNumber(command, name, values[name]);
  const options: Options = { rate: whole("rate"), seconds: whole("seconds"), burst: whole("burst") };
  const loadBefore = loadavg()[0];
  const system = await startLocalSystem({ durable: true });
  try {
    const place = await openPlace(system, system.database);
    try {
      const result = await measure(system, place, options);
      await place.assertBooks();
      const { p50Ms, p95Ms, p99Ms, burst } = result;
      return {
        report: { ...result, load_average_before: loadBefore },
        table: [
          `webhooks at ${options.rate} a second: p50 ${p50Ms.toFixed(1)} ms, p95 ${p95Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms (load ${loadBefore?.toFixed(1)} before)`,
          `burst over ${burst.connections} connections: ${burst.answeredPerSecond.toFixed(0)} answered and ${burst.creditedPerSecond.toFixed(0)} credited a second, one worker`,
        ].join("\n"),
        missed: p95Ms <= p95CeilingMs ? [] : [`the p95 of a webhook is ${p95Ms.toFixed(1)} ms, the ceiling is ${p95CeilingMs}`],
      };
    } finally {
      await place.end();
    }
  } finally {
    await system.stop();
  }
}

async function measure(system: LocalSystem, place: BenchPlace, { rate, seconds, burst }: Options): Promise<Result> {
  const arrivals = rate * seconds;
  await openOrders(place, warmUp + arrivals + burst);
  const env = { ...system.env, PUBLIC_URL: "http://127.0.0.1:8080", LOG_LEVEL: "warn" };
  const api = await startApiPair(env);
  const worker = spawn(process.execPath, [path.join(import.meta.dirname, "../../app/worker.ts")], {
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = new Promise((resolve) => worker.once("close", resolve));
  const to: Target = { ports: api.ports, secret: system.env.GATEWAY_WEBHOOK_SECRET ?? "" };
  try {
    await sendAll(to, 0, warmUp);
    await credited(place, warmUp);
    const times = await sendAtRate(to, warmUp, arrivals, rate);
    await credited(place, warmUp + arrivals);
    const startedAtMs = performance.now();
    await sendAll(to, warmUp + arrivals, burst);
    const answeredMs = performance.now() - startedAtMs;
    await credited(place, warmUp + arrivals + burst);
    const creditedMs = performance.now() - startedAtMs;
    const sorted = times.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    const perSecond = (ms: number) => (burst / ms) * 1_000;
    return {
      arrivalsPerSecond: rate,
      p50Ms: at(0.5),
      p95Ms: at(0.95),
      p99Ms: at(0.99),
      burst: { webhooks: burst, connections, answeredPerSecond: perSecond(answeredMs), creditedPerSecond: perSecond(creditedMs) },
    };
  } finally {
    worker.kill("SIGTERM");
    await ended;
    await api.stop();
  }
}

/** What top-ups leave behind that wait for the gateway's word. */
async function openOrders({ superuser }: BenchPlace, count: number): Promise<void> {
  await superuser.query("insert into students (phone) select '+4673' || lpad(n::text, 8, '0') from generate_series(1, $1::int) n", [
    students,
  ]);
  await superuser.query(
    `insert into gateway_orders (gateway, gateway_order_id, purpose, student_id, amount_minor, currency, look_at)
     select 'razorpay', 'order_' || n, 'top_up', s.ids[1 + n % $2::int], $3::bigint, 'SEK', 'infinity'
     from generate_series(0, $1::int - 1) n, (select array_agg(id) as ids from students) s`,
    [count, students, amountMinor],
  );
  await superuser.query("analyze");
}

interface Target {
  readonly ports: readonly number[];
  readonly secret: string;
}

/** One webhook, and how long its answer took. */
async function send({ ports, secret }: Target, index: number): Promise<number> {
  const entity = { id: `pay_${index}`, order_id: `order_${index}`, amount: amountMinor, currency: "SEK", status: "captured" };
  const body = JSON.stringify({ event: "payment.captured", payload: { payment: { entity } } });
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  const startedAtMs = performance.now();
  const answer = await fetch(`http://127.0.0.1:${ports[index % ports.length]}/api/v1/payments/webhook`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Razorpay-Signature": signature },
    body,
  });
  await answer.text();
  if (answer.status !== 200) throw new Error(`A webhook was answered ${answer.status}.`);
  return performance.now() - startedAtMs;
}

/** A closed loop: each connection sends its next when the last one is answered. */
async function sendAll(to: Target, from: number, count: number): Promise<void> {
  let next = from;
  const sender = async () => {
    for (let index = next++; index < from + count; index = next++) await send(to, index);
  };
  await Promise.all(Array.from({ length: connections }, sender));
}

/** An open one: each goes off at its own time, however long the others take. */
async function sendAtRate(to: Target, from: number, count: number, rate: number): Promise<number[]> {
  const startedAtMs = performance.now();
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      await pause(Math.max(0, startedAtMs + (index * 1_000) / rate - performance.now()));
      return send(to, from + index);
    }),
  );
}

async function credited({ superuser }: BenchPlace, count: number): Promise<void> {
  const endsAtMs = performance.now() + creditedWithinMs;
  for (;;) {
    const { rows } = await superuser.query<{ count: string }>("select count(*) from gateway_payments");
    if (Number(rows[0]?.count) >= count) return;
    if (performance.now() > endsAtMs)
      throw new Error(`Of ${count} payments ${rows[0]?.count} were credited within ${creditedWithinMs} ms.`);
    await pause(20);
  }
}
