import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkLedger } from "../ledger/check-ledger.ts";
import { invariants } from "../ledger/invariants.ts";
import { CodedError } from "../platform/errors.ts";
import { sql } from "../platform/postgres.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { addDish } from "../testing/menus.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type Till } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";
import { moveOrder } from "./move-order.ts";
import { BoardOrderSchema } from "./schemas.ts";
import { movers, orderStatuses, transitionOf, transitions, transitionsPage } from "./transitions.ts";

let campus: Campus;
let money: Money;
let till: Till;
let student: MoneyStudent;
let kitchen: TestStaff;
let stranger: TestStaff;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  till = await money.till();
  student = await money.fundedStudent({ balanceMinor: 5_000_000, name: "Anna Berg" });
  kitchen = await campus.staff("kitchen", till.cafe);
  stranger = await campus.staff("owner", await campus.cafe());
});
afterAll(async () => {
  const moneyAndSteps = invariants.filter(({ id }) => ["I1", "I2", "I3", "I6", "I10", "I12"].includes(id));
  const checked = await checkLedger(campus.worker.db, moneyAndSteps);
  await campus.end();
  expect(checked.invariants.filter(({ ok }) => !ok)).toEqual([]);
});

interface Order {
  readonly id: string;
  readonly status: string;
  readonly payment_status: string;
  readonly can_start: boolean;
  readonly cancel_reason: string | null;
  readonly estimated_ready_time: string;
  readonly error?: { readonly code: string; readonly details: Record<string, unknown> };
}

async function placed(more: object = {}, dish?: string): Promise<string> {
  const items = [{ menu_item_id: dish ?? (await addDish(campus, till.cafe)), quantity: 1 }];
  return expectOk(await student.api<{ order: Order }>("POST", "/orders", { body: { cafe_id: till.cafe.id, items, ...more } })).order.id;
}

async function paid(more: object = {}): Promise<string> {
  const id = await placed(more);
  const scanned = expectOk(await student.scan(till, { orderId: id }));
  expectOk(await student.confirm({ ...(await student.readCharge(scanned.charge.id)), match_code: scanned.match_code }));
  return id;
}

const move = (id: string, status: string, more: object = {}, as: TestStaff = kitchen) =>
  as.api<Order>("PATCH", `/admin/orders/${id}/status`, { body: { status, ...more } });
const outcome = (answer: { status: number; body: Order }) => answer.body.error?.code ?? answer.body.status;
const set = (key: string, value: unknown) =>
  campus.sql`insert into settings (cafe_id, key, value) values (${till.cafe.id}, ${key}, ${JSON.stringify(value)})
    on conflict (cafe_id, key) do update set value = excluded.value`;

describe("the table of how an order moves", () => {
  test("is the same in the code, in the database and in the docs", async () => {
    const rows = await campus.sql<{ step: string }>`select from_status || ' → ' || to_status as step from order_transitions`;
    expect(new Set(transitions.map(({ from, to }) => `${from} → ${to}`))).toEqual(new Set(rows.map(({ step }) => step)));
    expect(new Set(transitions.flatMap(({ from, to }) => [from, to]))).toEqual(new Set(orderStatuses));
    const page = await readFile(path.join(import.meta.dirname, "../../docs/orders.md"), "utf8");
    expect(page).toContain(transitionsPage);
  });

  test("lets each role make exactly its own steps, of all that could be tried", async () => {
    const id = await paid({ order_type: "delivery", delivery_address: "Dorm 4" });
    class Undone extends Error {}
    const tried = async (from: string, to: (typeof orderStatuses)[number], by: (typeof movers)[number]) => {
      try {
        return await campus.worker.db.transaction(async (tx): Promise<string> => {
          await tx.run(sql`update orders set status = ${from}, created_at = now() - interval '2 days' where id = ${id}`);
          const actor = by === "student" || by === "system" ? { studentId: student.id } : { staffId: kitchen.id, cafeId: till.cafe.id };
          await moveOrder(tx, { orderId: id, to, by, actor });
          throw new Undone();
        });
      } catch (error) {
        if (error instanceof Undone) return "moved";
        if (error instanceof CodedError) return error.code;
        throw error;
      }
    };
    const found: string[] = [];
    const wanted: string[] = [];
    for (const from of orderStatuses)
      for (const to of orderStatuses)
        for (const by of movers) {
          // A step from a status to itself writes no line of the log, so nothing is there to be undone.
          found.push(`${from} → ${to} by ${by}: ${await tried(from, to, by)}`);
          wanted.push(`${from} → ${to} by ${by}: ${transitionOf(from, to, by) ? "moved" : "INVALID_TRANSITION"}`);
        }
    expect(found).toEqual(wanted);
    expect(found).toHaveLength(252);
  });

  test("is kept through the API: a full way, a step that is not there, and one that was made already", async () => {
    const id = await paid();
    for (const status of ["preparing", "ready", "completed"]) expect(outcome(await move(id, status))).toBe(status);
    expect(outcome(await move(id, "cancelled"))).toBe("INVALID_TRANSITION");
    expect(outcome(await move(id, "completed"))).toBe("INVALID_TRANSITION");
    const steps = await campus.sql<{ toStatus: string }>`select to_status from order_status_log where order_id = ${id} order by id`;
    expect(steps.map(({ toStatus }) => toStatus)).toEqual(["preparing", "ready", "completed"]);
    const audited =
      await campus.sql`select from audit_log where object_id = ${id} and actor_id = ${kitchen.id} and action = 'order.status'`;
    expect(audited).toHaveLength(3);
  });

  test("moves an order once where two tablets tap at once", async () => {
    const id = await paid();
    const taps = await Promise.all([move(id, "preparing"), move(id, "preparing", {}, await campus.staff("cashier", till.cafe))]);
    expect(taps.map(outcome).sort()).toEqual(["INVALID_TRANSITION", "preparing"]);
    expect(outcome(await move(id, "cancelled", { from: "received" }))).toBe("INVALID_TRANSITION");
    expect(outcome(await move(id, "ready", { from: "preparing" }))).toBe("ready");
  });
});

