import { afterAll, beforeAll, expect, test } from "vitest";
import { type Job, registerJobs, runDueJobs } from "../platform/jobs.ts";
import { sql } from "../platform/postgres.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { addDish } from "../testing/menus.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type Till } from "../testing/money.ts";
import { until } from "../testing/platform.ts";
import { unpaidOrderJobs } from "./background.ts";

let campus: Campus;
let money: Money;
let till: Till;
let student: MoneyStudent;
let jobs: readonly Job[];

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  till = await money.till();
  student = await money.fundedStudent({ balanceMinor: 1_000_000 });
  jobs = unpaidOrderJobs(campus.worker);
  await registerJobs(campus.worker, jobs);
});
afterAll(() => campus.end());

const place = async (dish: string, more: object = {}) => {
  const body = { cafe_id: till.cafe.id, items: [{ menu_item_id: dish, quantity: 2 }], ...more };
  return expectOk(await student.api<{ order: { id: string } }>("POST", "/orders", { body })).order.id;
};
const age = (id: string, minutes: number) =>
  campus.sql`update orders set created_at = created_at - make_interval(mins => ${minutes}) where id = ${id}`;

async function sweep(): Promise<void> {
  await campus.sql`update timed_jobs set due_at = now()`;
  const failed: unknown[] = [];
  expect(await runDueJobs(campus.worker, jobs, (error) => failed.push(error))).toBe(jobs.length);
  expect(failed).toEqual([]);
}

const stateOf = async (id: string) =>
  (await campus.sql<{ status: string; cancelReason: string | null }>`select status, cancel_reason from orders where id = ${id}`)[0];

test("what nobody paid in thirty minutes is cancelled once, and its stock is back with its movement", async () => {
  const dish = await addDish(campus, till.cafe, { stock: 10 });
  const [late, young] = [await place(dish), await place(dish)];
  await age(late, 31);
  await age(young, 29);
  await sweep();
  await sweep();
  expect(await stateOf(late)).toEqual({ status: "cancelled", cancelReason: "unpaid" });
  expect(await stateOf(young)).toMatchObject({ status: "received" });
  expect(await campus.sql`select change, reason from stock_movements where order_id = ${late} order by id`).toEqual([
    { change: -2, reason: "ordered" },
    { change: 2, reason: "order_expired" },
  ]);
  expect(await campus.sql`select stock from menu_items where id = ${dish}`).toEqual([{ stock: 8 }]);
  const told = await campus.sql<{
    data: { status: string };
  }>`select data from events where event = 'status_changed' and ${`order:${late}`} = any (channels)`;
  expect(told.map(({ data }) => data.status)).toEqual(["cancelled"]);
});

test("an order with an open charge is left alone until the charge has ended", async () => {
  const id = await place(await addDish(campus, till.cafe));
  await age(id, 45);
  const scanned = expectOk(await student.scan(till, { orderId: id }));
  await sweep();
  expect(await stateOf(id)).toMatchObject({ status: "received" });
  await student.decline(scanned.charge.id);
  await sweep();
  expect(await stateOf(id)).toMatchObject({ status: "cancelled" });
});

test("cash is not asked for before the food is handed over, and what is paid or begun stays", async () => {
  const dish = await addDish(campus, till.cafe);
  const [cash, paid] = [await place(dish, { payment_method: "cash" }), await place(dish)];
  const scanned = expectOk(await student.scan(till, { orderId: paid }));
  expectOk(await student.confirm({ ...(await student.readCharge(scanned.charge.id)), match_code: scanned.match_code }));
  for (const id of [cash, paid]) await age(id, 600);
  await sweep();
  for (const id of [cash, paid]) expect(await stateOf(id)).toMatchObject({ status: "received" });
});

test("the café's own time counts, and a booked order's from the end of its slot", async () => {
  const [dish, other] = [await addDish(campus, till.cafe), await money.till()];
  const day = new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10);
  const slots = expectOk(await campus.api<{ items: { starts_at: string }[] }>("GET", `/cafes/${till.cafe.id}/slots?date=${day}`));
  const booked = await place(dish, { scheduled_for: slots.items[0]?.starts_at });
  await age(booked, 600);
  await sweep();
  expect(await stateOf(booked)).toMatchObject({ status: "received" });
  await campus.sql`insert into slot_counters (cafe_id, starts_at, taken) select cafe_id, date_trunc('hour', now()) - interval '1 hour', 1 from orders where id = ${booked}`;
  await campus.sql`update orders set scheduled_for = date_trunc('hour', now()) - interval '1 hour' where id = ${booked}`;
  await sweep();
  expect(await stateOf(booked)).toMatchObject({ status: "cancelled" });
  expect(await campus.sql`select taken from slot_counters where cafe_id = ${till.cafe.id} and starts_at < now()`).toEqual([{ taken: 0 }]);

  await campus.sql`insert into settings (cafe_id, key, value) values (${other.cafe.id}, 'unpaid_cancel_minutes', '5')`;
  const body = { cafe_id: other.cafe.id, items: [{ menu_item_id: await addDish(campus, other.cafe), quantity: 1 }] };
  const quick = expectOk(await student.api<{ order: { id: string } }>("POST", "/orders", { body })).order.id;
  await age(quick, 6);
  await sweep();
  expect(await stateOf(quick)).toMatchObject({ status: "cancelled" });
});

