import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Campus, startCampus } from "../../testing/campus.ts";
import { openLiveSocket } from "../../testing/live-client.ts";
import { type Money, type MoneyStudent, moneyOf, type Till } from "../../testing/money.ts";
import { until } from "../../testing/platform.ts";
import { chargeText } from "./charge-text.ts";
import { asMessage } from "./fcm.ts";

let campus: Campus;
let money: Money;
let till: Till;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  till = await money.till();
});
afterAll(() => campus.end());
beforeEach(async () => {
  await campus.setFaults({ fcm: "ok" });
  await campus.drainOutbox();
});

const newToken = () => `token-${randomBytes(12).toString("hex")}`;

async function phoneOf(student: MoneyStudent): Promise<string> {
  const token = newToken();
  const answer = await student.api("POST", "/users/device-token", { body: { token, platform: "android" } });
  expect(answer.status).toBeLessThan(300);
  return token;
}

async function studentWithPhone(language: "sv" | "it" | "en" = "en") {
  const student = await money.fundedStudent({ balanceMinor: 50_000, language });
  return { student, token: await phoneOf(student) };
}

const pushes = async (token: string) => (await campus.messages(token, "push")).filter(({ data }) => data.type === "charge");
const rowOf = async (chargeId: string) =>
  (
    await campus.sql<{ doneAt: Date | null; deadAt: Date | null; tries: number; dueInMs: number }>`
      select done_at, dead_at, tries, (extract(epoch from due_at - now()) * 1000)::float8 as due_in_ms
      from outbox where topic = 'push.charge' and payload ->> 'charge_id' = ${chargeId}`
  )[0];
const notificationsOf = (chargeId: string) =>
  campus.sql<{ outcome: string; tries: number; deliveredAt: Date | null }>`
    select outcome, tries, delivered_at from notifications where object_id = ${chargeId} order by created_at, id`;
const isActive = async (token: string) =>
  (await campus.sql<{ isActive: boolean }>`select is_active from push_tokens where token = ${token}`)[0]?.isActive;
const makeDue = (chargeId: string) =>
  campus.sql`update outbox set due_at = now() where payload ->> 'charge_id' = ${chargeId} and done_at is null`;
const promptedBy = async (chargeId: string) =>
  (await campus.sql<{ promptedBy: string | null }>`select prompted_by from charges where id = ${chargeId}`)[0]?.promptedBy;

test("a scan rings at every phone of the student with the café, the amount and the charge's id", async () => {
  const { student, token } = await studentWithPhone();
  const second = await phoneOf(student);
  const charge = await student.scannedOrder({ till, totalMinor: 4_550 });
  await campus.drainOutbox();
  for (const phone of [token, second])
    expect(await pushes(phone)).toMatchObject([
      { data: { type: "charge", charge_id: charge.id }, text: expect.stringMatching(/^Café Test: Pay SEK.45\.50\? Open to confirm\.$/) },
    ]);
  expect(await notificationsOf(charge.id)).toEqual([1, 2].map(() => ({ outcome: "accepted", tries: 1, deliveredAt: expect.any(Date) })));
  expect(await until("the charge notes it", () => promptedBy(charge.id))).toBe("push");
  expect(await campus.worker.metrics.text()).toMatch(/campus_push_total\{outcome="accepted"\} \d/);
});

test("the scan answers that the phone can be reached by push", async () => {
  const { student } = await studentWithPhone();
  const order = await student.placeOrder({ till, totalMinor: 1_000 });
  expect((await student.scan(till, { orderId: order.id })).body.reachable).toEqual(["push"]);
});

test.each([
  ["sv", "Betala 45,50 kr? Öppna för att bekräfta."],
  ["it", "Pagare 45,50 SEK? Apri per confermare."],
  ["en", "Pay SEK 45.50? Open to confirm."],
] as const)("the text is in the student's language: %s", (language, body) => {
  const text = chargeText(language, { cafeName: "Café Nord", amountMinor: 4_550, currency: "SEK" });
  expect({ ...text, body: text.body.replaceAll("\u00a0", " ") }).toEqual({ title: "Café Nord", body });
});

test("a currency without decimals is not divided", () => {
  expect(chargeText("en", { cafeName: "Nord", amountMinor: 500, currency: "JPY" }).body).toContain("500");
});