describe("what a step needs", () => {
  test("an unpaid wallet order is greyed and cannot be started, unless the café's setting trusts; it never completes unpaid", async () => {
    const id = await placed();
    const board = async () => expectOk(await kitchen.api<Order>("GET", `/admin/orders/${id}`)).can_start;
    expect(await board()).toBe(false);
    expect(outcome(await move(id, "preparing"))).toBe("INVALID_TRANSITION");
    await set("prepare_before_paid", true);
    expect(await board()).toBe(true);
    expect(outcome(await move(id, "preparing"))).toBe("preparing");
    await set("prepare_before_paid", false);
    expect(outcome(await move(id, "ready"))).toBe("ready");
    expect(outcome(await move(id, "completed"))).toBe("INVALID_TRANSITION");
  });

  test("a step back is made within the time to undo, and not after it", async () => {
    const id = await paid();
    await move(id, "preparing");
    expect(outcome(await move(id, "received"))).toBe("received");
    await move(id, "preparing");
    await campus.sql`update order_status_log set at = at - interval '301 seconds' where order_id = ${id}`;
    expect(outcome(await move(id, "received"))).toBe("INVALID_TRANSITION");
    await set("undo_seconds", 600);
    expect(outcome(await move(id, "received"))).toBe("received");
    await set("undo_seconds", 300);
  });

  test("only a delivery leaves the house", async () => {
    const id = await paid();
    for (const status of ["preparing", "ready"]) await move(id, status);
    expect(outcome(await move(id, "out_for_delivery"))).toBe("INVALID_TRANSITION");
  });
});

describe("an order that ends otherwise", () => {
  test("is cancelled by the café at any time before its end: the money, the stock and the reason come back", async () => {
    const dish = await addDish(campus, till.cafe, { stock: 5, priceMinor: 4_000 });
    const id = await placed({}, dish);
    const scanned = expectOk(await student.scan(till, { orderId: id }));
    expectOk(await student.confirm({ ...(await student.readCharge(scanned.charge.id)), match_code: scanned.match_code }));
    const before = await student.balanceMinor();
    for (const status of ["preparing", "ready"]) await move(id, status);
    const cancelled = await move(id, "cancelled", { reason: "the oven broke" });
    expect(cancelled.body).toMatchObject({ status: "cancelled", payment_status: "refunded", cancel_reason: "the oven broke" });
    expect(await student.balanceMinor()).toBe(before + 4_000);
    expect(await campus.sql`select stock from menu_items where id = ${dish}`).toEqual([{ stock: 5 }]);
  });

  test("voids the charge that was open for it", async () => {
    const id = await placed();
    const scanned = expectOk(await student.scan(till, { orderId: id }));
    await move(id, "cancelled");
    expect((await student.readCharge(scanned.charge.id)).state).toBe("voided");
  });

  test("a student can cancel until the kitchen begins, and not afterwards", async () => {
    const id = await paid();
    await move(id, "preparing");
    const late = await student.api<Order>("POST", `/orders/${id}/cancel`);
    expect([late.status, outcome(late)]).toEqual([409, "INVALID_TRANSITION"]);
  });

  test("that nobody fetched is completed where it was paid, cancelled where not, and gives no portion back", async () => {
    const paidId = await paid();
    expect((await kitchen.api("POST", `/admin/orders/${paidId}/no-show`)).status).toBe(409);
    for (const status of ["preparing", "ready"]) await move(paidId, status);
    const before = await student.balanceMinor();
    const done = await kitchen.api<Order>("POST", `/admin/orders/${paidId}/no-show`);
    expect(done.body).toMatchObject({ status: "completed", payment_status: "paid" });
    expect(await student.balanceMinor()).toBe(before);

    const dish = await addDish(campus, till.cafe, { stock: 3 });
    const unpaid = await placed({ payment_method: "cash" }, dish);
    for (const status of ["preparing", "ready"]) await move(unpaid, status);
    const left = await kitchen.api<Order>("POST", `/admin/orders/${unpaid}/no-show`);
    expect(left.body).toMatchObject({ status: "cancelled", payment_status: "pending", cancel_reason: "no_show" });
    expect(await campus.sql`select stock from menu_items where id = ${dish}`).toEqual([{ stock: 2 }]);
  });
});

