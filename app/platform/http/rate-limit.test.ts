import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { z } from "@hono/zod-openapi";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startRedis } from "../../local/redis.ts";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { openTestPlatform, type TestPlatform } from "../../testing/platform.ts";
import { CodedError } from "../errors.ts";
import { createApplication } from "./application.ts";
import { countRequest } from "./rate-limit.ts";
import { type Guard, json, route, router } from "./router.ts";

let database: TestDatabase;
let platforms: readonly [TestPlatform, TestPlatform];

const limits = {
  RATE_LIMIT_SCALE: "1",
  RATE_GENERAL_PER_MINUTE: "3",
  RATE_STATUS_PER_MINUTE: "5",
  RATE_DEVICE_PER_MINUTE: "4",
  RATE_ORDERS_PER_10_MINUTES: "4",
};

beforeAll(async () => {
  database = await createTestDatabase();
  platforms = [await openTestPlatform(database, limits), await openTestPlatform(database, limits)];
});

afterAll(async () => {
  for (const platform of platforms) await platform.end();
  await database.drop();
});

const guard = (scheme: "bearer" | "device"): Guard => ({
  scheme,
  roles: [scheme],
  errors: ["INVALID_TOKEN"],
  check: async (c, next) => {
    c.set("principal", { kind: scheme, id: c.req.header("x-who") ?? "nobody" });
    await next();
  },
});

const shared = { method: "get" as const, tags: ["pages"], summary: "Read", responses: { 200: json(z.object({}), "Empty") } };
const page = route({ ...shared, path: "/page", operationId: "readPage", who: guard("bearer") });
const status = route({ ...shared, path: "/status", operationId: "readStatus", who: guard("bearer"), bucket: "status" });
const order = route({ ...shared, path: "/order", operationId: "order", who: guard("bearer"), bucket: "order" });
const till = route({ ...shared, path: "/till", operationId: "readTill", who: guard("device") });

const appOf = (platform: TestPlatform) =>
  createApplication(platform, () => undefined).route(
    "/",
    router()
      .openapi(page, (c) => c.json({}, 200))
      .openapi(status, (c) => c.json({}, 200))
      .openapi(order, (c) => {
        if (c.req.header("x-away")) throw new CodedError("TEMPORARILY_UNAVAILABLE", "The database is away.");
        return c.json({}, 200);
      })
      .openapi(till, (c) => c.json({}, 200)),
  );

/** A minute that has room for the test: a window that ends during it would begin the count again. */
async function inOneWindow(work: () => Promise<void>): Promise<void> {
  const windowOf = () => Math.floor(Date.now() / 60_000);
  for (let attempt = 1; ; attempt += 1) {
    const before = windowOf();
    try {
      return await work();
    } catch (error) {
      if (windowOf() === before || attempt > 1) throw error;
    }
  }
}

const statuses = async (app: ReturnType<typeof appOf>, address: string, who: string, times: number) => {
  const found: number[] = [];
  for (let turn = 0; turn < times; turn += 1) found.push((await app.request(address, { headers: { "X-Who": who } })).status);
  return found;
};

test("an order that we could not take, for we were away, is none of the ten minutes' orders", () =>
  inOneWindow(async () => {
    const apps = platforms.map(appOf);
    const who = randomUUID();
    const ask = async (turn: number, headers: Readonly<Record<string, string>> = {}) =>
      (await (apps[turn % 2] as ReturnType<typeof appOf>).request("/order", { headers: { "X-Who": who, ...headers } })).status;
    for (let turn = 0; turn < 12; turn += 1) expect(await ask(turn, { "X-Away": "yes" })).toBe(503);
    const answers: number[] = [];
    for (let turn = 0; turn < 6; turn += 1) answers.push(await ask(turn));
    expect(answers).toEqual([200, 200, 200, 200, 429, 429]);
  }));

test("two processes share one count for each principal", () =>
  inOneWindow(async () => {
    const [first, second] = platforms.map(appOf) as [ReturnType<typeof appOf>, ReturnType<typeof appOf>];
    const who = randomUUID();
    expect(await statuses(first, "/page", who, 2)).toEqual([200, 200]);
    expect(await statuses(second, "/page", who, 2)).toEqual([200, 429]);
    expect(await statuses(first, "/page", randomUUID(), 1)).toEqual([200]);
  }));

