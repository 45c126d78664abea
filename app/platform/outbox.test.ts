import { spawn } from "node:child_process";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { testEnvironment } from "../testing/configure.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { openTestPlatform, type TestPlatform, until } from "../testing/platform.ts";
import { type Deliver, deliverDue, enqueue, fanOutEvents, runLane, type Topics, takeDue, Undeliverable } from "./outbox.ts";
import { sql } from "./postgres.ts";
import { listDeadLetters, redrive } from "./redrive.ts";

let database: TestDatabase;
let workers: readonly [TestPlatform, TestPlatform, TestPlatform];
const reported: unknown[] = [];
const report = (error: unknown) => void reported.push(error);

beforeAll(async () => {
  database = await createTestDatabase();
  workers = [await openTestPlatform(database), await openTestPlatform(database), await openTestPlatform(database)];
});

beforeEach(async () => {
  await database.query("delete from outbox");
  reported.length = 0;
});

afterAll(async () => {
  for (const worker of workers) await worker.end();
  await database.drop();
});

interface Row {
  readonly id: string;
  readonly payload: Record<string, unknown>;
  readonly tries: number;
  readonly last_error: string | null;
  readonly done: boolean;
  readonly dead: boolean;
  readonly due_in_seconds: number;
}

const rows = () =>
  database.query<Row & Record<string, unknown>>(
    `select id, payload, tries, last_error, done_at is not null as done, dead_at is not null as dead,
       extract(epoch from due_at - now())::float8 as due_in_seconds
     from outbox order by id`,
  );

const onlyRow = async (): Promise<Row> => {
  const found = await rows();
  expect(found).toHaveLength(1);
  return found[0] as Row;
};

/** What the clock does by itself: every lease and every pause ends. */
const letTimePass = () => database.query("update outbox set due_at = now() where done_at is null and dead_at is null");

const topicsOf = (deliver: Deliver, more: Partial<Topics[string]> = {}): Topics => ({
  "test.note": { deliver, timeoutMs: 2_000, maxTries: 3, ...more },
});

const put = (payload: Record<string, unknown> = {}, topic = "test.note") => workers[0].db.transaction((tx) => enqueue(tx, topic, payload));

test("work is put into the outbox by the transaction that causes it, or not at all", async () => {
  const failed = workers[0].db.transaction(async (tx) => {
    await enqueue(tx, "test.note", { text: "never" });
    throw new Error("no");
  });
  await expect(failed).rejects.toThrow("no");
  await put({ text: "hello" });
  expect((await onlyRow()).payload).toEqual({ text: "hello" });
});

test("several workers at once deliver each row exactly once", async () => {
  for (let n = 0; n < 100; n += 1) await put({ n });
  const delivered: unknown[] = [];
  const topics = topicsOf(async ({ payload }) => void delivered.push(payload.n));
  const drain = async (worker: TestPlatform) => {
    while ((await deliverDue(worker, topics, report)) > 0);
  };
  await Promise.all(workers.map(drain));
  expect(delivered.toSorted((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 100 }, (_, n) => n));
  expect((await rows()).every(({ done, tries }) => done && tries === 1)).toBe(true);
});

test("a row that is being delivered is not given to another worker, and no transaction is open meanwhile", async () => {
  await put();
  const gate = Promise.withResolvers<void>();
  const first = deliverDue(
    workers[0],
    topicsOf(() => gate.promise),
    report,
  );
  await until("the row is taken", async () => (await onlyRow()).tries === 1);
  expect(
    await deliverDue(
      workers[1],
      topicsOf(async () => undefined),
      report,
    ),
  ).toBe(0);
  const open = await database.query(
    "select 1 from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'",
  );
  expect(open).toEqual([]);
  gate.resolve();
  expect(await first).toBe(1);
});

