import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { signAccessToken } from "../identity/access-token.ts";
import { parseKeyring } from "../identity/keyring.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { type LiveSocket, type LiveStream, openLiveSocket, openLiveStream, type SocketOptions } from "../testing/live-client.ts";
import { type Money, moneyOf } from "../testing/money.ts";
import { until } from "../testing/platform.ts";

let campus: Campus;
let money: Money;

beforeAll(async () => {
  campus = await startCampus({ env: { ACCESS_TOKEN_SECONDS: "60" } });
  money = moneyOf(campus);
});
afterAll(() => campus.end());

const endings: (() => void)[] = [];
afterEach(() => {
  for (const end of endings.splice(0)) end();
});

async function connect(path: string, options: SocketOptions, process: 0 | 1 = 0): Promise<LiveSocket> {
  const socket = await openLiveSocket(campus.processes[process].url, path, options);
  endings.push(() => socket.socket.terminate());
  return socket;
}

async function stream(device: { authorization: string }, process: 0 | 1 = 0, lastEventId?: string): Promise<LiveStream> {
  const opened = await openLiveStream(`${campus.processes[process].url}/api/v1/pos/stream`, {
    Authorization: device.authorization,
    ...(lastEventId === undefined ? {} : { "Last-Event-ID": lastEventId }),
  });
  endings.push(opened.close);
  return opened;
}

const refusal = (path: string, options: SocketOptions) =>
  openLiveSocket(campus.processes[0].url, path, options).then(
    (opened) => {
      opened.close();
      return "no refusal";
    },
    (error: Error) => error.message,
  );

const rich = () => money.fundedStudent({ balanceMinor: 50_000 });

test("a scan at one process reaches the student's socket at the other, and the confirm reaches the counter's stream", async () => {
  const [student, till] = [await rich(), await money.till()];
  const socket = await connect("/ws/me", { token: student.token }, 1);
  const counter = await stream(till.device, 1);
  const charge = await student.scannedOrder({ till, totalMinor: 4_500 });
  const opened = await socket.event("charge_opened", { charge_id: charge.id });
  expect(opened).toMatchObject({ data: { amount_minor: 4_500, order_id: charge.order_id }, id: expect.stringMatching(/^\d+-\d+$/) });
  expect((await student.confirm(charge)).status).toBe(200);
  await socket.event("charge_ended", { charge_id: charge.id, state: "confirmed" });
  await counter.event("charge_ended", { charge_id: charge.id, state: "confirmed" });
});

test("the scan says that the phone is connected, whichever process holds its socket, and no longer once it has left", async () => {
  const [student, till] = [await rich(), await money.till()];
  const order = await student.placeOrder({ till, totalMinor: 3_000 });
  const reachable = async () => (await student.scan(till, { orderId: order.id })).body.reachable;
  expect(await reachable()).toEqual([]);
  const socket = await connect("/ws/me", { token: student.token }, 1);
  await until("the other process knows it", async () => (await reachable()).includes("ws"));
  socket.close();
  await until("the other process knows that it left", async () => (await reachable()).length === 0);
});

test("the channel that reached the phone first is kept with the charge, and later ones change nothing", async () => {
  const [student, till] = [await rich(), await money.till()];
  await connect("/ws/me", { token: student.token });
  const charge = await student.scannedOrder({ till, totalMinor: 3_000 });
  const promptedBy = async () =>
    (await campus.sql<{ promptedBy: string | null }>`select prompted_by from charges where id = ${charge.id}`)[0]?.promptedBy;
  expect(await until("it is noted", promptedBy)).toBe("ws");
  await student.api("GET", "/charges/open");
  expect(await promptedBy()).toBe("ws");
  expect(await campus.processes[0].platform.metrics.text()).toContain('campus_scan_to_prompt_ms_count{channel="ws"}');
});

test("every socket of a student hears every event", async () => {
  const [student, till] = [await rich(), await money.till()];
  const sockets = await Promise.all(([0, 1] as const).map((process) => connect("/ws/me", { token: student.token }, process)));
  const charge = await student.scannedOrder({ till, totalMinor: 3_000 });
  for (const socket of sockets) await socket.event("charge_opened", { charge_id: charge.id });
});

test("a socket that was cut resumes at the other process with everything in between, each event once", async () => {
  const [student, till] = [await rich(), await money.till()];
  const before = await connect("/ws/me", { token: student.token }, 0);
  const first = await student.scannedOrder({ till, totalMinor: 3_000 });
  await before.event("charge_opened", { charge_id: first.id });
  before.socket.terminate();
  await before.closed;
  expect((await student.confirm(first)).status).toBe(200);
  const second = await student.scannedOrder({ till, totalMinor: 2_000 });
  const after = await connect("/ws/me", { token: student.token, lastEventId: before.lastId() }, 1);
  await after.event("charge_opened", { charge_id: second.id });
  const heard = after.messages
    .filter(({ event }) => event !== "heartbeat")
    .map(({ event, data }) => [event, data.charge_id ?? data.order_id]);
  expect(heard).toEqual([
    ["charge_ended", first.id],
    ["order_paid", first.order_id],
    ["order_placed", second.order_id],
    ["charge_opened", second.id],
  ]);
});

