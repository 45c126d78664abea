import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkLedger } from "../ledger/check-ledger.ts";
import { sql } from "../platform/postgres.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { addDish } from "../testing/menus.ts";
import { expectOk, type Money, moneyOf, type Till } from "../testing/money.ts";
import type { ZReport } from "./z-report.ts";

let campus: Campus;
let money: Money;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
});
afterAll(async () => {
  expect((await checkLedger(campus.worker.db)).invariants.filter((invariant) => !invariant.ok)).toEqual([]);
  await campus.end();
});

const openShift = async (till: Till) => expectOk(await till.device.api("POST", "/pos/shifts/open", { body: { opening_float_minor: 0 } }));
const closeShift = async (till: Till, process: 0 | 1 = 0) =>
  expectOk(await till.device.api<ZReport>("POST", "/pos/shifts/close", { process, body: { counted_cash_minor: 0 } }));
const side = (turn: number): 0 | 1 => (turn % 2 === 0 ? 0 : 1);

/** What the café was paid and gave back, from the entries of its own accounts alone. */
async function booksOf(cafeId: string) {
  const [books] = await campus.sql<{ net: number; cash: number; sales: number; refunds: number; count: number }>`
    select coalesce(sum(e.amount_minor) filter (where a.kind = 'cafe_payable'), 0)::bigint as net,
      coalesce(-sum(e.amount_minor) filter (where a.kind = 'cash'), 0)::bigint as cash,
      coalesce(sum(e.amount_minor) filter (where a.kind = 'cafe_payable' and e.amount_minor > 0), 0)::bigint as sales,
      coalesce(-sum(e.amount_minor) filter (where a.kind = 'cafe_payable' and e.amount_minor < 0), 0)::bigint as refunds,
      count(*) filter (where a.kind = 'cafe_payable' and e.amount_minor > 0)::integer as count
    from accounts a join ledger_entries e on e.account_id = a.id where a.cafe_id = ${cafeId}`;
  if (!books) throw new Error("The café has no books.");
  return books;
}

const sumOf = (reports: readonly ZReport[], of: (report: ZReport) => number) => reports.reduce((sum, report) => sum + of(report), 0);

test("sales, payments and refunds that race with the closes of three terminals are each in exactly one Z-report: together they are the ledger", async () => {
  const first = await money.till();
  const tills = [first, await money.secondTill(first), await money.secondTill(first)] as const;
  const dish = await addDish(campus, first.cafe, { priceMinor: 1_300 });
  const cashier = await campus.staff("cashier", first.cafe);
  for (const till of tills) await openShift(till);

  const sellForCash = async (turn: number) => {
    const till = tills[turn % 3] ?? first;
    const sold = expectOk(
      await till.device.api<{ order: { id: string } }>("POST", "/pos/sales", {
        process: side(turn),
        body: { payment: "cash", items: [{ menu_item_id: dish, quantity: 1 + (turn % 3) }], prepare: turn % 2 === 0 },
        headers: { "Idempotency-Key": randomUUID() },
      }),
    );
    if (turn % 4 !== 0) return;
    const headers = { "X-Staff-Authorization": `Bearer ${cashier.token}` };
    const body = { scan_id: randomUUID(), order_id: sold.order.id, amount_minor: 100 + turn, reason: "cold" };
    expectOk(await till.device.api("POST", "/pos/refunds", { process: side(turn + 1), headers, body }));
  };
  const payByCard = async (turn: number) => {
    const student = await money.fundedStudent({ balanceMinor: 9_000 });
    const charge = await student.scannedOrder({ till: tills[turn % 3] ?? first, totalMinor: 4_000 + turn });
    expectOk(await student.confirm(charge, { process: side(turn) }));
    if (turn % 3 !== 0) return;
    const headers = { "Idempotency-Key": randomUUID() };
    const body = { amount_minor: 900 + turn, reason: "cold" };
    expectOk(await cashier.api("POST", `/admin/orders/${charge.order_id}/refund`, { process: side(turn), headers, body }));
  };

  let isSelling = true;
  const reports: ZReport[] = [];
  const closing = tills.map(async (till, place) => {
    for (let turn = 0; isSelling || turn < 2; turn += 1) {
      reports.push(await closeShift(till, side(turn + place)));
      await openShift(till);
    }
  });
  const queue = [
    ...Array.from({ length: 60 }, (_, turn) => () => sellForCash(turn)),
    ...Array.from({ length: 18 }, (_, turn) => () => payByCard(turn)),
  ];
  await Promise.all(
    Array.from({ length: 6 }, async () => {
      for (let next = queue.pop(); next; next = queue.pop()) await next();
    }),
  );
  isSelling = false;
  await Promise.all(closing);
  for (const till of tills) reports.push(await closeShift(till));

  const books = await booksOf(first.cafe.id);
  expect(books.count).toBe(78);
  expect(reports.length).toBeGreaterThan(6);
  expect({
    net: sumOf(reports, ({ net_minor }) => net_minor),
    cash: sumOf(reports, ({ cash }) => cash.sales_minor - cash.refunds_minor),
    sales: sumOf(reports, ({ sales_minor }) => sales_minor),
    refunds: sumOf(reports, ({ refunds_minor }) => refunds_minor),
    count: sumOf(reports, ({ sales_count }) => sales_count),
  }).toEqual(books);
  expect(sumOf(reports, ({ vat }) => vat.reduce((sum, line) => sum + line.gross_minor, 0))).toBe(books.net);
  expect(reports.map(({ number }) => number).sort((a, b) => a - b)).toEqual(reports.map((_, index) => index + 1));
}, 60_000);

test("a sale that began before a close and commits after it is in the next report, and the close does not wait for it", async () => {
  const till = await money.till();
  const dish = await addDish(campus, till.cafe, { priceMinor: 700 });
  await openShift(till);
  const lines = JSON.stringify([{ menu_item_id: dish, quantity: 1, choice_ids: [] }]);
  const during = await campus.owner.transaction(async (tx) => {
    await tx.run(sql`select * from sell_for_cash(${till.device.id}, ${till.cafe.id}, ${lines}::jsonb, null, null, false)`);
    return closeShift(till);
  });
  expect(during).toMatchObject({ number: 1, sales_count: 0 });
  await openShift(till);
  expect(await closeShift(till)).toMatchObject({ number: 2, sales_count: 1, sales_minor: 700 });
});

test("thirty closes of one shift at once write one report", async () => {
  const till = await money.till();
  await openShift(till);
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, turn) =>
      till.device.api<ZReport>("POST", "/pos/shifts/close", { process: side(turn), body: { counted_cash_minor: turn } }),
    ),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 404)).toHaveLength(29);
  expect(await campus.sql`select number from z_reports where cafe_id = ${till.cafe.id}`).toEqual([{ number: 1 }]);
});
