import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type LocalRedis, startRedis } from "../local/redis.ts";
import { until } from "../testing/platform.ts";
import { startTcpProxy, type TcpProxy } from "../testing/tcp-proxy.ts";
import { type Cache, openCache } from "./redis.ts";

let folder: string;
let server: LocalRedis;
const opened: { end(): Promise<unknown> }[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "campus-redis-"));
  server = await start();
});

afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.end();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const start = (more: { port?: number; password?: string } = {}) => startRedis({ logFile: path.join(folder, "redis.log"), ...more });

interface Password {
  current: string | undefined;
  /** What Secrets Manager would say now. */
  fresh: string | undefined;
}

async function cacheAt(port: number, password: Password = { current: undefined, fresh: undefined }): Promise<Cache> {
  const quiet = { warn: () => undefined, info: () => undefined };
  const cache = await openCache({
    url: `redis://127.0.0.1:${port}`,
    password: async () => password.current,
    freshPassword: async () => password.fresh,
    timeoutMs: 100,
    ca: undefined,
    log: quiet,
  });
  opened.push(cache);
  return cache;
}

async function wire(): Promise<TcpProxy> {
  const proxy = await startTcpProxy(server.port);
  opened.push({ end: proxy.stop });
  return proxy;
}

const ping = (cache: Cache) => cache.use((redis) => redis.ping());

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const startedAtMs = performance.now();
  const result = await work();
  return { result, ms: performance.now() - startedAtMs };
}

// Contract: 100 ms. Three times that leaves room for a busy machine.
const toleratedMs = 300;

test("without a Redis the cache opens all the same, and every use answers undefined at once", async () => {
  await server.stop();
  const cache = await cacheAt(server.port);
  const { result, ms } = await timed(() => ping(cache));
  expect([result, cache.isUp()]).toEqual([undefined, false]);
  expect(ms).toBeLessThan(toleratedMs);
});

test("a Redis that stops costs no use more than the time-out; when it is back, so is the cache", async () => {
  const cache = await cacheAt(server.port);
  expect(await ping(cache)).toBe("PONG");
  await server.kill();
  for (let turn = 0; turn < 20; turn += 1) expect((await timed(() => ping(cache))).ms).toBeLessThan(toleratedMs);
  expect(cache.isUp()).toBe(false);
  server = await start({ port: server.port });
  await until("the cache answers again", async () => (await ping(cache)) === "PONG");
  expect(cache.isUp()).toBe(true);
});

test("a slow Redis costs a request 100 ms, and after five such requests nothing until it is tried again", async () => {
  const proxy = await wire();
  const cache = await cacheAt(proxy.port);
  expect(await ping(cache)).toBe("PONG");
  proxy.delay(400);
  for (let turn = 0; turn < 5; turn += 1) {
    const { result, ms } = await timed(() => ping(cache));
    expect(result).toBeUndefined();
    expect(ms).toBeLessThan(toleratedMs);
  }
  expect(cache.isUp()).toBe(false);
  // The quickest of five: a busy machine may hold up any one of them.
  const later: number[] = [];
  for (let turn = 0; turn < 5; turn += 1) later.push((await timed(() => ping(cache))).ms);
  expect(Math.min(...later)).toBeLessThan(90);
  proxy.delay(0);
  await until("the breaker closed", async () => (await ping(cache)) === "PONG");
});

test("a Redis that accepts and never answers does not keep the cache from opening", async () => {
  const proxy = await wire();
  proxy.hold(true);
  const { result: cache, ms } = await timed(() => cacheAt(proxy.port));
  expect(ms).toBeLessThan(6_000); // two connections, a second each
  expect(await ping(cache)).toBeUndefined();
  proxy.hold(false);
  await until("the cache came up", async () => (await ping(cache)) === "PONG");
});

test("a subscription made while Redis is away works once it is there, and survives every reconnect", async () => {
  await server.stop();
  const cache = await cacheAt(server.port);
  const heard: string[] = [];
  cache.subscribe("news", (message) => heard.push(message));
  server = await start({ port: server.port });
  const hears = (message: string) =>
    until(`"${message}" is heard`, () => {
      cache.publish("news", message);
      return heard.includes(message);
    });
  await hears("first");
  await server.kill();
  server = await start({ port: server.port });
  await hears("second");
});

test("a listener that stopped hears nothing, the others still do", async () => {
  const cache = await cacheAt(server.port);
  const heard: Record<"one" | "two", string[]> = { one: [], two: [] };
  const stop = cache.subscribe("news", (message) => heard.one.push(message));
  cache.subscribe("news", (message) => heard.two.push(message));
  const publisher = new Redis(server.url);
  opened.push({ end: () => publisher.quit() });
  await until("both are subscribed", async () => (await publisher.publish("news", "both")) === 1 && heard.two.length > 0);
  stop();
  const before = heard.one.length;
  await publisher.publish("news", "one of them");
  await until("the other hears", () => heard.two.includes("one of them"));
  expect(heard.one).toHaveLength(before);
});

test("a password that was changed under a running cache is asked for again, without a restart", async () => {
  await server.stop();
  server = await start({ password: "first" });
  const password: Password = { current: "first", fresh: "first" };
  const cache = await cacheAt(server.port, password);
  const heard: string[] = [];
  cache.subscribe("news", (message) => heard.push(message));
  expect(await ping(cache)).toBe("PONG");

  password.fresh = "second";
  const admin = new Redis(server.url, { password: "first" });
  opened.push({ end: () => admin.quit() });
  await admin.config("SET", "requirepass", "second");
  await admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  await admin.call("CLIENT", "KILL", "TYPE", "pubsub");

  await until("the fresh password lets the cache in", async () => (await ping(cache)) === "PONG");
  await until("the subscriber is back too", () => {
    cache.publish("news", "rotated");
    return heard.includes("rotated");
  });
});

test("a password set where there was none is asked for as well", async () => {
  const password: Password = { current: undefined, fresh: "new" };
  const cache = await cacheAt(server.port, password);
  expect(await ping(cache)).toBe("PONG");
  const admin = new Redis(server.url);
  opened.push({ end: () => admin.quit() });
  await admin.config("SET", "requirepass", "new");
  await admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  await until("the new password lets the cache in", async () => (await ping(cache)) === "PONG");
});