test("up to a sixteenth of the limit a process counts alone; what it counted so is not lost when the others are told", async () => {
  const wide = { ...limits, RATE_GENERAL_PER_MINUTE: "32" };
  const pair = [await openTestPlatform(database, wide), await openTestPlatform(database, wide)] as const;
  const [first, second] = [appOf(pair[0]), appOf(pair[1])];
  await inOneWindow(async () => {
    const [even, uneven] = [randomUUID(), randomUUID()];
    const found: number[] = [];
    for (let turn = 0; turn < 20; turn += 1)
      found.push(...(await statuses(first, "/page", even, 1)), ...(await statuses(second, "/page", even, 1)));
    expect(found.filter((code) => code === 200)).toHaveLength(32);
    const all = await statuses(first, "/page", uneven, 33);
    expect(all.filter((code) => code === 200)).toHaveLength(32);
    expect(await statuses(second, "/page", uneven, 3)).toEqual([200, 200, 429]);
  });
  for (const platform of pair) await platform.end();
});

test("each bucket counts for itself, with its own limit", () =>
  inOneWindow(async () => {
    const app = appOf(platforms[0]);
    const who = randomUUID();
    expect(await statuses(app, "/page", who, 4)).toEqual([200, 200, 200, 429]);
    expect(await statuses(app, "/status", who, 6)).toEqual([200, 200, 200, 200, 200, 429]);
    expect(await statuses(app, "/till", who, 5)).toEqual([200, 200, 200, 200, 429]);
  }));

test("an answer tells what is left, and a refusal when to come again", () =>
  inOneWindow(async () => {
    const app = appOf(platforms[0]);
    const headers = { "X-Who": randomUUID() };
    const left: (string | null)[] = [];
    for (let turn = 0; turn < 3; turn += 1) left.push((await app.request("/page", { headers })).headers.get("ratelimit-remaining"));
    expect(left).toEqual(["2", "1", "0"]);
    const refused = await app.request("/page", { headers });
    expect(await refused.json()).toMatchObject({ error: { code: "RATE_LIMITED" } });
    expect([refused.headers.get("ratelimit-limit"), refused.headers.get("ratelimit-remaining")]).toEqual(["3", "0"]);
    const seconds = Number(refused.headers.get("retry-after"));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(refused.headers.get("ratelimit-reset")).toBe(String(seconds));
  }));

test("RATE_LIMIT_SCALE multiplies every limit", async () => {
  const scaled = await openTestPlatform(database, { ...limits, RATE_LIMIT_SCALE: "100" });
  const answer = await appOf(scaled).request("/page", { headers: { "X-Who": randomUUID() } });
  expect(answer.headers.get("ratelimit-limit")).toBe("300");
  await scaled.end();
});

test("without Redis each process counts for itself, and the limit still holds there", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "campus-limit-"));
  const redis = await startRedis({ logFile: path.join(folder, "redis.log") });
  const alone = await openTestPlatform(database, { ...limits, REDIS_URL: redis.url });
  const app = appOf(alone);
  await inOneWindow(async () => {
    const who = randomUUID();
    expect(await statuses(app, "/page", who, 1)).toEqual([200]);
    if (redis.server.isRunning()) await redis.kill();
    expect(await statuses(app, "/page", who, 3)).toEqual([200, 200, 429]);
    expect(await statuses(app, "/page", randomUUID(), 4)).toEqual([200, 200, 200, 429]);
  });
  await alone.end();
  await rm(folder, { recursive: true, force: true });
});

test("a count is forgotten when its window ends", async () => {
  const [{ cache }] = platforms;
  const who = randomUUID();
  const nowMs = Date.now();
  expect([await countRequest(cache, who, 60, nowMs), await countRequest(cache, who, 60, nowMs)]).toEqual([1, 2]);
  expect(await countRequest(cache, who, 60, nowMs + 60_000)).toBe(1);
  const key = `rate:${who}:${Math.floor(nowMs / 60_000)}`;
  expect(await cache.use((redis) => redis.ttl(key))).toBeGreaterThan(0);
});