describe("cash", () => {
  const take = (id: string, as: TestStaff = kitchen, headers: Record<string, string> = { "Idempotency-Key": randomUUID() }) =>
    as.api<Order>("POST", `/admin/orders/${id}/cash-received`, { headers });

  test("is received once, however often it is said, and stands in the books", async () => {
    const id = await placed({ payment_method: "cash" });
    expect(outcome(await move(id, "preparing"))).toBe("preparing");
    const headers = { "Idempotency-Key": randomUUID() };
    const [first, second] = [await take(id, kitchen, headers), await take(id, kitchen, headers)];
    expect(first.body).toMatchObject({ payment_status: "paid" });
    expect(second.text).toBe(first.text);
    const others = await Promise.all([take(id), take(id)]);
    expect(others.map((answer) => [answer.status, outcome(answer)])).toEqual(Array(2).fill([409, "INVALID_TRANSITION"]));
    const booked = await campus.sql`select kind, amount_minor from ledger_transactions where order_id = ${id}`;
    expect(booked).toEqual([{ kind: "cash_sale", amountMinor: 5_900 }]);
    for (const status of ["ready", "completed"]) expect(outcome(await move(id, status))).toBe(status);
  });

  test("goes back over the counter where the café cancels a paid order, and not where the student does", async () => {
    const id = await placed({ payment_method: "cash" });
    await take(id);
    const alone = await student.api<Order>("POST", `/orders/${id}/cancel`);
    expect([alone.status, outcome(alone)]).toEqual([409, "INVALID_TRANSITION"]);
    const cancelled = await move(id, "cancelled", { reason: "sold out" });
    expect(cancelled.body).toMatchObject({ status: "cancelled", payment_status: "refunded" });
    const booked = await campus.sql`select kind, amount_minor from ledger_transactions where order_id = ${id} order by id`;
    expect(booked).toEqual([
      { kind: "cash_sale", amountMinor: 5_900 },
      { kind: "refund", amountMinor: 5_900 },
    ]);
    expect(await campus.sql`select amount_minor, reason from refunds where order_id = ${id}`).toEqual([
      { amountMinor: 5_900, reason: "sold out" },
    ]);
  });

  test("is not taken for an order that is paid by wallet or cancelled, nor without a key, nor by another café", async () => {
    const [wallet, cancelled] = [await placed(), await placed({ payment_method: "cash" })];
    await move(cancelled, "cancelled");
    expect(outcome(await take(wallet))).toBe("INVALID_TRANSITION");
    expect(outcome(await take(cancelled))).toBe("INVALID_TRANSITION");
    expect((await take(wallet, kitchen, {})).status).toBe(400);
    expect((await take(wallet, stranger)).status).toBe(404);
    expect((await take(wallet, await campus.staff("delivery", till.cafe))).status).toBe(404);
    expect((await take(wallet, await campus.staff("finance"))).status).toBe(403);
  });
});

