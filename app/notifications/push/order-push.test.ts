import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Campus, startCampus } from "../../testing/campus.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type PlacedOrder, type Till } from "../../testing/money.ts";
import type { TestStaff } from "../../testing/people.ts";
import { orderNews, orderText } from "./order-text.ts";

let campus: Campus;
let money: Money;
let till: Till;
let owner: TestStaff;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
});
afterAll(() => campus.end());
beforeEach(async () => {
  await campus.setFaults({ fcm: "ok" });
  await campus.drainOutbox();
  till = await money.till();
  owner = await campus.staff("owner", till.cafe);
});

async function phoneOf(person: Pick<TestStaff, "api">): Promise<string> {
  const token = `token-${randomBytes(12).toString("hex")}`;
  expectOk(await person.api("POST", "/users/device-token", { body: { token, platform: "android" } }));
  return token;
}

async function studentWithPhone(language: "sv" | "it" | "en" = "en") {
  const student = await money.fundedStudent({ balanceMinor: 50_000, language });
  return { student, token: await phoneOf(student) };
}

const heard = async (token: string) =>
  (await campus.messages(token, "push"))
    .filter(({ data }) => data.type !== "charge")
    .map(({ text, data }) => ({ text: text.replaceAll("\u00a0", " "), type: data.type, orderId: data.order_id }))
    .toReversed();

async function placeCash(student: MoneyStudent, more: object = {}): Promise<PlacedOrder> {
  const dish = await money.dish(till.cafe, 4_550);
  const body = { cafe_id: till.cafe.id, items: [{ menu_item_id: dish.id, quantity: 2 }], payment_method: "cash", ...more };
  return expectOk(await student.api<{ order: PlacedOrder }>("POST", "/orders", { body })).order;
}

const move = async (orderId: string, status: string) =>
  expectOk(await owner.api("PATCH", `/admin/orders/${orderId}/status`, { body: { status } }));

const makeDue = () => campus.sql`update outbox set due_at = now() where done_at is null and dead_at is null`;

test("the student hears of each step with the number, the portions and the total, and the staff hear of the new order", async () => {
  const { student, token } = await studentWithPhone();
  const counter = await phoneOf(await campus.staff("kitchen", till.cafe));
  const order = await placeCash(student, { order_type: "delivery", delivery_address: "Lärargatan 1" });
  await campus.drainOutbox();
  for (const status of ["preparing", "ready", "out_for_delivery"]) {
    await move(order.id, status);
    await campus.drainOutbox();
  }
  const line = "2 items — SEK 111.00";
  expect(await heard(token)).toEqual([
    { text: `Order Confirmed!: Your order #${order.order_number} has been received: ${line}`, type: "order_received", orderId: order.id },
    {
      text: `Being Prepared 🍳: Your order #${order.order_number} is now being prepared: ${line}`,
      type: "order_preparing",
      orderId: order.id,
    },
    { text: `Order Ready! 🎉: Your order #${order.order_number} is ready: ${line}`, type: "order_ready", orderId: order.id },
    {
      text: `On the Way! 🚚: Your order #${order.order_number} is out for delivery: ${line}`,
      type: "order_out_for_delivery",
      orderId: order.id,
    },
  ]);
  expect(await heard(counter)).toEqual([
    { text: `Ny beställning! 🔔: Beställning #${order.order_number} — 2 varor — 111,00 kr`, type: "order_new", orderId: order.id },
  ]);
});

test("an order to be paid by card is news once it is paid, and once", async () => {
  const { student, token } = await studentWithPhone();
  const kitchen = await phoneOf(await campus.staff("kitchen", till.cafe));
  const charge = await student.scannedOrder({ till, totalMinor: 1_000 });
  await campus.drainOutbox();
  expect([await heard(token), await heard(kitchen)]).toEqual([[], []]);
  expectOk(await student.confirm(charge));
  await campus.drainOutbox();
  expect([(await heard(token)).map(({ type }) => type), (await heard(kitchen)).map(({ type }) => type)]).toEqual([
    ["order_received"],
    ["order_new"],
  ]);
});

test("a café that trusts hears of an unpaid order at once, and its payment is no second new order", async () => {
  expectOk(await owner.api("PUT", "/admin/config/prepare_before_paid", { body: { value: true } }));
  const { student, token } = await studentWithPhone();
  const charge = await student.scannedOrder({ till, totalMinor: 1_000 });
  await campus.drainOutbox();
  expect((await heard(token)).map(({ type }) => type)).toEqual(["order_received"]);
  expectOk(await student.confirm(charge));
  await campus.drainOutbox();
  expect((await heard(token)).map(({ type }) => type)).toEqual(["order_received"]);
});

