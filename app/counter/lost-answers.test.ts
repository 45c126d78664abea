import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { checkLedger } from "../ledger/check-ledger.ts";
import { sql } from "../platform/postgres.ts";
import type { Campus } from "../testing/campus.ts";
import { keyIsAwaited } from "../testing/database.ts";
import { addDish } from "../testing/menus.ts";
import { expectOk, type Money, moneyOf, type Till } from "../testing/money.ts";
import { until } from "../testing/platform.ts";
import { type CommitCutter, commitStatement, judgeOnce } from "../testing/proof/commit-cutter.ts";
import { startCutCampus } from "../testing/proof/cut-campus.ts";
import type { ZReport } from "./z-report.ts";

let cutter: CommitCutter;
let campus: Campus;
let money: Money;
let till: Till;
let dish: string;

beforeAll(async () => {
  ({ campus, cutter } = await startCutCampus({ DATABASE_CONNECT_TIMEOUT_MS: "500" }));
  money = moneyOf(campus);
});
beforeEach(async () => {
  till = await money.till();
  dish = await addDish(campus, till.cafe, { stock: 5 });
});
afterEach(() => {
  cutter.judge(undefined);
  cutter.onCutAfter(undefined);
  cutter.refuse(false);
});
afterAll(async () => {
  expect((await checkLedger(campus.owner)).invariants.filter((invariant) => !invariant.ok)).toEqual([]);
  await campus.end();
});