describe("the board", () => {
  test("lists by status, day, kind and payment, newest first, page by page", async () => {
    const own = await money.till();
    const owner = await campus.staff("owner", own.cafe);
    const dish = await addDish(campus, own.cafe);
    const ids: string[] = [];
    for (const more of [{}, { payment_method: "cash" }, { order_type: "delivery", delivery_address: "Dorm 4" }]) {
      const body = { cafe_id: own.cafe.id, items: [{ menu_item_id: dish, quantity: 1 }], ...more };
      ids.unshift(expectOk(await student.api<{ order: Order }>("POST", "/orders", { body })).order.id);
    }
    const [delivery, cash, wallet] = ids;
    await move(cash ?? "", "preparing", {}, owner);
    const listed = async (query: string) => {
      const page = expectOk(await owner.api<{ items: Order[]; next_cursor: string | null }>("GET", `/admin/orders?${query}`));
      for (const item of page.items) BoardOrderSchema.parse(item);
      return page;
    };
    const idsOf = async (query: string) => (await listed(query)).items.map(({ id }) => id);
    const [{ day }] = (await campus.sql<{ day: string }>`select order_day::text as day from orders where id = ${wallet}`) as [
      { day: string },
    ];
    expect(await idsOf("")).toEqual(ids);
    expect(await idsOf("status=preparing")).toEqual([cash]);
    expect(await idsOf("status=received,preparing")).toEqual(ids);
    expect(await idsOf(`day=${day}`)).toEqual(ids);
    expect(await idsOf("day=2020-02-29")).toEqual([]);
    expect(await idsOf("order_type=delivery")).toEqual([delivery]);
    expect(await idsOf("unpaid=true&status=received")).toEqual([delivery, wallet]);
    const first = await listed("limit=2");
    expect(first.items.map(({ id }) => id)).toEqual([delivery, cash]);
    expect(await idsOf(`limit=2&cursor=${first.next_cursor}`)).toEqual([wallet]);
    expect((await listed("status=preparing")).items).toMatchObject([{ student_name: "Anna B.", can_start: false, delivery: null }]);
    for (const wrong of ["status=cooking", "day=yesterday", "day=0000-01-01", "unpaid=maybe", "limit=0"])
      expect((await owner.api("GET", `/admin/orders?${wrong}`)).status).toBe(400);
  });

  test("is the café's own: another's staff finds nothing there, and other roles have no business here", async () => {
    const id = await paid();
    const [finance, driver] = [await campus.staff("finance"), await campus.staff("delivery", till.cafe)];
    const calls = [
      ["GET", `/admin/orders/${id}`, undefined],
      ["PATCH", `/admin/orders/${id}/status`, { status: "preparing" }],
      ["POST", `/admin/orders/${id}/no-show`, undefined],
      ["POST", `/admin/orders/${id}/assign-delivery`, { staff_id: driver.id }],
    ] as const;
    for (const [method, at, body] of calls) {
      const options = body === undefined ? {} : { body };
      expect((await stranger.api(method, at, options)).status, at).toBe(404);
      for (const other of [driver, student]) expect((await other.api(method, at, options)).status, at).toBe(403);
      // Finance ends what its café leaves, and does nothing else with an order.
      expect((await finance.api(method, at, options)).status, at).toBe(method === "PATCH" ? 409 : 403);
    }
    expect((await stranger.api<{ items: unknown[] }>("GET", "/admin/orders")).body.items).toEqual([]);
    for (const other of [finance, driver, student]) expect((await other.api("GET", "/admin/orders")).status).toBe(403);
  });
});

describe("when it will be ready", () => {
  test("is told from the queue before it, and again when the queue moves", async () => {
    const own = await money.till();
    const owner = await campus.staff("owner", own.cafe);
    const dish = await addDish(campus, own.cafe);
    const body = { cafe_id: own.cafe.id, items: [{ menu_item_id: dish, quantity: 4 }], payment_method: "cash" };
    const orders: Order[] = [];
    for (let turn = 0; turn < 3; turn += 1) orders.push(expectOk(await student.api<{ order: Order }>("POST", "/orders", { body })).order);
    const minutes = (order: Order) => Math.round((Date.parse(order.estimated_ready_time) - Date.now()) / 60_000);
    // Four portions at once, five minutes each: one round more for every order before it.
    expect(orders.map(minutes)).toEqual([5, 10, 15]);
    const [first, , last] = orders;
    await move(first?.id ?? "", "preparing", {}, owner);
    await move(first?.id ?? "", "ready", {}, owner);
    const now = expectOk(await student.api<Order>("GET", `/orders/${last?.id}`));
    expect(minutes(now)).toBe(10);
    const told = await campus.sql<{
      data: { order_id: string };
    }>`select data from events where event = 'estimated_time' and ${`order:${last?.id}`} = any (channels)`;
    expect(told.map(({ data }) => data.order_id)).toEqual([last?.id]);
  });
});
