import { request } from "node:http";
import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type ApiProcess, startApiProcess } from "../../testing/api-process.ts";
import { patient, testEnvironment } from "../../testing/configure.ts";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { until } from "../../testing/platform.ts";

let database: TestDatabase;
const started: ApiProcess[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});

afterEach(async () => {
  for (const api of started.splice(0)) {
    api.signal("SIGKILL");
    await api.exited;
  }
});

afterAll(async () => {
  await database.drop();
});

async function start(own: Readonly<Record<string, string>> = {}): Promise<ApiProcess> {
  const api = await startApiProcess(testEnvironment({ ...database.env, ...patient, ...own }));
  started.push(api);
  return api;
}

const askForOtp = (api: ApiProcess) =>
  fetch(`${api.url}/api/v1/auth/request-otp`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ phone: "+46731234567" }),
  }).then(
    (answer) => answer.status,
    () => "cut" as const,
  );

/** Makes the next request for an OTP wait for as long as the test likes. */
async function holdOtps() {
  const client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
  await client.query("begin");
  await client.query("lock table otps in access exclusive mode");
  return {
    waiting: () =>
      until("the request waits for the lock", async () => {
        const rows = await database.query(
          "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and application_name = 'campus-api'",
        );
        return rows.length > 0;
      }),
    async release() {
      await client.query("rollback");
      await client.end();
    },
  };
}

const readiness = (api: ApiProcess) =>
  fetch(`${api.url}/ready`).then(
    (answer) => answer.status,
    () => "refused" as const,
  );

test("SIGTERM fails readiness first, then the door closes, the request under way is finished, and the process ends with 0", async () => {
  const api = await start({ DRAIN_SECONDS: "20", DRAIN_NOTICE_MS: "1000" });
  expect(await readiness(api)).toBe(200);
  const hold = await holdOtps();
  const request = askForOtp(api);
  await hold.waiting();

  api.signal("SIGTERM");
  const seen: (number | "refused")[] = [];
  await until("new connections are refused", async () => {
    seen.push(await readiness(api));
    return seen.at(-1) === "refused";
  });
  expect(seen.filter((status, at) => status !== seen[at - 1]).slice(-2)).toEqual([503, "refused"]);

  await hold.release();
  expect(await request).toBe(200);
  expect(await api.exited).toEqual({ code: 0, signal: null });
  const messages = api.lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  expect(messages).toEqual(expect.arrayContaining(["draining", "stopped"]));
  expect(messages.lastIndexOf("request")).toBeLessThan(messages.indexOf("stopped"));
});

test("a request that does not end is cut after DRAIN_SECONDS, and the process still ends", async () => {
  const api = await start({ DRAIN_SECONDS: "1" });
  const hold = await holdOtps();
  const request = askForOtp(api);
  await hold.waiting();
  api.signal("SIGTERM");
  expect(await request).toBe("cut");
  await hold.release();
  expect(await api.exited).toEqual({ code: 0, signal: null });
});

test("a client that keeps its connection open and idle does not hold up the end, and a second signal changes nothing", async () => {
  const api = await start({ DRAIN_SECONDS: "30" });
  expect(await readiness(api)).toBe(200);
  const startedAtMs = performance.now();
  api.signal("SIGTERM");
  api.signal("SIGINT");
  expect(await api.exited).toEqual({ code: 0, signal: null });
  expect(performance.now() - startedAtMs).toBeLessThan(5_000);
});

test("an environment with problems ends the process with 2 and a line for each", async () => {
  const failure = await startApiProcess({ PORT: "many" }).catch((error: Error) => error.message);
  expect(failure).toContain("ended with code 2");
  for (const name of ["PORT", "DATABASE_PASSWORD", "JWT_KEYS"]) expect(failure).toMatch(new RegExp(`  - ${name}\\b`));
});

test("an upgrade to what we do not speak is answered as the request that it also is, and holds no connection", async () => {
  const api = await start();
  const answer = await new Promise((resolve, reject) => {
    const headers = { Connection: "Upgrade, HTTP2-Settings", Upgrade: "h2c", "HTTP2-Settings": "AAMAAABkAAQAAP__" };
    const asked = request(`${api.url}/health`, { headers, timeout: 10_000 }, (reply) => resolve(reply.resume().statusCode));
    asked.on("timeout", () => asked.destroy(new Error("nobody answers")));
    asked.on("error", reject).end();
  });
  expect(answer).toBe(200);
});