test("a student who switched order notifications off hears nothing, and the staff still do", async () => {
  const { student, token } = await studentWithPhone();
  const kitchen = await phoneOf(await campus.staff("kitchen", till.cafe));
  await campus.sql`update students set notify_orders = false where id = ${student.id}`;
  await placeCash(student);
  await campus.drainOutbox();
  expect([await heard(token), (await heard(kitchen)).length]).toEqual([[], 1]);
});

test("only this café's owner, cashiers and kitchen hear of a new order", async () => {
  const other = await campus.cafe();
  const [driver, stranger, cashier] = await Promise.all([
    campus.staff("delivery", till.cafe).then(phoneOf),
    campus.staff("kitchen", other).then(phoneOf),
    campus.staff("cashier", till.cafe).then(phoneOf),
  ]);
  const { student } = await studentWithPhone();
  await placeCash(student);
  await campus.drainOutbox();
  expect([await heard(driver), await heard(stranger), (await heard(cashier)).length]).toEqual([[], [], 1]);
});

test("nothing is told of a step that is over: an order that went on before the worker came", async () => {
  const { student, token } = await studentWithPhone();
  const order = await placeCash(student);
  await move(order.id, "preparing");
  await move(order.id, "ready");
  await campus.drainOutbox();
  expect((await heard(token)).map(({ type }) => type)).toEqual(["order_ready"]);
});

test("a step that is taken back and taken again rings once", async () => {
  const { student, token } = await studentWithPhone();
  const order = await placeCash(student);
  for (const status of ["preparing", "received", "preparing"]) {
    await move(order.id, status);
    await campus.drainOutbox();
  }
  expect((await heard(token)).filter(({ type }) => type === "order_preparing")).toHaveLength(1);
});

test("after three tries it is given up: no dead letter, and the token stays", async () => {
  const { student, token } = await studentWithPhone();
  await campus.setFaults({ fcm: "500" });
  const order = await placeCash(student);
  for (let turn = 0; turn < 3; turn += 1) {
    await campus.drainOutbox();
    await makeDue();
  }
  const [row] = await campus.sql<{ tries: number; done: boolean; dead: boolean }>`
    select tries, done_at is not null as done, dead_at is not null as dead from outbox
    where topic = 'push.order' and payload ->> 'order_id' = ${order.id}`;
  expect(row).toEqual({ tries: 3, done: true, dead: false });
  expect(await campus.sql`select is_active from push_tokens where token = ${token}`).toEqual([{ isActive: true }]);
  expect(await campus.sql`select outcome, tries from notifications where object_id = ${order.id} and student_id = ${student.id}`).toEqual([
    { outcome: "failed", tries: 3 },
  ]);
});

test("UNREGISTERED retires the token of a member of staff, and only that one", async () => {
  const kitchen = await campus.staff("kitchen", till.cafe);
  const gone = await phoneOf(kitchen);
  const { student } = await studentWithPhone();
  await campus.setFaults({ fcm: "unregistered" });
  await placeCash(student);
  await campus.drainOutbox();
  await campus.setFaults({ fcm: "ok" });
  const fresh = await phoneOf(kitchen);
  await placeCash(student);
  await campus.drainOutbox();
  expect(await campus.sql`select is_active from push_tokens where token = ${gone}`).toEqual([{ isActive: false }]);
  expect((await heard(fresh)).map(({ type }) => type)).toEqual(["order_new"]);
});

test("a sale at the counter that nobody has an account for rings at no phone", async () => {
  const [sold] = await campus.sql<{ orderId: string }>`
    select (place_order(${till.cafe.id}, null, ${JSON.stringify([{ menu_item_id: (await money.dish(till.cafe, 900)).id, quantity: 1, choice_ids: [] }])}::jsonb,
      'pickup', 'cash', null, null, null, null, null)).order_id`;
  await campus.drainOutbox();
  expect(
    await campus.sql`select count(*)::int as dead from outbox where dead_at is not null and payload ->> 'order_id' = ${sold?.orderId}`,
  ).toEqual([{ dead: 0 }]);
  expect(await campus.sql`select id from notifications where object_id = ${sold?.orderId}`).toEqual([]);
});

test.each(["sv", "it", "en"] as const)("every news has a text in %s with number, portions and total", (language) => {
  for (const news of orderNews) {
    const words = { number: "ORD-20261121-001", itemCount: 1, totalMinor: 4_550, currency: "SEK", orderType: "pickup" } as const;
    const { title, body } = orderText(language, news, words);
    expect(title.length).toBeGreaterThan(3);
    expect(body).toContain("#ORD-20261121-001");
    expect(body.replaceAll("\u00a0", " ")).toMatch(/1 (vara|articolo|item) — .*45[.,]50/);
  }
});
