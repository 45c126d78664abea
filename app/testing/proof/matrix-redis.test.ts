import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type LocalRedis, startRedis } from "../../local/redis.ts";
import { type Campus, startCampus } from "../campus.ts";
import { type Money, type MoneyStudent, moneyOf, type ScannedCharge, type Till } from "../money.ts";
import { until } from "../platform.ts";
import { startTcpProxy, type TcpProxy } from "../tcp-proxy.ts";
import { debitsOf, times, violations } from "./books.ts";

const totalMinor = 5_900;
const funds = 1_000_000;
const redisTimeoutMs = 100;
// Asserted deadlines have three times the room of the contract's.
const room = 3;

let folder: string;
let server: LocalRedis;
let wire: TcpProxy;
let direct: Redis;
let campus: Campus;
let money: Money;
let till: Till;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "campus-redis-"));
  server = await startRedis({ logFile: path.join(folder, "redis.log") });
  wire = await startTcpProxy(server.port);
  direct = new Redis(server.url);
  direct.on("error", () => undefined);
  campus = await startCampus({ env: { REDIS_URL: `redis://127.0.0.1:${wire.port}`, REDIS_TIMEOUT_MS: String(redisTimeoutMs) } });
  money = moneyOf(campus);
  till = await money.till();
});

afterEach(async () => {
  wire.delay(0);
  wire.hold(false);
  expect(await violations(campus.owner)).toEqual({});
});

afterAll(async () => {
  direct.disconnect();
  await campus.end();
  await Promise.all([wire.stop(), server.stop()]);
  await rm(folder, { recursive: true, force: true });
});

const steps = [
  "the order",
  "the scan",
  "the second scan",
  "the look at the charge",
  "the confirm",
  "the second confirm",
  "the cancel",
] as const;

test.each(steps)("row 22: Redis flushed before %s: the flow completes and debits once", async (step) => {
  const student = await money.fundedStudent({ balanceMinor: funds });
  const before = async (name: (typeof steps)[number]) => {
    if (name === step) await direct.flushall();
  };
  await before("the order");
  const order = await student.placeOrder({ till, totalMinor });
  await before("the scan");
  const { body: scanned } = await student.scan(till);
  await before("the second scan");
  expect((await student.scan(till, { process: 1 })).body.charge.id).toBe(scanned.charge.id);
  await before("the look at the charge");
  const charge = { ...(await student.readCharge(scanned.charge.id)), match_code: scanned.match_code };
  await before("the confirm");
  const paid = await student.confirm(charge);
  await before("the second confirm");
  expect(await student.confirm(charge, { process: 1 })).toMatchObject({ status: 200, text: paid.text });
  expect(await debitsOf(campus.owner, charge.id)).toBe(1);
  expect(await student.balanceMinor()).toBe(funds - totalMinor);
  await before("the cancel");
  expect((await student.cancel(order.id)).status).toBe(200);
  expect(await student.balanceMinor()).toBe(funds);
});

test("row 22: Redis flushed again and again while a hundred confirms of one charge run: one debit, the same bytes", async () => {
  const student = await money.fundedStudent({ balanceMinor: funds });
  const charge = await student.scannedOrder({ till, totalMinor });
  const state = { isDone: false };
  const flushing = (async () => {
    while (!state.isDone) await direct.flushall();
  })();
  const answers = await Promise.all(times(100, (index) => student.confirm(charge, { process: (index % 2) as 0 | 1 })));
  state.isDone = true;
  await flushing;
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  expect(await debitsOf(campus.owner, charge.id)).toBe(1);
});

test("row 23: a Redis that does not answer is waited for 100 ms at most, and then left alone", async () => {
  const { cache } = campus.processes[0].platform;
  wire.hold(true);
  const startedAtMs = performance.now();
  expect(await cache.use((redis) => redis.ping())).toBeUndefined();
  expect(performance.now() - startedAtMs).toBeLessThan(redisTimeoutMs * room);
  await until("the breaker opens", async () => {
    await cache.use((redis) => redis.ping());
    return !cache.isUp();
  });
});

test("row 23: a Redis that breaks off whenever it has just been reached ends no process", async () => {
  const { cache } = campus.processes[0].platform;
  wire.delay(20);
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  for (const round of times(5, (index) => index + 1)) {
    wire.cutAll();
    await until(`Redis is away, round ${round}`, () => !cache.isUp());
    // By then the subscriptions are on their way and not answered yet.
    await until(`Redis is reached again, round ${round}`, () => cache.isUp());
  }
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

test("row 23: with Redis slow or down the whole flow works, and the p99 of confirms at most doubles", async () => {
  const well = await confirmTimes();
  wire.delay(1_000);
  const slow = await confirmTimes();
  wire.delay(0);
  wire.cutAll();
  await server.stop();
  const down = await confirmTimes();
  server = await startRedis({ port: server.port, logFile: path.join(folder, "redis.log") });
  const limitMs = Math.max(2 * p99(well) * room, redisTimeoutMs * room);
  expect(p99(slow)).toBeLessThan(limitMs);
  expect(p99(down)).toBeLessThan(limitMs);
  await until("both processes use Redis again", () => campus.processes.every(({ platform }) => platform.cache.isUp()));
});

const payers = 4;
const confirmsOfPayer = 12;

/** Orders, scans and confirms of a few students at once; the confirms are timed. */
async function confirmTimes(): Promise<number[]> {
  const people = await Promise.all(times(payers, () => money.fundedStudent({ balanceMinor: funds })));
  const perPerson = await Promise.all(people.map(payAll));
  return perPerson.flat();
}

async function payAll(student: MoneyStudent): Promise<number[]> {
  const charges: ScannedCharge[] = [];
  for (const _ of times(confirmsOfPayer, (index) => index)) charges.push(await student.scannedOrder({ till, totalMinor: 100 }));
  const elapsed: number[] = [];
  for (const [index, charge] of charges.entries()) {
    const startedAtMs = performance.now();
    expect((await student.confirm(charge, { process: (index % 2) as 0 | 1 })).status).toBe(200);
    elapsed.push(performance.now() - startedAtMs);
  }
  return elapsed;
}

const p99 = (elapsed: readonly number[]): number => [...elapsed].sort((a, b) => a - b)[Math.floor(elapsed.length * 0.99) - 1] ?? 0;