test("a socket that heard nothing yet resumes from its first heartbeat", async () => {
  const [student, till] = [await rich(), await money.till()];
  const before = await connect("/ws/me", { token: student.token });
  before.socket.terminate();
  const charge = await student.scannedOrder({ till, totalMinor: 2_000 });
  const after = await connect("/ws/me", { token: student.token, lastEventId: before.lastId() }, 1);
  await after.event("charge_opened", { charge_id: charge.id });
});

test("the socket of an order tells its state at once, each change, and closes with 1000 at the last one", async () => {
  const [student, till] = [await rich(), await money.till()];
  const charge = await student.scannedOrder({ till, totalMinor: 2_000 });
  const socket = await connect(`/ws/orders/${charge.order_id}`, { token: student.token }, 1);
  await socket.event("status_changed", { status: "received", payment_status: "pending" });
  await student.confirm(charge);
  await socket.event("order_paid", { order_id: charge.order_id });
  expect((await student.cancel(charge.order_id)).status).toBe(200);
  expect(await socket.closed).toEqual({ code: 1000, reason: "final" });
  await socket.event("status_changed", { status: "cancelled" });
  const late = await connect(`/ws/orders/${charge.order_id}`, { token: student.token });
  expect(await late.closed).toMatchObject({ code: 1000 });
  await late.event("status_changed", { status: "cancelled" });
});

test("another student's order is not found, and its socket is refused", async () => {
  const [student, stranger, till] = [await rich(), await rich(), await money.till()];
  const order = await student.placeOrder({ till, totalMinor: 2_000 });
  expect(await refusal(`/ws/orders/${order.id}`, { token: stranger.token })).toContain("404");
});

test("a student hears nothing of another one, a terminal nothing of another terminal", async () => {
  const [student, stranger] = [await rich(), await rich()];
  const [till, otherTill] = [await money.till(), await money.till()];
  const [strangersSocket, otherCounter] = [await connect("/ws/me", { token: stranger.token }), await stream(otherTill.device)];
  const charge = await student.scannedOrder({ till, totalMinor: 2_000 });
  await student.confirm(charge);
  const own = await stranger.scannedOrder({ till: otherTill, totalMinor: 1_000 });
  await stranger.confirm(own);
  await strangersSocket.event("charge_ended", { charge_id: own.id });
  await otherCounter.event("charge_ended", { charge_id: own.id });
  const heard = [...strangersSocket.messages, ...otherCounter.messages].map(({ data }) => data.charge_id);
  expect(heard).not.toContain(charge.id);
});

test("the counter's stream resumes with Last-Event-ID at another process", async () => {
  const [student, till] = [await rich(), await money.till()];
  const before = await stream(till.device, 0);
  expect(before.response.headers.get("content-type")).toContain("text/event-stream");
  expect(before.response.headers.get("x-accel-buffering")).toBe("no");
  expect(before.text()).toContain("retry: ");
  before.close();
  await before.ended;
  const charge = await student.scannedOrder({ till, totalMinor: 2_000 });
  await student.confirm(charge);
  const after = await stream(till.device, 1, before.lastId());
  await after.event("charge_ended", { charge_id: charge.id, state: "confirmed" });
});

test("a stream is answered only once nothing more can be missed: who reads the state then has seen everything", async () => {
  const till = await money.till();
  const blocker = await campus.owner.connect();
  try {
    await blocker.query("begin; lock table events in access exclusive mode");
    let isAnswered = false;
    const opening = fetch(`${campus.processes[1].url}/api/v1/pos/stream`, {
      headers: { Authorization: till.device.authorization, "Last-Event-ID": "1-1" },
    }).then((response) => {
      isAnswered = true;
      return response;
    });
    await until("the replay waits", async () => {
      const waiting = await campus.database.query(
        "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%as is_old_kept%'",
      );
      return waiting.length > 0;
    });
    expect(isAnswered).toBe(false);
    await blocker.query("rollback");
    const response = await opening;
    expect(response.status).toBe(200);
    await response.body?.cancel();
  } finally {
    await blocker.query("rollback");
    blocker.release();
  }
});

