import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type LocalRedis, startRedis } from "../local/redis.ts";
import { sql } from "../platform/postgres.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { type LiveSocket, openLiveSocket, openLiveStream } from "../testing/live-client.ts";
import { type Money, moneyOf } from "../testing/money.ts";
import { until } from "../testing/platform.ts";
import { hasSocket } from "./presence.ts";

let folder: string;
let redis: LocalRedis;
let campus: Campus;
let money: Money;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "campus-live-"));
  redis = await startRedis({ logFile: path.join(folder, "redis.log") });
  campus = await startCampus({ env: { REDIS_URL: redis.url, LIVE_HEARTBEAT_SECONDS: "1", LIVE_CONNECTIONS_PER_PROCESS: "3" } });
  money = moneyOf(campus);
});

afterAll(async () => {
  await campus.end();
  await redis.stop();
  await rm(folder, { recursive: true });
});

const endings: (() => void)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) end();
  await until("every connection is forgotten", async () => (await held("student_socket")) + (await held("device_stream")) === 0);
});

async function connect(token: string, process: 0 | 1 = 0, lastEventId?: string): Promise<LiveSocket> {
  const socket = await openLiveSocket(campus.processes[process].url, "/ws/me", { token, lastEventId });
  endings.push(() => socket.socket.terminate());
  return socket;
}

const rich = () => money.fundedStudent({ balanceMinor: 50_000 });

async function held(kind: string): Promise<number> {
  const texts = await Promise.all(campus.processes.map(({ platform }) => platform.metrics.text()));
  const counts = texts.map((text) => Number(new RegExp(`campus_live_connections\\{kind="${kind}"\\} (\\d+)`).exec(text)?.[1] ?? 0));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** More than the buffers of both sides of a loopback connection hold. */
const flood = (channel: string) =>
  campus.owner.run(sql`
    insert into events (channels, event, data)
    select array[${channel}], 'status_changed', jsonb_build_object('padding', repeat('x', 20000)) from generate_series(1, 900)`);

test("a socket has a pulse each second of the set interval, and each pulse moves the place to resume from", async () => {
  const student = await rich();
  const socket = await connect(student.token);
  const first = socket.lastId();
  await campus.sql`select emit_event(array['cafe:another'], 'status_changed', '{}')`;
  // The money that came in a moment ago may be told to this socket too, where the reader of events is late.
  const pulses = () => socket.messages.filter(({ event }) => event === "heartbeat");
  await until("two more pulses", () => pulses().length >= 3, 6_000);
  expect(pulses().every(({ id }) => id !== undefined)).toBe(true);
  // The place moves once every older transaction of this server has ended, and other test files run theirs beside this one.
  await until("the place to resume from moves", () => socket.lastId() !== first, 30_000);
});

test("a stream has a pulse too", async () => {
  const { device } = await money.till();
  const counter = await openLiveStream(`${campus.processes[0].url}/api/v1/pos/stream`, { Authorization: device.authorization });
  endings.push(counter.close);
  await until("two more pulses", () => counter.messages.length >= 3, 6_000);
});

test("a client that answers no ping is given up, and is no longer taken for reachable", async () => {
  const student = await rich();
  const socket = await connect(student.token, 1);
  await until("it is known", () => hasSocket(campus.processes[0].platform, student.id));
  socket.socket.pause();
  await until("it is forgotten", async () => (await held("student_socket")) === 0, 9_000);
  await until("it is not reachable", async () => !(await hasSocket(campus.processes[0].platform, student.id)));
});

test("a stream that does not read is cut", async () => {
  const { device } = await money.till();
  const headers = { Authorization: device.authorization };
  const deaf = request(`${campus.processes[0].url}/api/v1/pos/stream`, { headers }, (answer) => answer.pause()).on(
    "error",
    () => undefined,
  );
  deaf.end();
  endings.push(() => deaf.destroy());
  await until("it is connected", async () => (await held("device_stream")) === 1);
  await flood(`device:${device.id}`);
  await until("it is cut", async () => (await held("device_stream")) === 0, 9_000);
});

test("the longest replay reaches a socket and a stream whole", async () => {
  const [student, { device }] = [await rich(), await money.till()];
  const headers = { Authorization: device.authorization };
  const url = `${campus.processes[0].url}/api/v1/pos/stream`;
  const before = await openLiveStream(url, headers);
  const lastId = before.lastId() ?? "";
  before.close();
  await campus.owner.run(sql`
    insert into events (channels, event, data)
    select array[${`student:${student.id}`}, ${`device:${device.id}`}], 'status_changed', jsonb_build_object('padding', repeat('x', 800)) from generate_series(1, 1000)`);
  const [socket, counter] = [await connect(student.token, 1, lastId), await openLiveStream(url, { ...headers, "Last-Event-ID": lastId })];
  endings.push(counter.close);
  for (const { messages } of [socket, counter]) {
    await until("everything arrives", () => messages.filter(({ event }) => event === "status_changed").length === 1_000);
    expect(messages.map(({ event }) => event)).not.toContain("resync");
  }
});

test("a process that is full answers 503 and says when to come back", async () => {
  const students = await Promise.all([rich(), rich(), rich(), rich()]);
  for (const student of students.slice(0, 3)) await connect(student.token, 1);
  await expect(connect(students[3]?.token ?? "", 1)).rejects.toThrow("503");
  await connect(students[3]?.token ?? "", 0);
});

test("without Redis a scan still reaches the socket at the other process within two seconds, and each process knows its own sockets", async () => {
  const [student, till] = [await rich(), await money.till()];
  const order = await student.placeOrder({ till, totalMinor: 2_000 });
  await redis.stop();
  const socket = await connect(student.token, 1);
  await until("Redis is missed", () => campus.processes.every(({ platform }) => !platform.cache.isUp()));
  const beganMs = performance.now();
  const scanned = await student.scan(till, { orderId: order.id, process: 0 });
  expect(scanned).toMatchObject({ status: 201, body: { reachable: [] } });
  await socket.event("charge_opened", { charge_id: scanned.body.charge.id });
  expect(performance.now() - beganMs).toBeLessThan(2_000 * 3);
  expect((await student.scan(till, { orderId: order.id, process: 1 })).body.reachable).toEqual(["ws"]);
});

test("the database restarted: a socket stays open and hears what was committed meanwhile, once", async () => {
  const [student, till] = [await rich(), await money.till()];
  const socket = await connect(student.token);
  await campus.database.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()", [
    campus.database.name,
  ]);
  const charge = await until("the scan works again", () => student.scannedOrder({ till, totalMinor: 1_000 }).catch(() => undefined));
  await socket.event("charge_opened", { charge_id: charge.id });
  expect(socket.messages.filter(({ event }) => event === "charge_opened")).toHaveLength(1);
});

test("a draining process tells every client when to come back, closes it, and takes no new one", async () => {
  const [student, till] = [await rich(), await money.till()];
  const socket = await connect(student.token, 1);
  const counter = await openLiveStream(`${campus.processes[1].url}/api/v1/pos/stream`, { Authorization: till.device.authorization });
  campus.processes[1].live.drain();
  expect(await socket.closed).toEqual({ code: 1012, reason: "restarting" });
  const { data } = await socket.event("reconnect");
  expect(data.retry_after_ms).toBeGreaterThanOrEqual(500);
  await counter.ended;
  await counter.event("reconnect");
  await expect(connect(student.token, 1)).rejects.toThrow("503");
  const charge = await student.scannedOrder({ till, totalMinor: 1_000 });
  const again = await connect(student.token, 0, socket.lastId());
  await again.event("charge_opened", { charge_id: charge.id });
});