test("a worker killed with SIGKILL in the middle loses nothing: another one delivers the row when its lease ends", async () => {
  await put({ text: "precious" }, "test.hang");
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "../testing/hanging-worker.ts")], {
    env: { ...process.env, ...testEnvironment({ ...database.env, LOG_LEVEL: "silent" }) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  await new Promise<void>((resolve) => child.stdout.once("data", () => resolve()));
  child.kill("SIGKILL");
  await exited;

  const held = await onlyRow();
  expect([held.done, held.tries]).toEqual([false, 1]);
  expect(held.due_in_seconds).toBeGreaterThan(0);
  expect(held.due_in_seconds).toBeLessThanOrEqual(7);
  const delivered: unknown[] = [];
  const topics: Topics = {
    "test.hang": { deliver: async ({ payload }) => void delivered.push(payload.text), timeoutMs: 2_000, maxTries: 5 },
  };
  expect(await deliverDue(workers[1], topics, report)).toBe(0);
  await letTimePass();
  expect(await deliverDue(workers[1], topics, report)).toBe(1);
  expect(delivered).toEqual(["precious"]);
  expect(await onlyRow()).toMatchObject({ done: true, tries: 2 });
});

test("a row that ends each worker that takes it is given up after its tries, and the next ones are delivered", async () => {
  const topics: Topics = {
    "test.hang": { deliver: () => Promise.reject(new Error("it was delivered all the same")), timeoutMs: 2_000, maxTries: 2 },
  };
  await put({ text: "poison" }, "test.hang");
  // As two workers leave it that were killed in the middle.
  for (const worker of [workers[0], workers[1]]) {
    expect(await takeDue(worker, topics)).toHaveLength(1);
    await letTimePass();
  }
  expect(await deliverDue(workers[2], topics, report)).toBe(1);
  expect(await onlyRow()).toMatchObject({ dead: true, done: false, tries: 2, last_error: expect.stringContaining("worker") });
  expect(reported).toHaveLength(1);
  expect(await deliverDue(workers[2], topics, report)).toBe(0);
});

test("a failed delivery comes again, later each time, and is given up after its last try", async () => {
  await put({ text: "x" });
  const topics = topicsOf(() => Promise.reject(new Error("provider away")));
  const pauses: number[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    expect(await deliverDue(workers[0], topics, report)).toBe(1);
    expect(await deliverDue(workers[0], topics, report)).toBe(0);
    pauses.push((await onlyRow()).due_in_seconds);
    await letTimePass();
  }
  const [first = 0, second = 0] = pauses;
  expect(first).toBeGreaterThan(0.5);
  expect(first).toBeLessThanOrEqual(1.25);
  expect(second).toBeGreaterThan(1.25);
  expect(second).toBeLessThanOrEqual(2.5);
  expect(await onlyRow()).toMatchObject({ dead: true, done: false, tries: 3, last_error: "provider away", payload: { text: "x" } });
  expect(await deliverDue(workers[0], topics, report)).toBe(0);
  expect(reported).toHaveLength(1);
});

test("what can never be delivered is given up at once", async () => {
  await put();
  await deliverDue(
    workers[0],
    topicsOf(() => Promise.reject(new Undeliverable("no such number"))),
    report,
  );
  expect(await onlyRow()).toMatchObject({ dead: true, tries: 1, last_error: "no such number" });
});

test("a delivery that hangs is told to stop when its time is up", async () => {
  await put();
  const hang: Deliver = (_, signal) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  await deliverDue(workers[0], topicsOf(hang, { timeoutMs: 50 }), report);
  expect(await onlyRow()).toMatchObject({ done: false, dead: false, last_error: expect.stringMatching(/timeout/i) });
});

test("a delivery that hangs and does not listen holds up no other row for longer than its time", async () => {
  await put({ n: 1 });
  await put({ n: 2 });
  const delivered: unknown[] = [];
  const deaf: Deliver = ({ payload }) => (payload.n === 1 ? new Promise(() => undefined) : Promise.resolve(void delivered.push(payload.n)));
  await deliverDue(workers[0], topicsOf(deaf, { timeoutMs: 50 }), report);
  expect(delivered).toEqual([2]);
  expect((await rows()).map(({ done }) => done)).toEqual([false, true]);
});

