import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { addDish } from "../testing/menus.ts";
import { expectOk } from "../testing/money.ts";
import type { TestCafe, TestStaff, TestStudent } from "../testing/people.ts";

let campus: Campus;
let cafe: TestCafe;
let student: TestStudent;
let owner: TestStaff;
let driver: TestStaff;

beforeAll(async () => {
  campus = await startCampus();
  cafe = await campus.cafe();
  student = await campus.student({ name: "Bo Ek" });
  [owner, driver] = [await campus.staff("owner", cafe), await campus.staff("delivery", cafe)];
});
afterAll(() => campus.end());

interface Assignment {
  readonly id: string;
  readonly status: string;
  readonly student_phone: string;
  readonly order: { readonly id: string; readonly status: string; readonly delivery_address: string };
  readonly error?: { readonly code: string };
}

async function delivery(more: object = {}): Promise<string> {
  const items = [{ menu_item_id: await addDish(campus, cafe), quantity: 1 }];
  const body = { cafe_id: cafe.id, items, order_type: "delivery", delivery_address: "Dorm 4", payment_method: "cash", ...more };
  return expectOk(await student.api<{ order: { id: string } }>("POST", "/orders", { body })).order.id;
}

const assign = (orderId: string, to: TestStaff = driver, as: TestStaff = owner) =>
  as.api<{ delivery: { id: string; staff_id: string; status: string } }>("POST", `/admin/orders/${orderId}/assign-delivery`, {
    body: { staff_id: to.id },
  });
const step = (orderId: string, status: string) => owner.api("PATCH", `/admin/orders/${orderId}/status`, { body: { status } });
const drive = (id: string, status: string, as: TestStaff = driver) =>
  as.api<Assignment>("PATCH", `/delivery/assignments/${id}`, { body: { status } });
const mine = async (query = "", as: TestStaff = driver) =>
  expectOk(await as.api<{ items: Assignment[]; next_cursor: string | null }>("GET", `/delivery/assignments?${query}`));

test("a delivery goes from the kitchen to the door: assigned, picked up, cash taken by the driver, delivered", async () => {
  const orderId = await delivery();
  const assigned = expectOk(await assign(orderId)).delivery;
  expect(assigned).toMatchObject({ staff_id: driver.id, status: "assigned" });
  expect((await drive(assigned.id, "picked_up")).body.error?.code).toBe("INVALID_TRANSITION");
  for (const status of ["preparing", "ready"]) await step(orderId, status);
  const picked = expectOk(await drive(assigned.id, "picked_up"));
  expect(picked).toMatchObject({
    status: "picked_up",
    student_phone: student.phone,
    order: { status: "out_for_delivery", delivery_address: "Dorm 4" },
  });
  expect((await drive(assigned.id, "picked_up")).status).toBe(200);
  expect((await drive(assigned.id, "delivered")).body.error?.code).toBe("INVALID_TRANSITION");
  const headers = { "Idempotency-Key": randomUUID() };
  expect((await driver.api("POST", `/admin/orders/${orderId}/cash-received`, { headers })).status).toBe(200);
  expect(expectOk(await drive(assigned.id, "delivered"))).toMatchObject({ status: "delivered", order: { status: "completed" } });
});

test("an assignment follows the order where the board moves it", async () => {
  const orderId = await delivery();
  const { id } = expectOk(await assign(orderId)).delivery;
  const statusOf = async () => (await mine()).items.find((item) => item.id === id)?.status;
  for (const status of ["preparing", "ready", "out_for_delivery"]) await step(orderId, status);
  expect(await statusOf()).toBe("picked_up");
  await step(orderId, "ready");
  expect(await statusOf()).toBe("assigned");
});

test("a driver sees and moves their own assignments only, listed newest first, page by page and by status", async () => {
  const [other, far] = [await campus.staff("delivery", cafe), await campus.staff("delivery", await campus.cafe())];
  const [first, second] = [await delivery(), await delivery()];
  const [one, two] = [expectOk(await assign(first, other)).delivery, expectOk(await assign(second, other)).delivery];
  expect((await mine("", other)).items.map(({ id }) => id)).toEqual([two.id, one.id]);
  const page = await mine("limit=1", other);
  expect((await mine(`limit=1&cursor=${page.next_cursor}`, other)).items.map(({ id }) => id)).toEqual([one.id]);
  expect((await mine("status=delivered", other)).items).toEqual([]);
  expect((await drive(one.id, "picked_up")).status).toBe(404);
  expect((await drive(one.id, "picked_up", far)).status).toBe(404);
  expect((await drive(randomUUID(), "picked_up", other)).status).toBe(404);
  for (const wrong of [owner, student]) {
    expect((await wrong.api("GET", "/delivery/assignments")).status).toBe(403);
    expect((await wrong.api("PATCH", `/delivery/assignments/${one.id}`, { body: { status: "picked_up" } })).status).toBe(403);
  }
});

test("only a driver of the café is named, only for a delivery that has not left, and another one until then", async () => {
  const orderId = await delivery();
  expect((await assign(orderId, owner)).status).toBe(404);
  expect((await assign(orderId, await campus.staff("delivery", await campus.cafe()))).status).toBe(404);
  expect((await assign(await delivery({ order_type: "pickup", delivery_address: undefined }))).status).toBe(409);
  const other = await campus.staff("delivery", cafe);
  await assign(orderId);
  expect(expectOk(await assign(orderId, other)).delivery.staff_id).toBe(other.id);
  for (const status of ["preparing", "ready", "out_for_delivery"]) await step(orderId, status);
  expect((await assign(orderId)).status).toBe(409);
});
