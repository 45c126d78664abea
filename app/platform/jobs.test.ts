import { spawn } from "node:child_process";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { testEnvironment } from "../testing/configure.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { openTestPlatform, type TestPlatform } from "../testing/platform.ts";
import { type Job, purgeJob, refreshJobsGauge, registerJobs, runDueJobs } from "./jobs.ts";
import { part, sql } from "./postgres.ts";

let database: TestDatabase;
let workers: readonly [TestPlatform, TestPlatform];
const reported: unknown[] = [];
const report = (error: unknown) => void reported.push(error);

beforeAll(async () => {
  database = await createTestDatabase();
  workers = [await openTestPlatform(database), await openTestPlatform(database)];
});

beforeEach(async () => {
  await database.query("delete from timed_jobs");
  await database.query("delete from audit_log");
  reported.length = 0;
});

afterAll(async () => {
  for (const worker of workers) await worker.end();
  await database.drop();
});

const jobOf = (run: Job["run"], name = "purge"): Job => ({ name, everySeconds: 60, run });
const note =
  (action: string): Job["run"] =>
  (tx) =>
    tx.run(sql`insert into audit_log (actor_kind, action, object_kind) values ('job', ${action}, 'test')`).then(() => undefined);
const written = async () => (await database.query<{ action: string }>("select action from audit_log")).map(({ action }) => action);

test("a job runs once when it is due, and again only when its time has come round", async () => {
  const jobs = [jobOf(note("ran"))];
  await registerJobs(workers[0], jobs);
  await registerJobs(workers[1], jobs);
  expect(await runDueJobs(workers[0], jobs, report)).toBe(1);
  expect(await runDueJobs(workers[1], jobs, report)).toBe(0);
  const [row] = await database.query<{ seconds: number }>("select extract(epoch from due_at - now())::float8 as seconds from timed_jobs");
  expect(row?.seconds).toBeGreaterThan(50);
  await database.query("update timed_jobs set due_at = now()");
  expect(await runDueJobs(workers[1], jobs, report)).toBe(1);
  expect(await written()).toEqual(["ran", "ran"]);
});

test("while one worker runs a job no other one does", async () => {
  const gate = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const slow = [
    jobOf(async (tx) => {
      started.resolve();
      await gate.promise;
      await note("slow")(tx);
    }),
  ];
  await registerJobs(workers[0], slow);
  const first = runDueJobs(workers[0], slow, report);
  await started.promise;
  expect(await runDueJobs(workers[1], [jobOf(note("twice"))], report)).toBe(0);
  gate.resolve();
  expect(await first).toBe(1);
  expect(await written()).toEqual(["slow"]);
});

test("a job that fails leaves nothing half done, is told of, and comes round again", async () => {
  const failing = jobOf(async (tx) => {
    await note("half")(tx);
    throw new Error("disk on fire");
  }, "failing");
  const jobs = [failing, jobOf(note("fine"), "fine")];
  await registerJobs(workers[0], jobs);
  expect(await runDueJobs(workers[0], jobs, report)).toBe(1);
  expect(await written()).toEqual(["fine"]);
  expect(reported).toMatchObject([{ message: "disk on fire" }]);
  const rows = await database.query(
    "select name, last_error, last_done_at is not null as done, due_at > now() as later from timed_jobs order by name",
  );
  expect(rows).toEqual([
    { name: "failing", last_error: "disk on fire", done: false, later: true },
    { name: "fine", last_error: null, done: true, later: true },
  ]);
  expect(await workers[0].metrics.text()).toContain('campus_jobs_total{job="failing",outcome="failed"} 1');
});

test("a job counts as failing from its error to its next good end, and one that no worker takes after half an hour", async () => {
  let isBroken = true;
  const jobs = [
    jobOf(async () => {
      if (isBroken) throw new Error("no function of this name");
    }),
    jobOf(note("ran"), "expire"),
  ];
  const failing = async () => {
    workers[0].metrics.embeddedLines(0);
    await refreshJobsGauge(workers[0]);
    return workers[0].metrics.embeddedLines(0).find((line) => "JobsFailing" in line)?.JobsFailing;
  };
  await registerJobs(workers[0], jobs);
  await runDueJobs(workers[0], jobs, report);
  expect(await failing()).toBe(1);
  await database.query("update timed_jobs set due_at = now() - interval '31 minutes'");
  expect(await failing()).toBe(2);
  isBroken = false;
  await runDueJobs(workers[0], jobs, report);
  expect(await failing()).toBe(0);
});

test("a worker that loses its connection in the middle of a job leaves nothing half done, and another one can run it", async () => {
  const cut = jobOf(async (tx) => {
    await note("half")(tx);
    const row = await tx.row<{ pid: number }>(sql`select pg_backend_pid() as pid`);
    await database.query("select pg_terminate_backend($1)", [row?.pid]);
    await note("never")(tx);
  });
  await registerJobs(workers[0], [cut]);
  expect(await runDueJobs(workers[0], [cut], report)).toBe(0);
  expect(await written()).toEqual([]);
  await database.query("update timed_jobs set due_at = now()");
  expect(await runDueJobs(workers[1], [jobOf(note("whole"))], report)).toBe(1);
  expect(await written()).toEqual(["whole"]);
});

test("a purge commits batch by batch: while it goes on, what it deleted is gone for everybody and no lock of it is held", async () => {
  await database.query(
    "insert into outbox (topic, payload, done_at) select 'old', '{}', now() - interval '8 days' from generate_series(1, 2500)",
  );
  const left = async () => (await database.query<{ count: number }>("select count(*)::int from outbox where topic = 'old'"))[0]?.count;
  const purge = purgeJob({ name: "purge", everySeconds: 60, table: part`outbox`, key: part`id`, writtenAt: part`done_at`, kept: "7 days" });
  const seen: unknown[] = [];
  const watched: Job = {
    ...purge,
    run: async (tx) => {
      seen.push(await left());
      return purge.run(tx);
    },
  };
  await registerJobs(workers[0], [watched]);
  expect(await runDueJobs(workers[0], [watched], report)).toBe(1);
  expect(seen).toEqual([2_500, 1_500, 500]);
  expect(await left()).toBe(0);
  expect(reported).toEqual([]);
});

test("a job that kills its worker at each try stops no other one", async () => {
  await database.query("delete from outbox");
  const killed = async () => {
    const child = spawn(process.execPath, [path.join(import.meta.dirname, "../testing/dying-worker.ts")], {
      env: { ...process.env, ...testEnvironment({ ...database.env, LOG_LEVEL: "silent" }) },
      stdio: "ignore",
    });
    return new Promise<string | null>((resolve) => child.once("exit", (_, signal) => resolve(signal)));
  };
  expect([await killed(), await killed()]).toEqual(["SIGKILL", "SIGKILL"]);
  expect(await written()).toEqual(["lived"]);
});