test.each([
  ["delivered", async () => undefined],
  ["given up", () => Promise.reject(new Undeliverable("no"))],
])("a secret payload is gone once the row is %s", async (_, deliver) => {
  await put({ otp: "123456" });
  await deliverDue(workers[0], topicsOf(deliver, { scrub: true }), report);
  expect((await onlyRow()).payload).toEqual({});
});

test("a secret payload stays as long as another try may need it", async () => {
  await put({ otp: "123456" });
  await deliverDue(
    workers[0],
    topicsOf(() => Promise.reject(new Error("again")), { scrub: true }),
    report,
  );
  expect((await onlyRow()).payload).toEqual({ otp: "123456" });
});

test("a topic that this worker does not know is left for one that does", async () => {
  await put({}, "test.unknown");
  expect(
    await deliverDue(
      workers[0],
      topicsOf(async () => undefined),
      report,
    ),
  ).toBe(0);
  expect(await onlyRow()).toMatchObject({ tries: 0, done: false });
});

test("deliveries are counted by topic and outcome", async () => {
  await put();
  await deliverDue(
    workers[2],
    topicsOf(async () => undefined),
    report,
  );
  expect(await workers[2].metrics.text()).toMatch(/campus_outbox_delivered_total\{topic="test.note",outcome="done"\} \d+/);
});

const consumersOf = (eventId: string) =>
  database.query<{ topic: string; payload: Record<string, unknown> }>(
    "select topic, payload from outbox where payload ->> 'event_id' = $1 order by topic",
    [eventId],
  );

test("an event becomes a row for each who is to hear of it, with the event's own id, and is done", async () => {
  await put({ order_id: "o-1", amount_minor: 100 }, "order.paid");
  const event = await onlyRow();
  expect(await fanOutEvents(workers[0])).toBe(1);
  const told = await consumersOf(event.id);
  expect(told.map(({ topic }) => topic)).toEqual(["push.order", "receipt.store", "transaction.metrics", "transaction.publish"]);
  expect(told.every(({ payload }) => payload.event === "order.paid" && payload.order_id === "o-1")).toBe(true);
  expect((await rows()).find(({ id }) => id === event.id)).toMatchObject({ done: true, tries: 1 });
  expect(await fanOutEvents(workers[0])).toBe(0);
});

test("an event whose payload nobody can read stops none beside it", async () => {
  await put({ cafe_id: "no café" }, "order.paid");
  await put({ cafe_id: null }, "order.paid");
  expect(await fanOutEvents(workers[0])).toBe(2);
});

test("several workers at once spread each event once", async () => {
  for (let n = 0; n < 300; n += 1) await put({ n }, "order.changed");
  await database.query('update outbox set payload = payload || \'{"status": "ready"}\'');
  const drain = async (worker: TestPlatform) => {
    while ((await fanOutEvents(worker)) > 0);
  };
  await Promise.all(workers.map(drain));
  const told = await database.query<{ n: number }>("select (payload ->> 'n')::int as n from outbox where topic = 'push.order' order by 1");
  expect(told.map(({ n }) => n)).toEqual(Array.from({ length: 300 }, (_, n) => n));
});

test("in a lane a delivery that hangs holds up none behind it, and the lane ends once all have ended", async () => {
  await put({ n: 0 });
  for (let n = 1; n <= 150; n += 1) await put({ n });
  const gate = Promise.withResolvers<void>();
  const delivered: unknown[] = [];
  const topics = topicsOf(({ payload }) => (payload.n === 0 ? gate.promise : Promise.resolve(void delivered.push(payload.n))));
  const lane = runLane(workers[0], topics, "general", report, () => undefined);
  await until("all behind it are delivered", async () => {
    await lane.takeSome();
    return delivered.length === 150;
  });
  expect((await rows()).filter(({ done }) => !done).length).toBeGreaterThanOrEqual(1);
  gate.resolve();
  await lane.finish();
  expect((await rows()).every(({ done }) => done)).toBe(true);
});

