import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkLedger } from "../ledger/check-ledger.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { gatewayOf } from "../testing/gateway.ts";
import { addDish } from "../testing/menus.ts";
import { expectOk, type Money, moneyOf, type Till } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";
import { codeOf } from "../testing/refusal.ts";
import type { ShiftTotals, ZReport } from "./z-report.ts";

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

interface ErrorPart {
  readonly error?: { readonly code: string };
}

interface ShiftBody extends ErrorPart {
  readonly id: string;
  readonly status: string;
  readonly z_number: number | null;
}

const present = (by: TestStaff | undefined) => (by === undefined ? {} : { "X-Staff-Authorization": `Bearer ${by.token}` });
const openShift = (till: Till, floatMinor = 50_000, more: object = {}, by?: TestStaff) =>
  till.device.api<ShiftBody>("POST", "/pos/shifts/open", { body: { opening_float_minor: floatMinor, ...more }, headers: present(by) });
const closeShift = (till: Till, countedMinor = 0, more: { process?: 0 | 1; key?: string; staffId?: string; by?: TestStaff } = {}) =>
  till.device.api<ZReport & ErrorPart>("POST", "/pos/shifts/close", {
    process: more.process ?? 0,
    body: { counted_cash_minor: countedMinor, ...(more.staffId === undefined ? {} : { staff_id: more.staffId }) },
    headers: { ...(more.key === undefined ? {} : { "Idempotency-Key": more.key }), ...present(more.by) },
  });
const sellForCash = async (till: Till, itemId: string, quantity = 1) =>
  expectOk(
    await till.device.api<{ order: { id: string; order_number: string } }>("POST", "/pos/sales", {
      body: { payment: "cash", items: [{ menu_item_id: itemId, quantity }] },
      headers: { "Idempotency-Key": randomUUID() },
    }),
  ).order;
async function payByCard(till: Till, totalMinor: number): Promise<string> {
  const student = await money.fundedStudent({ balanceMinor: totalMinor });
  const charge = await student.scannedOrder({ till, totalMinor });
  expectOk(await student.confirm(charge));
  return charge.order_id;
}

const refundInPortal = async (owner: TestStaff, orderId: string, amountMinor: number, to = "wallet") =>
  expectOk(
    await owner.api("POST", `/admin/orders/${orderId}/refund`, {
      body: { amount_minor: amountMinor, reason: "cold", to },
      headers: { "Idempotency-Key": randomUUID() },
    }),
  );

describe("a shift", () => {
  test("is open once at a terminal, is told by it, and another terminal has its own", async () => {
    const till = await money.till();
    const second = await money.secondTill(till);
    expect(codeOf(await closeShift(till))).toBe("NOT_FOUND");
    expect((await till.device.api("GET", "/pos/shifts/current")).status).toBe(404);
    const cashier = await campus.staff("cashier", till.cafe);
    const opened = await openShift(till, 50_000, { staff_id: cashier.id }, cashier);
    expect(opened).toMatchObject({
      status: 201,
      body: { status: "open", opening_float_minor: 50_000, opened_by: cashier.id, opened_by_name: expect.any(String), z_number: null },
    });
    expect(codeOf(await openShift(till))).toBe("CONFLICT");
    expect((await openShift(second)).status).toBe(201);
    expect(await till.device.api("GET", "/pos/shifts/current", { process: 1 })).toMatchObject({
      status: 200,
      body: { id: opened.body.id, totals: { sales_count: 0, sales_minor: 0 } },
    });
    expect(await campus.sql`select action, actor_kind from audit_log where object_id = ${opened.body.id}`).toEqual([
      { action: "shift.opened", actorKind: "device" },
    ]);
  });

  test("asked for twenty times at once over two processes is opened once", async () => {
    const till = await money.till();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, turn) =>
        till.device.api<ShiftBody>("POST", "/pos/shifts/open", { process: turn % 2 === 0 ? 0 : 1, body: { opening_float_minor: 0 } }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter((answer) => codeOf(answer) === "CONFLICT")).toHaveLength(19);
  });

  test("is opened by one of the café's own people or by nobody named", async () => {
    const till = await money.till();
    const stranger = await campus.staff("cashier", await campus.cafe());
    const gone = await campus.staff("cashier", till.cafe);
    await campus.sql`update staff set is_active = false where id = ${gone.id}`;
    expect(codeOf(await openShift(till, 0, { staff_id: stranger.id }, stranger))).toBe("INSUFFICIENT_ROLE");
    expect(codeOf(await openShift(till, 0, { staff_id: gone.id }, gone))).toBe("NOT_FOUND");
    await openShift(till);
    // The terminal alone names nobody, and nobody names another one.
    const colleague = await campus.staff("cashier", till.cafe);
    expect(codeOf(await closeShift(till, 0, { staffId: colleague.id }))).toBe("INVALID_TOKEN");
    expect(codeOf(await closeShift(till, 0, { staffId: colleague.id, by: await campus.staff("owner", till.cafe) }))).toBe(
      "INSUFFICIENT_ROLE",
    );
    expect((await closeShift(till, 50_000)).status).toBe(200);
  });
});

