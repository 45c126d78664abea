import { afterAll, beforeAll, expect, test } from "vitest";
import { part, sql } from "../platform/postgres.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { moneyOf } from "../testing/money.ts";

let campus: Campus;
let orderId: string;
beforeAll(async () => {
  campus = await startCampus();
  const money = moneyOf(campus);
  const student = await money.fundedStudent({ balanceMinor: 10_000 });
  orderId = (await student.placeOrder({ till: await money.till(), totalMinor: 4_000 })).id;
});
afterAll(() => campus.end());

// Whatever the code does: the database itself refuses a row whose parts do not fit together.
test.each([
  ["a total that is not the sum of its parts", part`total_minor = total_minor + 1`],
  ["another sum of the dishes under the same total", part`subtotal_minor = subtotal_minor - 1`],
  ["a delivery charge below zero", part`delivery_charge_minor = -1, total_minor = subtotal_minor - 1`],
  ["more given back than was to be paid", part`refunded_minor = total_minor + 1`],
  ["less than nothing given back", part`refunded_minor = -1`],
  ["an address without a delivery", part`delivery_address = 'Room 4'`],
  ["a delivery without an address", part`order_type = 'delivery'`],
  ["paid without a transaction", part`payment_status = 'paid'`],
])("no order has %s", async (_, change) => {
  const write = campus.worker.db.run(sql`update orders set ${change} where id = ${orderId}`);
  await expect(write).rejects.toMatchObject({ code: "23514" });
});

test("an order that is written wrong from the start is refused as well", async () => {
  const copy = sql`
    insert into orders (cafe_id, order_number, order_day, order_type, payment_method, subtotal_minor, total_minor, currency)
    select cafe_id, 'X1', order_day, order_type, payment_method, subtotal_minor, total_minor + 1, currency from orders where id = ${orderId}`;
  await expect(campus.worker.db.run(copy)).rejects.toMatchObject({ code: "23514", constraint: "orders_add_up" });
});

test("a row of the outbox is never both done and given up", async () => {
  await campus.worker.db.run(sql`insert into outbox (topic, payload) values ('receipt.store', '{}')`);
  const write = campus.worker.db.run(sql`update outbox set done_at = now(), dead_at = now()`);
  await expect(write).rejects.toMatchObject({ code: "23514", constraint: "outbox_ends_once" });
});