test("a lane takes no more than it can carry", async () => {
  for (let n = 0; n < 150; n += 1) await put({ n });
  const gate = Promise.withResolvers<void>();
  const lane = runLane(
    workers[0],
    topicsOf(() => gate.promise),
    "general",
    report,
    () => undefined,
  );
  let taken = 0;
  for (let turn = 0; turn < 5; turn += 1) taken += await lane.takeSome();
  expect(taken).toBe(100);
  gate.resolve();
  await lane.finish();
});

test("in a lane nobody's rows take more than a share: whoever comes later does not wait for a hundred that hang", async () => {
  for (let n = 0; n < 150; n += 1) await put({ whose: "slow", n });
  for (let n = 0; n < 15; n += 1) await put({ whose: "other", n });
  const gate = Promise.withResolvers<void>();
  const delivered: unknown[] = [];
  const topics = topicsOf(({ payload }) => (payload.whose === "slow" ? gate.promise : Promise.resolve(void delivered.push(payload.n))), {
    turnOf: "whose",
  });
  const lane = runLane(workers[0], topics, "general", report, () => undefined);
  await until("all of the other one are delivered", async () => {
    await lane.takeSome();
    return delivered.length === 15;
  });
  expect((await rows()).filter(({ payload, tries }) => payload.whose === "slow" && tries > 0)).toHaveLength(10);
  gate.resolve();
  await until("all of the slow one are delivered too", async () => {
    await lane.takeSome();
    return (await rows()).every(({ done }) => done);
  });
  await lane.finish();
});

test("each topic's lease is its own time and a margin, whatever else is taken with it", async () => {
  await put({}, "test.quick");
  await put({}, "test.slow");
  const gate = Promise.withResolvers<void>();
  const deliver = () => gate.promise;
  const topics: Topics = {
    "test.quick": { deliver, timeoutMs: 1_000, maxTries: 3 },
    "test.slow": { deliver, timeoutMs: 60_000, maxTries: 3 },
  };
  const ended = deliverDue(workers[0], topics, report);
  await until("both are taken", async () => (await rows()).every(({ tries }) => tries === 1));
  const [quick, slow] = await rows();
  expect(quick?.due_in_seconds).toBeLessThanOrEqual(6);
  expect(slow?.due_in_seconds).toBeGreaterThan(50);
  gate.resolve();
  await ended;
});

test("dead letters are listed by topic, and redriven they have all their tries again; one whose secret is wiped stays dead", async () => {
  const refuse = () => Promise.reject(new Undeliverable("no such number"));
  for (let n = 0; n < 3; n += 1) await put({ n });
  await deliverDue(workers[0], topicsOf(refuse), report);
  await put({ otp: "123456" });
  await put({ otp: "123456" }, "test.other");
  await deliverDue(
    workers[0],
    { ...topicsOf(refuse, { scrub: true }), "test.other": { deliver: refuse, timeoutMs: 500, maxTries: 1 } },
    report,
  );
  expect(await listDeadLetters(workers[0].db)).toMatchObject([
    { topic: "test.note", rows: 4, wiped: 1, lastError: "no such number" },
    { topic: "test.other", rows: 1, wiped: 0 },
  ]);
  expect(await redrive(workers[0].db, "test.note")).toBe(3);
  const delivered: unknown[] = [];
  await deliverDue(
    workers[0],
    topicsOf(async ({ payload, tries }) => void delivered.push([payload.n, tries])),
    report,
  );
  expect(delivered.toSorted()).toEqual([
    [0, 1],
    [1, 1],
    [2, 1],
  ]);
  expect((await listDeadLetters(workers[0].db)).map(({ topic, rows }) => [topic, rows])).toEqual([
    ["test.note", 1],
    ["test.other", 1],
  ]);
  expect(await workers[0].db.rows(sql`select details from audit_log where action = 'outbox.redriven'`)).toEqual([
    { details: { rows: 3, topic: "test.note" } },
  ]);
});