test("a push is urgent and visible on every platform, and ends with the charge", () => {
  const message = asMessage({ token: "t", title: "Nord", body: "Pay", data: { type: "charge" }, lifeMs: 41_500, tag: "c-1" }, 1_000_000);
  expect(message).toMatchObject({
    notification: { title: "Nord", body: "Pay" },
    android: { priority: "high", ttl: 41_500, collapseKey: "c-1" },
    apns: { headers: { "apns-priority": "10", "apns-push-type": "alert", "apns-expiration": "1041", "apns-collapse-id": "c-1" } },
    webpush: { headers: { TTL: "41", Urgency: "high" } },
  });
});

test("nothing is sent for a charge that has ended", async () => {
  const { student, token } = await studentWithPhone();
  const charge = await student.scannedOrder({ till, totalMinor: 1_000 });
  expect((await student.confirm(charge)).status).toBe(200);
  await campus.drainOutbox();
  expect(await pushes(token)).toEqual([]);
  expect(await rowOf(charge.id)).toMatchObject({ doneAt: expect.any(Date), tries: 1 });
});

test("a repeated scan rings once", async () => {
  const { student, token } = await studentWithPhone();
  const charge = await student.scannedOrder({ till, totalMinor: 1_000 });
  await student.scan(till, { orderId: charge.order_id });
  await campus.drainOutbox();
  expect(await pushes(token)).toHaveLength(1);
});

test("a token that is gone is retired, the student's other phone still rings, and no second try is made", async () => {
  const { student, token } = await studentWithPhone();
  await campus.setFaults({ fcm: "unregistered" });
  const charge = await student.scannedOrder({ till, totalMinor: 1_000 });
  await campus.drainOutbox();
  expect([await isActive(token), (await rowOf(charge.id))?.doneAt]).toEqual([false, expect.any(Date)]);
  expect(await notificationsOf(charge.id)).toMatchObject([{ outcome: "unregistered", deliveredAt: null }]);
  expect(await promptedBy(charge.id)).toBeNull();

  await campus.setFaults({ fcm: "ok" });
  const other = await phoneOf(student);
  await student.confirm(charge);
  await student.scannedOrder({ till, totalMinor: 1_000 });
  await campus.drainOutbox();
  expect([(await pushes(other)).length, (await pushes(token)).length]).toEqual([1, 0]);
});

test("a failing FCM retires no token; the push is tried again within the charge's life and arrives once FCM is back", async () => {
  const { student, token } = await studentWithPhone();
  await campus.setFaults({ fcm: "500" });
  const charge = await student.scannedOrder({ till, totalMinor: 1_000 });
  await campus.drainOutbox();
  expect(await isActive(token)).toBe(true);
  const waiting = await rowOf(charge.id);
  expect(waiting).toMatchObject({ doneAt: null, deadAt: null, tries: 1 });
  expect(waiting?.dueInMs).toBeLessThan(5_000);
  await campus.setFaults({ fcm: "ok" });
  await makeDue(charge.id);
  await campus.drainOutbox();
  expect(await pushes(token)).toHaveLength(1);
  expect(await notificationsOf(charge.id)).toMatchObject([{ outcome: "accepted", tries: 2 }]);
});

test("a second try rings only where the first one failed", async () => {
  const { student, token } = await studentWithPhone();
  const charge = await student.scannedOrder({ till, totalMinor: 1_000 });
  await campus.drainOutbox();
  const late = await phoneOf(student);
  await campus.sql`update outbox set done_at = null, due_at = now() where payload ->> 'charge_id' = ${charge.id}`;
  await campus.drainOutbox();
  expect([(await pushes(token)).length, (await pushes(late)).length]).toEqual([1, 1]);
});

test("after three tries a push is given up: no dead letter, the token kept, the flow open to the other ways", async () => {
  const { student, token } = await studentWithPhone();
  await campus.setFaults({ fcm: "500" });
  const charge = await student.scannedOrder({ till, totalMinor: 1_000 });
  for (const _ of [1, 2, 3]) {
    await campus.drainOutbox();
    await makeDue(charge.id);
  }
  expect(await rowOf(charge.id)).toMatchObject({ doneAt: expect.any(Date), deadAt: null, tries: 3 });
  expect([await isActive(token), (await notificationsOf(charge.id)).map(({ outcome, tries }) => [outcome, tries])]).toEqual([
    true,
    [["failed", 3]],
  ]);
  expect((await student.confirm(charge)).status).toBe(200);
});

