import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { signAccessToken } from "../identity/access-token.ts";
import { parseKeyring } from "../identity/keyring.ts";
import { type Cluster, startCluster } from "../local/cluster.ts";
import { type LocalRedis, startRedis } from "../local/redis.ts";
import { asSuperuser, createDatabase, createRoles, databaseAccess } from "../local/roles.ts";
import { migrate } from "../migrate.ts";
import { type ApiProcess, startApiProcess } from "./api-process.ts";
import { testEnvironment } from "./configure.ts";
import { until } from "./platform.ts";

const passwords = { owner: randomBytes(12).toString("hex"), app: randomBytes(12).toString("hex") };
const superuserPassword = randomBytes(12).toString("hex");

let folder: string;
let cluster: Cluster;
let redis: LocalRedis;
let api: ApiProcess;
let authorization: string;

const startDatabase = (port?: number) =>
  startCluster({
    dataFolder: path.join(folder, "postgres"),
    superuserPassword,
    durable: false,
    logFile: path.join(folder, "postgres.log"),
    ...(port === undefined ? {} : { port }),
  });
const startCache = (port?: number) => startRedis({ logFile: path.join(folder, "redis.log"), ...(port === undefined ? {} : { port }) });

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "campus-outage-"));
  await chmod(folder, 0o755);
  [cluster, redis] = await Promise.all([startDatabase(), startCache()]);
  const access = databaseAccess(cluster, "campus");
  await asSuperuser(cluster, "postgres", async (client) => {
    await createRoles(client, passwords);
    await createDatabase(client, "campus");
  });
  await migrate(access.ownerUrl, passwords.owner);
  const env = testEnvironment({ DATABASE_URL: access.appUrl, DATABASE_PASSWORD: passwords.app, REDIS_URL: redis.url });
  api = await startApiProcess(env);
  authorization = await signIn(env);
});

afterAll(async () => {
  api.signal("SIGTERM");
  await api.exited;
  await Promise.all([cluster.stop(), redis.stop()]);
  await rm(folder, { recursive: true, force: true });
});

async function signIn(env: Readonly<Record<string, string>>): Promise<string> {
  const [id, sessionId] = await asSuperuser(cluster, "campus", async (client) => {
    const student = await client.query<{ id: string }>("insert into students (phone) values ('+46731112233') returning id");
    const session = await client.query<{ id: string }>("insert into sessions (student_id) values ($1) returning id", [student.rows[0]?.id]);
    return [student.rows[0]?.id ?? "", session.rows[0]?.id ?? ""] as const;
  });
  const signing = { issuer: "http://127.0.0.1:8080", lifeSeconds: 3_600, nowMs: Date.now() };
  return `Bearer ${signAccessToken(parseKeyring(env.JWT_KEYS ?? ""), { kind: "student", id, sessionId }, signing)}`;
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly retryAfter: string | null;
  readonly ms: number;
}

async function get(address: string, init: RequestInit = {}): Promise<Answer> {
  const startedAtMs = performance.now();
  const answer = await fetch(`${api.url}${address}`, {
    headers: { Authorization: authorization },
    signal: AbortSignal.timeout(15_000),
    ...init,
  });
  const body = (await answer.json()) as Record<string, unknown>;
  return { status: answer.status, body, retryAfter: answer.headers.get("retry-after"), ms: performance.now() - startedAtMs };
}

let phones = 0;
const askForOtp = () => {
  phones += 1;
  return get("/api/v1/auth/request-otp", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ phone: `+4673222${String(phones).padStart(4, "0")}` }),
  });
};
const readMe = () => get("/api/v1/users/me");

// A connection is waited for 2 s, a Redis answer 100 ms; three times that leaves room for a busy machine.
const slowestWithoutDatabaseMs = 6_000;
const slowestWithoutRedisMs = 1_500;

test("with everything up the process is healthy and ready", async () => {
  expect((await get("/health")).body).toMatchObject({ status: "healthy", database: "connected", redis: "connected" });
  expect([(await get("/ready")).status, (await readMe()).status, (await askForOtp()).status]).toEqual([200, 200, 200]);
});

test.each([
  ["stopped", () => cluster.stop()],
  ["killed", () => cluster.kill()],
])("PostgreSQL %s: health says so, readiness fails, requests are refused in time, and it works again without a restart", async (_, end) => {
  await end();
  const [health, ready, me, otp] = await Promise.all([get("/health"), get("/ready"), readMe(), askForOtp()]);
  expect([health.status, health.body.status, health.body.database]).toEqual([200, "down", "disconnected"]);
  for (const refused of [ready, me, otp]) {
    expect([refused.status, refused.body]).toMatchObject([503, { error: { code: "TEMPORARILY_UNAVAILABLE" } }]);
    expect(Number(refused.retryAfter)).toBeGreaterThan(0);
    expect(refused.ms).toBeLessThan(slowestWithoutDatabaseMs);
  }
  cluster = await startDatabase(cluster.port);
  const acceptsAtMs = performance.now();
  await until("a request succeeds again", async () => (await askForOtp()).status === 200);
  expect(performance.now() - acceptsAtMs).toBeLessThan(5_000);
  expect([(await readMe()).status, (await get("/ready")).status]).toEqual([200, 200]);
  expect((await get("/health")).body).toMatchObject({ status: "healthy" });
});

test("Redis stopped: degraded and still ready, logins and reads go on and wait for nothing; back, it is used again", async () => {
  await redis.kill();
  for (let turn = 0; turn < 5; turn += 1) {
    const [health, ready, me, otp] = await Promise.all([get("/health"), get("/ready"), readMe(), askForOtp()]);
    expect(health.body).toMatchObject({ status: "degraded", database: "connected", redis: "disconnected" });
    expect([ready.status, me.status, otp.status]).toEqual([200, 200, 200]);
    for (const { ms } of [health, ready, me, otp]) expect(ms).toBeLessThan(slowestWithoutRedisMs);
  }
  redis = await startCache(redis.port);
  await until("health is whole again", async () => (await get("/health")).body.status === "healthy");
});
