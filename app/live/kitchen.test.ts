import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { type LiveStream, openLiveSocket, openLiveStream } from "../testing/live-client.ts";
import { addDish } from "../testing/menus.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type Till } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";

let campus: Campus;
let money: Money;
let till: Till;
let student: MoneyStudent;
let kitchen: TestStaff;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  till = await money.till();
  student = await money.fundedStudent({ balanceMinor: 500_000 });
  kitchen = await campus.staff("kitchen", till.cafe);
});
afterAll(() => campus.end());

const endings: (() => void)[] = [];
afterEach(() => {
  for (const end of endings.splice(0)) end();
});

async function watch(headers: Record<string, string>, process: 0 | 1 = 0): Promise<LiveStream> {
  const opened = await openLiveStream(`${campus.processes[process].url}/api/v1/admin/orders/stream`, headers);
  endings.push(opened.close);
  return opened;
}
const as = (staff: { token: string }, lastEventId?: string) => ({
  Authorization: `Bearer ${staff.token}`,
  ...(lastEventId === undefined ? {} : { "Last-Event-ID": lastEventId }),
});

async function place(more: object = {}, at = till): Promise<string> {
  const body = { cafe_id: at.cafe.id, items: [{ menu_item_id: await addDish(campus, at.cafe), quantity: 1 }], ...more };
  return expectOk(await student.api<{ order: { id: string } }>("POST", "/orders", { body })).order.id;
}
const move = (id: string, status: string) => kitchen.api("PATCH", `/admin/orders/${id}/status`, { body: { status } });

test("the kitchen sees each order placed, changed, paid and moved, whichever process it is connected to", async () => {
  const board = await watch(as(kitchen), 1);
  const id = await place();
  await board.event("order_placed", { order_id: id });
  const dish = await addDish(campus, till.cafe, { priceMinor: 2_000 });
  await student.api("PUT", `/orders/${id}`, { body: { items: [{ menu_item_id: dish, quantity: 1 }] } });
  await board.event("order_changed", { order_id: id, amount_minor: 2_000, version: 2 });
  const scanned = expectOk(await student.scan(till, { orderId: id }));
  expectOk(await student.confirm({ ...(await student.readCharge(scanned.charge.id)), match_code: scanned.match_code }));
  await board.event("order_paid", { order_id: id });
  await move(id, "preparing");
  await board.event("status_changed", { order_id: id, status: "preparing" });
  const cash = await place({ payment_method: "cash" });
  await kitchen.api("POST", `/admin/orders/${cash}/cash-received`, { headers: { "Idempotency-Key": randomUUID() } });
  await board.event("order_paid", { order_id: cash });
});

test("a board that was away resumes behind the last event it has, and misses nothing", async () => {
  const before = await watch(as(kitchen));
  const first = await place();
  await before.event("order_placed", { order_id: first });
  const lastId = before.lastId();
  before.close();
  const [second, third] = [await place(), await place()];
  const after = await watch(as(kitchen, lastId), 1);
  await after.event("order_placed", { order_id: third });
  const seen = after.messages.filter(({ event }) => event === "order_placed").map(({ data }) => data.order_id);
  expect(seen).toEqual([second, third]);
});

test("a café hears of its own orders only, and other roles hear nothing", async () => {
  const other = await money.till();
  const strangers = await watch(as(await campus.staff("owner", other.cafe)));
  await place();
  const theirs = await place({}, other);
  await strangers.event("order_placed", { order_id: theirs });
  expect(strangers.messages.filter(({ event }) => event === "order_placed")).toHaveLength(1);
  for (const wrong of [student, await campus.staff("delivery", till.cafe), await campus.staff("finance")])
    expect((await watch(as(wrong))).response.status).toBe(403);
  expect((await watch({})).response.status).toBe(401);
  expect((await watch({ ...as(kitchen), "Last-Event-ID": "yesterday" })).response.status).toBe(400);
});

test("the portal's cookie opens the stream as a header does", async () => {
  const session = await campus.api("POST", "/admin/auth/login", {
    body: { username: kitchen.username, password: kitchen.password },
    headers: { "X-Session": "cookie" },
  });
  const cookie = (session.headers.getSetCookie?.() ?? []).map((each) => each.split(";")[0]).join("; ");
  const board = await watch({ Cookie: cookie });
  const id = await place();
  await board.event("order_placed", { order_id: id });
});

test("the student's socket of an order hears when it will be ready and when the kitchen moves it, until it is final", async () => {
  const id = await place({ payment_method: "cash" });
  const socket = await openLiveSocket(campus.processes[1].url, `/ws/orders/${id}`, { token: student.token });
  endings.push(() => socket.socket.terminate());
  await campus.sql`update orders set estimated_ready_time = now() + interval '1 hour' where id = ${id}`;
  await move(id, "preparing");
  await socket.event("status_changed", { status: "preparing" });
  await socket.event("estimated_time", { order_id: id });
  await move(id, "cancelled");
  expect(await socket.closed).toMatchObject({ code: 1000 });
});