const selling = /sell_once\(/;

const sell = (key: string, part: object, process: 0 | 1 = 0) =>
  till.device.api<{ order: { id: string }; status?: string; status_url?: string }>("POST", "/pos/sales", {
    process,
    body: { items: [{ menu_item_id: dish, quantity: 2 }], ...part },
    headers: { "Idempotency-Key": key },
  });
const sold = () => campus.sql<{ id: string; payments: number }>`
  select o.id, (select count(*)::integer from ledger_transactions t where t.order_id = o.id) as payments from orders o where cafe_id = ${till.cafe.id}`;

test.each(["cut before", "cut after"] as const)(
  "a sale for cash whose connection was %s its commit happens once, and its key gives the same bytes",
  async (verdict) => {
    const key = randomUUID();
    cutter.judge(judgeOnce(selling, verdict));
    const answer = await sell(key, { payment: "cash" });
    expect(answer.status).toBe(201);
    expect(await sold()).toEqual([{ id: answer.body.order.id, payments: 1 }]);
    const again = await sell(key, { payment: "cash" }, 1);
    expect([again.text, again.headers.get("Idempotency-Hit")]).toEqual([answer.text, "true"]);
    expect(await campus.sql`select stock from menu_items where id = ${dish}`).toEqual([{ stock: 3 }]);
  },
);

test.each(["cut before", "cut after"] as const)(
  "a sale to a card whose connection was %s its commit opens one charge for one order",
  async (verdict) => {
    const student = await money.fundedStudent({ balanceMinor: 20_000 });
    cutter.judge(judgeOnce(selling, verdict));
    const answer = await sell(randomUUID(), { payment: "card", card_uid: student.cardUid });
    expect(answer.status).toBe(201);
    expect(await campus.sql`select order_id, state from charges where student_id = ${student.id}`).toEqual([
      { orderId: answer.body.order.id, state: "open" },
    ]);
  },
);

test("while a sale's first try still runs on the server, the second waits for it and gets its answer, not a 409", async () => {
  const key = randomUUID();
  cutter.judge(judgeOnce(selling, "cut during"));
  const { first } = await campus.owner.transaction(async (tx) => {
    await tx.run(sql`select from menu_items where id = ${dish} for update`);
    const first = sell(key, { payment: "cash" });
    await until("the second try waits for the key", () => keyIsAwaited(campus.database));
    const beside = await sell(key, { payment: "cash" }, 1);
    expect([beside.status, beside.headers.get("Retry-After")]).toEqual([409, "1"]);
    return { first };
  });
  const answer = await first;
  expect(answer.status).toBe(201);
  expect(await sold()).toEqual([{ id: answer.body.order.id, payments: 1 }]);
});

test("a sale that committed and cannot be looked up is answered as pending and never as failed: its address and its key then tell it", async () => {
  const key = randomUUID();
  cutter.judge(judgeOnce(selling, "cut after"));
  cutter.onCutAfter(() => cutter.refuse(true));
  const pending = await sell(key, { payment: "cash" });
  expect(pending).toMatchObject({ status: 202, body: { status: "pending", status_url: `/api/v1/pos/sales?key=${key}` } });
  cutter.refuse(false);
  const found = await till.device.api<{ order: { id: string } }>("GET", pending.body.status_url?.replace("/api/v1", "") ?? "");
  expect(found.status).toBe(200);
  expect((await sell(key, { payment: "cash" }, 1)).text).toBe(found.text);
  expect(await sold()).toEqual([{ id: found.body.order.id, payments: 1 }]);
});

test.each(["cut before", "cut after"] as const)(
  "a refund and a close whose connections were %s their commits happen once",
  async (verdict) => {
    const cashier = await campus.staff("cashier", till.cafe);
    expectOk(await till.device.api("POST", "/pos/shifts/open", { body: { opening_float_minor: 0 } }));
    const { order } = expectOk(await sell(randomUUID(), { payment: "cash" }));
    cutter.judge(judgeOnce(commitStatement, verdict));
    const refund = await till.device.api("POST", "/pos/refunds", {
      body: { scan_id: randomUUID(), order_id: order.id, amount_minor: 1_000, reason: "cold" },
      headers: { "X-Staff-Authorization": `Bearer ${cashier.token}` },
    });
    expect(refund.status).toBe(201);
    cutter.judge(judgeOnce(commitStatement, verdict));
    const closed = await till.device.api<ZReport>("POST", "/pos/shifts/close", {
      body: { counted_cash_minor: 0 },
      headers: { "Idempotency-Key": randomUUID() },
    });
    expect(closed).toMatchObject({ status: 200, body: { number: 1, refunds_count: 1, refunds_minor: 1_000 } });
    expect(await campus.sql`select number from z_reports where cafe_id = ${till.cafe.id}`).toEqual([{ number: 1 }]);
  },
);

test("a refund that committed and cannot be looked up is answered as pending and never as failed: its address and its scan then tell it", async () => {
  const cashier = await campus.staff("cashier", till.cafe);
  const { order } = expectOk(await sell(randomUUID(), { payment: "cash" }));
  const refund = (scanId: string) =>
    till.device.api<{ status?: string; status_url?: string }>("POST", "/pos/refunds", {
      body: { scan_id: scanId, order_id: order.id, amount_minor: 1_000, reason: "cold" },
      headers: { "X-Staff-Authorization": `Bearer ${cashier.token}` },
    });
  const [scanId, never] = [randomUUID(), randomUUID()];
  cutter.judge(judgeOnce(commitStatement, "cut after"));
  cutter.onCutAfter(() => cutter.refuse(true));
  const pending = await refund(scanId);
  expect(pending).toMatchObject({ status: 202, body: { status: "pending", status_url: `/api/v1/pos/refunds?scan_id=${scanId}` } });
  cutter.refuse(false);
  const found = await till.device.api("GET", `/pos/refunds?scan_id=${scanId}`);
  expect(found.status).toBe(200);
  expect((await refund(scanId)).text).toBe(found.text);
  expect(await campus.sql`select amount_minor from refunds where order_id = ${order.id}`).toEqual([{ amountMinor: 1_000 }]);
  expect((await till.device.api("GET", `/pos/refunds?scan_id=${never}`)).status).toBe(404);
  expect((await (await money.till()).device.api("GET", `/pos/refunds?scan_id=${scanId}`)).status).toBe(404);
});