test("a push that hangs is given up after its own deadline, the scan answers meanwhile, and the student can pay", async () => {
  const { student, token } = await studentWithPhone();
  await campus.setFaults({ fcm: "hang" });
  const charge = await student.scannedOrder({ till, totalMinor: 1_000 });
  const beganMs = performance.now();
  const draining = campus.drainOutbox();
  expect((await student.confirm(charge)).status).toBe(200);
  expect(performance.now() - beganMs).toBeLessThan(2_500);
  await draining;
  expect(performance.now() - beganMs).toBeLessThan(9_000);
  expect(await isActive(token)).toBe(true);
});

test("row 24: with FCM down the scan is answered 201, and the socket, the poll or the short code finish it", async () => {
  await campus.setFaults({ fcm: "hang" });
  const ways = {
    ws: async (student: MoneyStudent, order: { id: string }) => {
      const socket = await openLiveSocket(campus.processes[1].url, "/ws/me", { token: student.token });
      expect((await student.scan(till, { orderId: order.id })).status).toBe(201);
      const { data } = await socket.event("charge_opened");
      socket.close();
      return String(data.charge_id);
    },
    poll: async (student: MoneyStudent, order: { id: string }) => {
      expect((await student.scan(till, { orderId: order.id })).status).toBe(201);
      return (await student.api<{ items: { id: string }[] }>("GET", "/charges/open")).body.items[0]?.id ?? "";
    },
    code: async (student: MoneyStudent, order: { id: string }) => {
      const scanned = await student.scan(till, { orderId: order.id });
      expect(scanned.status).toBe(201);
      const path = `/charges/open?short_code=${scanned.body.short_code}`;
      return (await student.api<{ items: { id: string }[] }>("GET", path)).body.items[0]?.id ?? "";
    },
  };
  const beganMs = performance.now();
  for (const way of Object.values(ways)) {
    const { student } = await studentWithPhone();
    const chargeId = await way(student, await student.placeOrder({ till, totalMinor: 1_000 }));
    const [counter] = await campus.sql<{ matchCode: string }>`select match_code from charges where id = ${chargeId}`;
    const charge = { ...(await student.readCharge(chargeId)), match_code: counter?.matchCode ?? "" };
    expect((await student.confirm(charge)).status).toBe(200);
  }
  expect(performance.now() - beganMs).toBeLessThan(6_000);
});

test("row 25: with the phone's token gone the scan is answered 201, the token is retired, and the poll finishes it", async () => {
  const { student, token } = await studentWithPhone();
  await campus.setFaults({ fcm: "unregistered" });
  const charge = await student.scannedOrder({ till, totalMinor: 1_000 });
  await campus.drainOutbox();
  expect(await isActive(token)).toBe(false);
  expect((await student.api<{ items: { id: string }[] }>("GET", "/charges/open")).body.items.map(({ id }) => id)).toEqual([charge.id]);
  expect((await student.confirm(charge)).status).toBe(200);
});

test("after repeated failures FCM is left alone: the next push fails at once instead of waiting for the deadline", async () => {
  const students = await Promise.all(Array.from({ length: 6 }, () => studentWithPhone()));
  await campus.setFaults({ fcm: "500" });
  for (const { student } of students.slice(0, 5)) await student.scannedOrder({ till, totalMinor: 1_000 });
  await campus.drainOutbox();
  await campus.setFaults({ fcm: "hang" });
  const last = students[5];
  if (!last) throw new Error("There is no sixth student.");
  await last.student.scannedOrder({ till, totalMinor: 1_000 });
  const beganMs = performance.now();
  await campus.drainOutbox();
  expect(performance.now() - beganMs).toBeLessThan(2_500);
});

test("no log line holds a push token", async () => {
  const { student, token } = await studentWithPhone();
  await campus.setFaults({ fcm: "500" });
  await student.scannedOrder({ till, totalMinor: 1_000 });
  await campus.drainOutbox();
  expect(campus.logLines.some((line) => line.includes("push.charge"))).toBe(true);
  expect(campus.logLines.filter((line) => line.includes(token))).toEqual([]);
});
