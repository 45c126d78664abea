import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { checkLedger } from "../ledger/check-ledger.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { addDish } from "../testing/menus.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type Till } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";
import { codeOf } from "../testing/refusal.ts";
import { standsHours } from "./transitions.ts";

const aloneUpTo = 3_000;

let campus: Campus;
let money: Money;
let till: Till;
let kitchen: TestStaff;
let finance: TestStaff;
let admin: TestStaff;
let student: MoneyStudent;

beforeAll(async () => {
  campus = await startCampus({ env: { REFUND_TWO_PEOPLE_ABOVE_MINOR: String(aloneUpTo) } });
  money = moneyOf(campus);
  till = await money.till();
  [kitchen, finance, admin] = await Promise.all([campus.staff("kitchen", till.cafe), campus.staff("finance"), campus.staff("admin")]);
});
beforeEach(async () => {
  student = await money.fundedStudent({ balanceMinor: 10_000 });
});
afterAll(async () => {
  const broken = (await checkLedger(campus.worker.db)).invariants.filter(({ ok }) => !ok).map(({ id }) => id);
  await campus.end();
  expect(broken).toEqual([]);
});

interface Order {
  readonly id: string;
  readonly status: string;
  readonly payment_status: string;
  readonly cancel_reason: string | null;
  readonly error?: { readonly code: string; readonly details: Record<string, unknown> };
}

async function paid(totalMinor: number): Promise<string> {
  const charge = await student.scannedOrder({ till, totalMinor });
  expectOk(await student.confirm(charge));
  return charge.order_id;
}
const place = async (more: object) => {
  const body = { cafe_id: till.cafe.id, items: [{ menu_item_id: await addDish(campus, till.cafe), quantity: 1 }], ...more };
  return expectOk(await student.api<{ order: Order }>("POST", "/orders", { body })).order.id;
};
const move = (id: string, status: string, as: TestStaff = kitchen) =>
  as.api<Order>("PATCH", `/admin/orders/${id}/status`, { body: { status } });
const age = (id: string) => campus.sql`update orders set created_at = created_at - make_interval(hours => ${standsHours}) where id = ${id}`;
const listed = async () =>
  expectOk(await finance.api<{ items: { id: string; cafe_name: string }[] }>("GET", "/admin/unfinished-orders?limit=100")).items.map(
    ({ id }) => id,
  );
const keepsStudent = async () => {
  const tried = await admin.api<{ error?: { details: { obstacles: string[] } } }>("DELETE", `/admin/students/${student.id}`);
  return tried.body.error?.details.obstacles.includes("unfinished_order") ?? false;
};

test("what a café leaves in preparation is told to finance after a day, who ends it and gives the money back; then its student may go", async () => {
  const id = await paid(2_000);
  expectOk(await move(id, "preparing"));
  expect(codeOf(await move(id, "cancelled", finance))).toBe("INVALID_TRANSITION");
  expect(await listed()).not.toContain(id);
  await age(id);
  expect(await listed()).toContain(id);
  expect([codeOf(await student.cancel(id)), await keepsStudent()]).toEqual(["INVALID_TRANSITION", true]);
  expect(expectOk(await move(id, "cancelled", finance))).toMatchObject({
    status: "cancelled",
    payment_status: "refunded",
    cancel_reason: "cancelled by the university",
  });
  expect([await student.balanceMinor(), await keepsStudent(), await listed()]).toEqual([10_000, false, []]);
  expect(
    await campus.sql`select actor_id, cafe_id from audit_log where object_id = ${id} and action = 'order.status' order by id desc limit 1`,
  ).toEqual([{ actorId: finance.id, cafeId: till.cafe.id }]);
});

test("an unpaid one that was begun, that waits at the counter or that nobody touched ends in the same way", async () => {
  await campus.sql`insert into settings (cafe_id, key, value) values (${till.cafe.id}, 'prepare_before_paid', 'true')`;
  const [begun, ready, untouched] = [await place({}), await place({ payment_method: "cash" }), await place({ payment_method: "cash" })];
  for (const id of [begun, ready]) expectOk(await move(id, "preparing"));
  expectOk(await move(ready, "ready"));
  for (const id of [begun, ready, untouched]) await age(id);
  expect(await listed()).toEqual([begun, ready, untouched]);
  for (const id of [begun, ready, untouched])
    expect(expectOk(await move(id, "cancelled", finance))).toMatchObject({ status: "cancelled", payment_status: "pending" });
  expect([await student.balanceMinor(), await keepsStudent()]).toEqual([10_000, false]);
});

test("a large one is given back by two people first, and ended then", async () => {
  const id = await paid(5_000);
  expectOk(await move(id, "preparing"));
  await age(id);
  expect((await move(id, "cancelled", finance)).body.error).toMatchObject({
    code: "INSUFFICIENT_ROLE",
    details: { because: "second_person" },
  });
  const asked = await finance.api<{ id: string; status: string }>("POST", `/admin/orders/${id}/refund`, {
    body: { reason: "the café left it" },
    headers: { "Idempotency-Key": randomUUID() },
  });
  expect(expectOk(asked).status).toBe("proposed");
  const decide = (as: TestStaff) => as.api("POST", `/admin/refund-proposals/${asked.body.id}/approve`);
  expect(codeOf(await decide(finance))).toBe("INSUFFICIENT_ROLE");
  expectOk(await decide(await campus.staff("finance")));
  expect(expectOk(await move(id, "cancelled", finance))).toMatchObject({ status: "cancelled", payment_status: "refunded" });
  expect(await student.balanceMinor()).toBe(10_000);
});

test("what was paid in cash stays in the café's drawer, and is given back at its counter afterwards", async () => {
  const id = await place({ payment_method: "cash" });
  const cashier = await campus.staff("cashier", till.cafe);
  expectOk(await cashier.api("POST", `/admin/orders/${id}/cash-received`, { headers: { "Idempotency-Key": randomUUID() } }));
  expectOk(await move(id, "preparing"));
  await age(id);
  expect(expectOk(await move(id, "cancelled", finance))).toMatchObject({ status: "cancelled", payment_status: "paid" });
  expect([await student.balanceMinor(), await keepsStudent()]).toEqual([10_000, false]);
  const given = await till.device.api<{ to: string }>("POST", "/pos/refunds", {
    body: { scan_id: randomUUID(), order_id: id, reason: "never made" },
    headers: { "X-Staff-Authorization": `Bearer ${cashier.token}` },
  });
  expect(expectOk(given).to).toBe("cash");
});

test("finance alone gives no amount of a café's order back, and no other of the university moves or lists one", async () => {
  const id = await paid(1_000);
  const asked = await finance.api<{ status: string }>("POST", `/admin/orders/${id}/refund`, {
    body: { amount_minor: 1, reason: "a friend" },
    headers: { "Idempotency-Key": randomUUID() },
  });
  expect(expectOk(asked).status).toBe("proposed");
  await age(id);
  expect(codeOf(await move(id, "preparing", finance))).toBe("INVALID_TRANSITION");
  expect(codeOf(await move(id, "cancelled", admin))).toBe("INSUFFICIENT_ROLE");
  expect(codeOf(await kitchen.api("GET", "/admin/unfinished-orders"))).toBe("INSUFFICIENT_ROLE");
});