describe("cash without a sale", () => {
  const moveCash = (till: Till, body: object, more: { process?: 0 | 1; key?: string; by?: TestStaff } = {}) =>
    till.device.api<ErrorPart & { direction: string; amount_minor: number }>("POST", "/pos/shifts/cash", {
      process: more.process ?? 0,
      body: { reason: "change from the safe", ...body },
      headers: { ...(more.key === undefined ? {} : { "Idempotency-Key": more.key }), ...present(more.by) },
    });

  test("put into the drawer and taken out of it is expected at the close, stands in the Z-report, and is told while the shift is open", async () => {
    const till = await money.till();
    expect(codeOf(await moveCash(till, { direction: "in", amount_minor: 100 }))).toBe("NOT_FOUND");
    expectOk(await openShift(till, 10_000));
    expect(await moveCash(till, { direction: "in", amount_minor: 20_000 })).toMatchObject({
      status: 201,
      body: { direction: "in", amount_minor: 20_000 },
    });
    expectOk(await moveCash(till, { direction: "out", amount_minor: 7_500, reason: "milk" }));
    const current = await till.device.api("GET", "/pos/shifts/current");
    expect(current.body).toMatchObject({
      cash_movements: [
        { direction: "in", amount_minor: 20_000 },
        { direction: "out", amount_minor: 7_500, reason: "milk" },
      ],
    });
    const closed = expectOk(await closeShift(till, 22_400));
    expect(closed.cash).toMatchObject({ paid_in_minor: 20_000, paid_out_minor: 7_500, expected_minor: 22_500, difference_minor: -100 });
    const text = await till.device.api("GET", `/pos/shifts/${closed.shift_id}/z-report?format=text`);
    expect(text.text).toMatch(/Put in +200\.00\nTaken out +-75\.00\nExpected in the drawer +225\.00/);
    expectOk(await openShift(till, 0));
    expect((await till.device.api("GET", "/pos/shifts/current")).body).toMatchObject({ cash_movements: [] });
  });

  test("twenty times the same request over two processes is noted once", async () => {
    const till = await money.till();
    expectOk(await openShift(till, 0));
    const key = randomUUID();
    await Promise.all(
      Array.from({ length: 20 }, (_, turn) =>
        moveCash(till, { direction: "in", amount_minor: 500 }, { process: turn % 2 === 0 ? 0 : 1, key }),
      ),
    );
    expect(expectOk(await closeShift(till, 500)).cash).toMatchObject({ paid_in_minor: 500, difference_minor: 0 });
  });

  test("is noted in the own name or in nobody's, and an amount of nothing is refused", async () => {
    const till = await money.till();
    expectOk(await openShift(till, 0));
    const cashier = await campus.staff("cashier", till.cafe);
    expect(codeOf(await moveCash(till, { direction: "out", amount_minor: 1, staff_id: cashier.id }))).toBe("INVALID_TOKEN");
    expect(await moveCash(till, { direction: "in", amount_minor: 1, staff_id: cashier.id }, { by: cashier })).toMatchObject({
      body: { staff_id: cashier.id },
    });
    expect(codeOf(await moveCash(till, { direction: "in", amount_minor: 0 }))).toBe("VALIDATION_ERROR");
  });
});