test.each([
  ["no token", {}, "401"],
  ["a browser's cookies alone", { headers: { Cookie: "campus_access=a.b.c; campus_student_refresh=r" } }, "401"],
  ["a token that is none", { token: "a.b.c" }, "401"],
  ["a subprotocol that is not ours first", { protocols: ["bearer.x", "campuspay.v1"] }, "400"],
  ["a resume id that the server never gave", { query: { last_event_id: "yesterday" } }, "400"],
])("a handshake with %s is refused", async (_, options, status) => {
  const student = await rich();
  const token = "query" in options ? { token: student.token } : {};
  expect(await refusal("/ws/me", { ...token, ...options })).toContain(status);
});

test("staff and devices have no student's socket", async () => {
  const staff = await campus.staff("finance");
  expect(await refusal("/ws/me", { token: staff.token })).toContain("403");
});

test("another origin is refused, the own one and a native client are not", async () => {
  const student = await rich();
  const from = (origin: string) => ({ token: student.token, headers: { Origin: origin } });
  expect(await refusal("/ws/me", from("https://evil.example"))).toContain("403");
  await connect("/ws/me", from(campus.processes[0].url));
  await connect("/ws/me", { token: student.token });
});

test("the server answers with the protocol's name and never with the token", async () => {
  const student = await rich();
  expect((await connect("/ws/me", { token: student.token })).socket.protocol).toBe("campuspay.v1");
});

test("a token in the query opens the socket and stands in no log line", async () => {
  const student = await rich();
  await connect("/ws/me", { query: { token: student.token } });
  await until("the handshake is logged", () => campus.logLines.some((line) => line.includes("/api/v1/ws/me")));
  expect(campus.logLines.filter((line) => line.includes(student.token) || line.includes(student.token.split(".")[2] ?? ""))).toEqual([]);
});

test("a plain request to a socket's address is told what to send", async () => {
  const student = await rich();
  const answer = await student.api<{ error: { code: string; message: string } }>("GET", "/ws/me");
  expect([answer.status, answer.body.error.code]).toEqual([400, "VALIDATION_ERROR"]);
  expect(answer.body.error.message).toContain("Upgrade: websocket");
});

test("the sixth live connection of one student at a process is refused until one closes", async () => {
  const student = await rich();
  const sockets = await Promise.all(Array.from({ length: 5 }, () => connect("/ws/me", { token: student.token })));
  expect(await refusal("/ws/me", { token: student.token })).toContain("429");
  sockets[0]?.close();
  await until("there is room again", async () => (await refusal("/ws/me", { token: student.token })) === "no refusal");
});

test("a socket is closed with 4401 once its session is ended", async () => {
  const student = await rich();
  const socket = await connect("/ws/me", { token: student.token }, 1);
  expect((await student.api("POST", "/auth/logout")).status).toBeLessThan(300);
  expect(await socket.closed).toMatchObject({ code: 4401 });
});

test("a socket is closed with 4401 once its token has expired", async () => {
  const student = await rich();
  const keyring = parseKeyring(campus.env.JWT_KEYS ?? "");
  const { PUBLIC_URL: issuer } = campus.processes[0].platform.config;
  const holder = { kind: "student", id: student.id, sessionId: student.sessionId } as const;
  const token = signAccessToken(keyring, holder, { issuer, lifeSeconds: 2, nowMs: Date.now() });
  const socket = await connect("/ws/me", { token });
  expect(await socket.closed).toMatchObject({ code: 4401 });
  expect(await refusal("/ws/me", { token })).toContain("401");
});

test("the stream of a device ends once it is revoked, and is refused afterwards", async () => {
  const till = await money.till();
  const owner = await campus.staff("owner", till.cafe);
  const counter = await stream(till.device, 1);
  expect((await owner.api("DELETE", `/admin/devices/${till.device.id}`)).status).toBeLessThan(300);
  await counter.ended;
  expect((await stream(till.device)).response.status).toBe(403);
});

test("open connections are counted by kind", async () => {
  const [student, till] = [await rich(), await money.till()];
  await connect("/ws/me", { token: student.token });
  await stream(till.device);
  const metrics = await campus.processes[0].platform.metrics.text();
  expect(metrics).toMatch(/campus_live_connections\{kind="student_socket"\} [1-9]/);
  expect(metrics).toMatch(/campus_live_connections\{kind="device_stream"\} [1-9]/);
  expect(metrics).toMatch(/campus_live_events_lag_ms_count [1-9]/);
});

test("a socket that does not read is cut long before its pulse fails, instead of filling the process's memory", async () => {
  const student = await rich();
  const socket = await connect("/ws/me", { token: student.token });
  socket.socket.pause();
  await campus.sql`
    insert into events (channels, event, data)
    select array[${`student:${student.id}`}], 'status_changed', jsonb_build_object('padding', repeat('x', 20000)) from generate_series(1, 900)`;
  const { platform } = campus.processes[0];
  await until("it is cut", async () => (await platform.metrics.text()).includes('campus_live_connections{kind="student_socket"} 0'), 9_000);
});