test("a booking that nobody has paid gives its portions back two days after it was placed, or when its café says; one whose slot comes before stays", async () => {
  const dish = await addDish(campus, till.cafe, { stock: 10 });
  const day = new Date(Date.now() + 6 * 86_400_000).toISOString().slice(0, 10);
  const slots = expectOk(await campus.api<{ items: { starts_at: string }[] }>("GET", `/cafes/${till.cafe.id}/slots?date=${day}`));
  const book = (payment_method: string) => place(dish, { payment_method, scheduled_for: slots.items[0]?.starts_at });
  const [wallet, cash, young] = [await book("wallet"), await book("cash"), await book("cash")];
  for (const id of [wallet, cash]) await age(id, 48 * 60 + 1);
  await age(young, 47 * 60);
  await sweep();
  for (const id of [wallet, cash]) expect(await stateOf(id)).toEqual({ status: "cancelled", cancelReason: "unpaid" });
  expect(await stateOf(young)).toMatchObject({ status: "received" });
  expect(await campus.sql`select stock from menu_items where id = ${dish}`).toEqual([{ stock: 8 }]);

  await campus.sql`insert into settings (cafe_id, key, value) values (${till.cafe.id}, 'unpaid_booking_hours', '6')`;
  await sweep();
  expect(await stateOf(young)).toEqual({ status: "cancelled", cancelReason: "unpaid" });
});

test("what was placed weeks ago is cancelled too", async () => {
  const id = await place(await addDish(campus, till.cafe));
  const [old] = await campus.sql<{ id: string }>`
    insert into orders (id, cafe_id, student_id, order_number, order_day, order_type, payment_method, subtotal_minor, total_minor, currency, created_at)
    select uuid_from(now() - interval '20 days'), cafe_id, student_id, order_number || '-old', order_day - 20, order_type, payment_method,
      subtotal_minor, total_minor, currency, now() - interval '20 days'
    from orders where id = ${id} returning id`;
  await sweep();
  expect(await stateOf(old?.id ?? "")).toEqual({ status: "cancelled", cancelReason: "unpaid" });
});

test("one that cannot be cancelled is written down and counted, holds up no other, and is tried again after a pause", async () => {
  const dish = await addDish(campus, till.cafe);
  const [bad, good] = [await place(dish), await place(dish)];
  // Its place in the slot is gone already, so it cannot be given back.
  await campus.sql`insert into slot_counters (cafe_id, starts_at, taken) values (${till.cafe.id}, date_trunc('day', now()) - interval '3 days', 0)`;
  await campus.sql`update orders set scheduled_for = date_trunc('day', now()) - interval '3 days' where id = ${bad}`;
  await age(good, 31);
  await sweep();
  await sweep();
  expect([await stateOf(bad), await stateOf(good)]).toMatchObject([{ status: "received" }, { status: "cancelled" }]);
  const failures = () => campus.sql`select order_id, tries, error like '%slot_counters%' as says_why from unpaid_cancel_failures`;
  expect(await failures()).toEqual([{ orderId: bad, tries: 1, saysWhy: true }]);
  expect(await campus.worker.metrics.text()).toContain("unpaid_cancels_failed_total 1");
  expect(campus.logLines.filter((line) => line.includes(bad) && line.includes("could not be cancelled"))).toHaveLength(1);

  await campus.sql`update slot_counters set taken = 1 where starts_at = date_trunc('day', now()) - interval '3 days'`;
  await campus.sql`update unpaid_cancel_failures set try_at = now()`;
  await sweep();
  expect([await stateOf(bad), await failures()]).toMatchObject([{ status: "cancelled" }, []]);
});

test("a sweep of two orders and an order that takes the dishes of both lock nothing crosswise", async () => {
  const [first, second] = [await addDish(campus, till.cafe, { stock: 5 }), await addDish(campus, till.cafe, { stock: 5 })].sort();
  const [metFirst, metLast] = [await place(second ?? ""), await place(first ?? "")];
  for (const id of [metFirst, metLast]) await age(id, 31);
  const lock = (dish: string | undefined) => sql`select from menu_items where id = ${dish} for no key update`;
  const sweeping = await campus.owner.transaction(async (tx) => {
    await tx.run(lock(first));
    const swept = sweep();
    await until("the sweep waits for the first dish", async () => {
      const waiting = await campus.database.query(
        "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query ~ 'cancel_unpaid'",
      );
      return waiting.length > 0;
    });
    // Committed: its dish is free, where a sweep in one transaction would hold it and wait for us.
    expect(await stateOf(metFirst)).toMatchObject({ status: "cancelled" });
    await tx.run(lock(second));
    return { swept };
  });
  await sweeping.swept;
  expect(await campus.sql`select stock from menu_items where id in (${first}, ${second})`).toEqual([{ stock: 5 }, { stock: 5 }]);
  expect(await campus.sql`select order_id from unpaid_cancel_failures`).toEqual([]);
});