describe("a Z-report", () => {
  test("has the totals of every method, refunds, VAT, the orders' numbers and the drawer, as the ledger has them", async () => {
    const till = await money.till();
    const owner = await campus.staff("owner", till.cafe);
    const gateway = gatewayOf(campus);
    const [soup, cake] = [await addDish(campus, till.cafe, { priceMinor: 5_600 }), await addDish(campus, till.cafe, { priceMinor: 2_500 })];
    await campus.sql`update menu_items set vat_basis_points = 2500 where id = ${cake}`;
    await openShift(till, 30_000);

    const first = await sellForCash(till, soup, 2);
    await sellForCash(till, cake);
    const wallet = await payByCard(till, 4_480);
    const student = await money.fundedStudent({ balanceMinor: 0 });
    const { orderId: upi } = await gateway.paidUpiOrder(student, till.cafe, 3_360);
    await refundInPortal(owner, wallet, 1_120);
    await refundInPortal(owner, upi, 3_360, "gateway");
    const given = await till.device.api("POST", "/pos/refunds", {
      body: { scan_id: randomUUID(), order_id: first.id, amount_minor: 5_600, reason: "cold" },
      headers: { "X-Staff-Authorization": `Bearer ${owner.token}` },
    });
    expect(given.status).toBe(201);
    const last = await sellForCash(till, soup);

    const now = await till.device.api<{ totals: ShiftTotals }>("GET", "/pos/shifts/current");
    const closed = await closeShift(till, 44_000);
    expect(closed.status).toBe(200);
    expect(closed.body).toMatchObject({
      number: 1,
      cafe_code: till.cafe.code,
      currency: "SEK",
      sales_count: 5,
      sales_minor: 11_200 + 2_500 + 4_480 + 3_360 + 5_600,
      refunds_count: 3,
      refunds_minor: 1_120 + 3_360 + 5_600,
      disputes_minor: 0,
      net_minor: 17_060,
      methods: [
        { method: "cash", sales_count: 3, sales_minor: 19_300, refunds_count: 1, refunds_minor: 5_600 },
        { method: "wallet", sales_count: 1, sales_minor: 4_480, refunds_count: 1, refunds_minor: 1_120 },
        { method: "upi", sales_count: 1, sales_minor: 3_360, refunds_count: 1, refunds_minor: 3_360 },
      ],
      vat: [
        { vat_basis_points: 1_200, gross_minor: 14_560, vat_minor: 1_560, net_minor: 13_000 },
        { vat_basis_points: 2_500, gross_minor: 2_500, vat_minor: 500, net_minor: 2_000 },
      ],
      first_order_number: first.order_number,
      last_order_number: last.order_number,
      cash_elsewhere_minor: 0,
      cash: {
        opening_float_minor: 30_000,
        sales_minor: 19_300,
        refunds_minor: 5_600,
        expected_minor: 43_700,
        counted_minor: 44_000,
        difference_minor: 300,
      },
    });
    expect(closed.body).toMatchObject(now.body.totals);
  });

  test("holds a sale that was made while no shift was open in the next one, and each sale once", async () => {
    const till = await money.till();
    const dish = await addDish(campus, till.cafe, { priceMinor: 1_000 });
    await sellForCash(till, dish);
    await openShift(till);
    await sellForCash(till, dish);
    expect((await closeShift(till)).body).toMatchObject({ number: 1, sales_minor: 2_000 });
    await sellForCash(till, dish);
    await openShift(till);
    await sellForCash(till, dish, 3);
    expect((await closeShift(till)).body).toMatchObject({ number: 2, sales_minor: 4_000 });
    await openShift(till);
    expect((await closeShift(till)).body).toMatchObject({ number: 3, sales_count: 0, net_minor: 0, first_order_number: null, vat: [] });
  });

  test("is written for a terminal that is revoked and never opened a shift, or sold after its last one; once, and only where money is in none", async () => {
    const till = await money.till();
    const [second, idle, open] = [await money.secondTill(till), await money.secondTill(till), await money.secondTill(till)];
    const owner = await campus.staff("owner", till.cafe);
    const dish = await addDish(campus, till.cafe, { priceMinor: 1_000 });
    await sellForCash(till, dish, 3);
    await payByCard(till, 700);
    await openShift(second, 0);
    await closeShift(second);
    await sellForCash(second, dish);
    await openShift(open, 0);
    await sellForCash(open, dish);
    for (const { device } of [till, second, idle, open])
      expect((await owner.api("DELETE", `/admin/devices/${device.id}`)).status).toBe(204);
    const shifts = await campus.sql<{ deviceId: string; report: ZReport | null }>`
      select s.device_id, z.report from shifts s left join z_reports z on z.shift_id = s.id where s.cafe_id = ${till.cafe.id} order by s.id`;
    const reportsOf = ({ device }: Till) => shifts.filter(({ deviceId }) => deviceId === device.id).map(({ report }) => report);
    const cash = { opening_float_minor: 0, sales_minor: 3_000, expected_minor: 3_000, counted_minor: 0, difference_minor: -3_000 };
    expect(reportsOf(till)).toMatchObject([{ number: 2, sales_count: 2, sales_minor: 3_700, cash }]);
    expect(reportsOf(second)).toMatchObject([
      { number: 1, sales_minor: 0 },
      { number: 3, sales_minor: 1_000 },
    ]);
    expect([reportsOf(idle), reportsOf(open)]).toEqual([[], [null]]);
  });

  test("that cannot be read in time keeps no terminal from being revoked: its shift stays open, to be counted and closed", async () => {
    const till = await money.till();
    const owner = await campus.staff("owner", till.cafe);
    await sellForCash(till, await addDish(campus, till.cafe, { priceMinor: 1_000 }));
    await campus.sql`create function too_long() returns trigger language plpgsql as 'begin raise query_canceled; end'`;
    await campus.sql`create trigger too_long before insert on z_reports for each row execute function too_long()`;
    try {
      expect((await owner.api("DELETE", `/admin/devices/${till.device.id}`)).status).toBe(204);
    } finally {
      await campus.sql`drop function too_long() cascade`;
    }
    const [open] = await campus.sql<{ id: string }>`select id from shifts where device_id = ${till.device.id} and closed_at is null`;
    const closed = await owner.api("POST", `/admin/shifts/${open?.id}/close`, { body: { counted_cash_minor: 1_000 } });
    expect(closed).toMatchObject({ status: 200, body: { sales_minor: 1_000, cash: { difference_minor: 0 } } });
  });

  test("of a terminal that is revoked while it sells has exactly what it sold", async () => {
    const till = await money.till();
    const owner = await campus.staff("owner", till.cafe);
    const dish = await addDish(campus, till.cafe, { priceMinor: 1_000 });
    const sell = (process: 0 | 1) =>
      till.device.api("POST", "/pos/sales", {
        process,
        body: { payment: "cash", items: [{ menu_item_id: dish, quantity: 1 }] },
        headers: { "Idempotency-Key": randomUUID() },
      });
    await sell(0);
    const sales = Array.from({ length: 12 }, (_, turn) => sell((turn % 2) as 0 | 1));
    const [answers] = await Promise.all([Promise.all(sales), owner.api("DELETE", `/admin/devices/${till.device.id}`)]);
    const sold = 1 + answers.filter(({ status }) => status === 201).length;
    expect(await campus.sql`select (report ->> 'sales_minor')::int as sold from z_reports where device_id = ${till.device.id}`).toEqual([
      { sold: sold * 1_000 },
    ]);
  });

  test("of two terminals has each one's own sales; what happened at none is in the first that closes, once", async () => {
    const till = await money.till();
    const second = await money.secondTill(till);
    const cashier = await campus.staff("cashier", till.cafe);
    const dish = await addDish(campus, till.cafe, { priceMinor: 1_000 });
    await openShift(till, 0);
    await openShift(second, 0);
    await sellForCash(till, dish);
    await sellForCash(second, dish, 2);
    await payByCard(second, 700);
    const student = await money.fundedStudent({ balanceMinor: 0 });
    const placed = expectOk(
      await student.api<{ order: { id: string } }>("POST", "/orders", {
        body: { cafe_id: till.cafe.id, items: [{ menu_item_id: dish, quantity: 5 }], payment_method: "cash" },
      }),
    );
    const headers = { "Idempotency-Key": randomUUID() };
    expectOk(await cashier.api("POST", `/admin/orders/${placed.order.id}/cash-received`, { headers }));
    expect((await closeShift(second)).body).toMatchObject({
      number: 1,
      sales_minor: 7_700,
      cash_elsewhere_minor: 5_000,
      cash: { expected_minor: 7_000 },
    });
    expect((await closeShift(till)).body).toMatchObject({
      number: 2,
      sales_minor: 1_000,
      cash_elsewhere_minor: 0,
      cash: { expected_minor: 1_000 },
    });
  });

  test("gives the VAT of partial refunds back to the last öre, whatever their sizes", async () => {
    const till = await money.till();
    const owner = await campus.staff("owner", till.cafe);
    const [a, b] = [await addDish(campus, till.cafe, { priceMinor: 3_333 }), await addDish(campus, till.cafe, { priceMinor: 1_999 })];
    await campus.sql`update menu_items set vat_basis_points = 2500 where id = ${b}`;
    const student = await money.fundedStudent({ balanceMinor: 20_000 });
    await openShift(till, 0);
    const items = [
      { menu_item_id: a, quantity: 1 },
      { menu_item_id: b, quantity: 2 },
    ];
    const placed = expectOk(await student.api<{ order: { id: string } }>("POST", "/orders", { body: { cafe_id: till.cafe.id, items } }));
    const scanned = expectOk(await student.scan(till, { orderId: placed.order.id }));
    expectOk(await student.confirm({ ...(await student.readCharge(scanned.charge.id)), match_code: scanned.match_code }));
    for (const amountMinor of [1, 1_000, 333, 7]) await refundInPortal(owner, placed.order.id, amountMinor);
    const part = (await closeShift(till)).body;
    expect(part.net_minor).toBe(7_331 - 1_341);
    expect(part.vat.reduce((sum, { gross_minor }) => sum + gross_minor, 0)).toBe(part.net_minor);
    await openShift(till, 0);
    for (const amountMinor of [2_999, 2_991]) await refundInPortal(owner, placed.order.id, amountMinor);
    const rest = (await closeShift(till)).body;
    const sums = new Map<number, readonly number[]>();
    for (const { vat_basis_points: rate, gross_minor, vat_minor } of [...part.vat, ...rest.vat])
      sums.set(
        rate,
        [gross_minor, vat_minor].map((minor, place) => minor + (sums.get(rate)?.[place] ?? 0)),
      );
    expect([...sums]).toEqual([
      [1_200, [0, 0]],
      [2_500, [0, 0]],
    ]);
  });

  test("has what moves at no terminal: a delivery with its VAT, cash given back in the portal, a refund that the gateway failed, a lost dispute", async () => {
    const till = await money.till();
    const owner = await campus.staff("owner", till.cafe);
    const finance = await campus.staff("finance");
    const gateway = gatewayOf(campus);
    await gateway.connect({ refunds: "failed" });
    const settle = async () => {
      for (let round = 0; round < 2; round += 1) {
        await gateway.quiet();
        await campus.drainOutbox();
      }
    };
    const [soup, cake] = [await addDish(campus, till.cafe, { priceMinor: 5_600 }), await addDish(campus, till.cafe, { priceMinor: 2_500 })];
    await campus.sql`update menu_items set vat_basis_points = 2500 where id = ${cake}`;
    const student = await money.fundedStudent({ balanceMinor: 0 });
    await openShift(till, 0);

    const placed = expectOk(
      await student.api<{ order: { id: string } }>("POST", "/orders", {
        body: {
          cafe_id: till.cafe.id,
          items: [soup, cake].map((id) => ({ menu_item_id: id, quantity: 1 })),
          order_type: "delivery",
          delivery_address: "Kårhuset 1",
          payment_method: "cash",
        },
      }),
    );
    const headers = { "Idempotency-Key": randomUUID() };
    expectOk(await owner.api("POST", `/admin/orders/${placed.order.id}/cash-received`, { headers }));
    const { orderId: upi, checkout } = await gateway.paidUpiOrder(student, till.cafe, 3_360);
    await refundInPortal(owner, upi, 1_000, "gateway");
    expect((await closeShift(till)).body).toMatchObject({
      sales_minor: 10_100 + 3_360,
      refunds_count: 1,
      refunds_minor: 1_000,
      cash_elsewhere_minor: 10_100,
      vat: [
        { vat_basis_points: 1_200, gross_minor: 5_600 + 2_360, vat_minor: 600 + 253 },
        { vat_basis_points: 2_500, gross_minor: 4_500, vat_minor: 900 },
      ],
    });

    await settle();
    expectOk(await owner.api("PATCH", `/admin/orders/${placed.order.id}/status`, { body: { status: "cancelled" } }));
    const { id: disputeId } = await gateway.door("POST", "/disputes", { payment_id: checkout.payment_id });
    await settle();
    const [dispute] = await campus.sql<{ id: string }>`select id from gateway_disputes where dispute_id = ${String(disputeId)}`;
    expectOk(await finance.api("POST", `/admin/disputes/${dispute?.id}/accept`));
    await settle();
    await openShift(till, 20_000);
    expect((await closeShift(till)).body).toMatchObject({
      sales_count: 0,
      refunds_count: 1,
      refunds_minor: 10_100 - 1_000,
      disputes_minor: 3_360,
      net_minor: -(10_100 - 1_000) - 3_360,
      cash_elsewhere_minor: -10_100,
      methods: [
        { method: "cash", refunds_minor: 10_100 },
        { method: "wallet" },
        { method: "upi", refunds_count: 0, refunds_minor: -1_000 },
      ],
      cash: { expected_minor: 9_900 },
    });
    const [books] = await campus.sql<{ owed: number }>`
      select sum(e.amount_minor)::bigint as owed from accounts a join ledger_entries e on e.account_id = a.id
      where a.cafe_id = ${till.cafe.id} and a.kind = 'cafe_payable'`;
    expect(books?.owed).toBe(0);
  });

  test("belongs to the day of the café's calendar on which its shift was opened, on the days of 23 and 25 hours too", async () => {
    const zones = { "Europe/Stockholm": await money.till(), "Europe/Rome": await money.till() };
    for (const [zone, till] of Object.entries(zones)) {
      await campus.sql`update cafes set time_zone = ${zone} where id = ${till.cafe.id}`;
      for (const [openedAt, day, shown] of [
        ["2026-03-28T22:59:00Z", "2026-03-28", "2026-03-28 23:59 +01:00"],
        ["2026-03-28T23:00:00Z", "2026-03-29", "2026-03-29 00:00 +01:00"],
        ["2026-03-29T21:59:00Z", "2026-03-29", "2026-03-29 23:59 +02:00"],
        ["2026-10-25T00:30:00Z", "2026-10-25", "2026-10-25 02:30 +02:00"],
        ["2026-10-25T01:30:00Z", "2026-10-25", "2026-10-25 02:30 +01:00"],
        ["2026-10-25T23:00:00Z", "2026-10-26", "2026-10-26 00:00 +01:00"],
      ] as const) {
        const { id } = (await openShift(till)).body;
        await campus.sql`update shifts set opened_at = ${openedAt}::timestamptz where id = ${id}`;
        expect((await closeShift(till)).body.business_day).toBe(day);
        expect((await till.device.api("GET", `/pos/shifts/${id}/z-report?format=text`)).text).toContain(shown);
      }
    }
  });

  test("asked for again with its key is the same, and closing a closed shift finds none", async () => {
    const till = await money.till();
    await openShift(till, 1_000);
    const key = randomUUID();
    const first = await closeShift(till, 1_000, { key });
    const again = await closeShift(till, 1_000, { key, process: 1 });
    expect([again.status, again.text]).toEqual([200, first.text]);
    expect(codeOf(await closeShift(till, 1_000))).toBe("NOT_FOUND");
    expect((await openShift(till)).status).toBe(201);
    expect((await closeShift(till)).body.number).toBe(2);
  });

  test("cannot be changed or removed by the app nor by the schema's owner", async () => {
    const till = await money.till();
    await openShift(till);
    const { shift_id } = (await closeShift(till)).body;
    const { db } = campus.processes[0].platform;
    const attempts = [
      "update z_reports set number = number + 1 where shift_id = $1",
      "update z_reports set report = '{}' where shift_id = $1",
      "delete from z_reports where shift_id = $1",
    ].map((text) => ({ text, values: [shift_id], name: undefined }));
    for (const attempt of attempts) {
      await expect(db.run(attempt)).rejects.toThrow("permission denied");
      await expect(campus.owner.run(attempt)).rejects.toThrow("never changed");
    }
    await expect(campus.owner.run({ text: "truncate z_reports", values: [], name: undefined })).rejects.toThrow("never changed");
  });
});

describe("who reads shifts", () => {
  test("the café's owner and cashier list and read them with their reports; the kitchen may not, another café sees nothing", async () => {
    const till = await money.till();
    const dish = await addDish(campus, till.cafe, { priceMinor: 1_000 });
    await openShift(till, 2_000);
    await sellForCash(till, dish);
    const { shift_id: closed } = (await closeShift(till, 3_000)).body;
    const open = (await openShift(till)).body.id;
    const [owner, cashier, cook] = await Promise.all([
      campus.staff("owner", till.cafe),
      campus.staff("cashier", till.cafe),
      campus.staff("kitchen", till.cafe),
    ]);
    const stranger = await campus.staff("owner", await campus.cafe());
    for (const reader of [owner, cashier]) {
      const page = await reader.api<{ items: ShiftBody[]; next_cursor: string | null }>("GET", "/admin/shifts?limit=1");
      expect(page.body).toMatchObject({ items: [{ id: open, status: "open", z_number: null }], next_cursor: open });
      expect((await reader.api("GET", `/admin/shifts?limit=1&cursor=${open}`)).body).toMatchObject({
        items: [{ id: closed, status: "closed", z_number: 1 }],
        next_cursor: null,
      });
      expect((await reader.api("GET", `/admin/shifts/${closed}`)).body).toMatchObject({ id: closed, opening_float_minor: 2_000 });
      expect((await reader.api("GET", `/admin/shifts/${closed}/z-report`)).body).toMatchObject({ number: 1, sales_minor: 1_000 });
      expect((await reader.api("GET", `/admin/shifts/${open}/z-report`)).status).toBe(404);
    }
    expect((await stranger.api<{ items: unknown[] }>("GET", "/admin/shifts")).body.items).toEqual([]);
    for (const path of [`/admin/shifts/${closed}`, `/admin/shifts/${closed}/z-report`, `/admin/shifts/${randomUUID()}`])
      expect((await stranger.api("GET", path)).status).toBe(404);
    const other = await money.till();
    expect((await other.device.api("GET", `/pos/shifts/${closed}/z-report`)).status).toBe(404);
    for (const path of ["/admin/shifts", `/admin/shifts/${closed}`, `/admin/shifts/${closed}/z-report`]) {
      expect((await cook.api("GET", path)).status).toBe(403);
      expect((await till.device.api("GET", path)).status).toBe(401);
    }
    for (const [method, path] of [
      ["POST", "/pos/shifts/open"],
      ["POST", "/pos/shifts/close"],
      ["GET", "/pos/shifts/current"],
      ["GET", `/pos/shifts/${closed}/z-report`],
    ] as const)
      expect((await owner.api(method, path, method === "POST" ? { body: {} } : {})).status).toBe(401);
  });

  test("prints its report in lines of 42 letters", async () => {
    const till = await money.till();
    await campus.sql`update cafes set name = 'Café Ångström i Mathematicum och Kårhuset vid ån' where id = ${till.cafe.id}`;
    const dish = await addDish(campus, till.cafe, { priceMinor: 5_600 });
    await openShift(till, 10_000);
    await sellForCash(till, dish, 2);
    const { shift_id } = (await closeShift(till, 21_100)).body;
    const printed = await till.device.api("GET", `/pos/shifts/${shift_id}/z-report?format=text`);
    expect(printed.headers.get("content-type")).toMatch(/^text\/plain/);
    const lines = printed.text.trimEnd().split("\n");
    expect(Math.max(...lines.map((line) => [...line].length))).toBe(42);
    for (const line of ["Z-REPORT 1", "Cash: 1 sold", "VAT 12 % in 112.00", "Expected in the drawer", "DIFFERENCE"])
      expect(printed.text).toContain(line);
    expect(
      lines
        .find((line) => line.startsWith("DIFFERENCE"))
        ?.trimEnd()
        .endsWith(" -1.00"),
    ).toBe(true);
  });
});

describe("a shift whose terminal is gone", () => {
  test("is closed by the café's owner, and by nobody else", async () => {
    const till = await money.till();
    const { id } = (await openShift(till, 500)).body;
    await campus.sql`update devices set revoked_at = now() where id = ${till.device.id}`;
    const owner = await campus.staff("owner", till.cafe);
    const body = { counted_cash_minor: 500 };
    const close = (as: TestStaff) => as.api<ZReport & ErrorPart>("POST", `/admin/shifts/${id}/close`, { body });
    expect((await close(await campus.staff("cashier", till.cafe))).status).toBe(403);
    expect(codeOf(await close(await campus.staff("owner", await campus.cafe())))).toBe("NOT_FOUND");
    expect(await close(owner)).toMatchObject({ status: 200, body: { number: 1, cash: { difference_minor: 0 } } });
    expect(codeOf(await close(owner))).toBe("NOT_FOUND");
    expect((await owner.api("GET", `/admin/shifts/${id}`)).body).toMatchObject({ status: "closed", closed_by: owner.id });
  });
});

test("a terminal learns its name and its café, and a key that is none learns nothing", async () => {
  const till = await money.till();
  expect((await till.device.api<{ id: string; cafe: { id: string } }>("GET", "/pos/till")).body).toMatchObject({
    id: till.device.id,
    name: expect.any(String),
    cafe: { id: till.cafe.id, currency: "SEK", time_zone: expect.any(String) },
  });
  expect((await campus.api("GET", "/pos/till", { headers: { Authorization: `Device ${till.device.id}.${"A".repeat(43)}` } })).status).toBe(
    401,
  );
});
