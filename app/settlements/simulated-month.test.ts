import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { gatewayOf, type TestGateway } from "../testing/gateway.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type Till } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";
import { localClock } from "../testing/recomputed-reports.ts";
import { beginningOf, type Movement, nextDay, recomputedSettlements, type Terms, type Zone } from "../testing/recomputed-settlements.ts";
import { settleFinishedDays } from "./settle-days.ts";

let campus: Campus;
let money: Money;
let gateway: TestGateway;
let till: Till;
let student: MoneyStudent;
let owner: TestStaff;
let admin: TestStaff;
let finance: TestStaff;
beforeAll(async () => {
  campus = await startCampus({ env: { GATEWAY_TIMEOUT_MS: "2000" } });
  money = moneyOf(campus);
  gateway = gatewayOf(campus);
  await gateway.connect({ refunds: "processed" });
  till = await money.till();
  [owner, admin, finance] = [await campus.staff("owner", till.cafe), await campus.staff("admin"), await campus.staff("finance")];
  student = await money.fundedStudent({ balanceMinor: 100_000_000 });
});
afterAll(() => campus.end());

const keyed = () => ({ "Idempotency-Key": randomUUID() });

/** What was done and when, kept beside the database. */
const zones: Zone[] = [{ fromDay: "2000-01-01", timeZone: "Europe/Stockholm" }];
const terms: Terms[] = [];
const movements: Movement[] = [];

/** What was just booked on the café's account happened at this moment instead: years ahead, so that nothing of today is near it. */
const held = (atMs: number) =>
  campus.sql`
    update ledger_transactions set at = ${new Date(atMs)} where at < '2030-01-01' and kind not in ('settlement', 'settlement_return', 'fee')
      and (select id from accounts where kind = 'cafe_payable' and cafe_id = ${till.cafe.id}) in (from_account_id, to_account_id)`;
async function moved(atMs: number, line: Movement["line"], minor: number, soldAtMs = atMs): Promise<void> {
  const rows =
    await campus.sql`select 1 from ledger_transactions t where t.at < '2030-01-01' and kind not in ('settlement', 'settlement_return', 'fee')
    and (select id from accounts where kind = 'cafe_payable' and cafe_id = ${till.cafe.id}) in (from_account_id, to_account_id)`;
  expect(rows).toHaveLength(1);
  await held(atMs);
  movements.push({ atMs, line, minor, soldAtMs });
}

interface Sale {
  readonly orderId: string;
  readonly atMs: number;
  readonly totalMinor: number;
}

async function sell(atMs: number, totalMinor: number): Promise<Sale> {
  const charge = await student.scannedOrder({ till, totalMinor });
  expectOk(await student.confirm(charge));
  await moved(atMs, "wallet_sale", totalMinor);
  return { orderId: charge.order_id, atMs, totalMinor };
}

async function sellByGateway(atMs: number, totalMinor: number): Promise<Sale> {
  const { orderId } = await gateway.paidUpiOrder(student, till.cafe, totalMinor);
  await moved(atMs, "gateway_sale", totalMinor);
  return { orderId, atMs, totalMinor };
}

async function sellForCash(atMs: number, totalMinor: number): Promise<Sale> {
  const { id } = await money.dish(till.cafe, totalMinor);
  const body = { items: [{ menu_item_id: id, quantity: 1 }], payment: "cash" };
  const sold = await till.device.api<{ order: { id: string } }>("POST", "/pos/sales", { headers: keyed(), body });
  await moved(atMs, "cash_sale", totalMinor);
  return { orderId: expectOk(sold).order.id, atMs, totalMinor };
}

async function refund(atMs: number, sale: Sale, minor: number, to: "wallet" | "gateway" = "wallet"): Promise<void> {
  const body = { reason: "cold", amount_minor: minor, to };
  expectOk(await owner.api("POST", `/admin/orders/${sale.orderId}/refund`, { headers: keyed(), body }));
  await moved(atMs, `${to}_refund`, -minor, sale.atMs);
}

async function refundCash(atMs: number, sale: Sale, minor: number): Promise<void> {
  const body = { scan_id: randomUUID(), reason: "cold", order_id: sale.orderId, amount_minor: minor };
  expectOk(await till.device.api("POST", "/pos/refunds", { body, headers: { "X-Staff-Authorization": `Bearer ${owner.token}` } }));
  await moved(atMs, "cash_refund", -minor, sale.atMs);
}

const disputeOf = ({ orderId }: Sale) => campus.sql`
  select open_dispute(p.gateway, 'dispute_' || p.payment_id, p.payment_id, p.amount_minor, p.currency, 'not as described', now() + interval '7 days')
  from gateway_payments p join gateway_orders g on g.id = p.order_row_id where g.order_id = ${orderId}`;
async function closeDispute(atMs: number, sale: Sale, isWon: boolean): Promise<void> {
  await campus.sql`select close_dispute(id, ${isWon}) from gateway_disputes where order_id = ${sale.orderId}`;
  if (!isWon) await moved(atMs, "dispute", -sale.totalMinor, sale.atMs);
}

/** The first day that has begun nowhere yet: from then on a change of zone holds. */
const beginsNowhere = (atMs: number) => nextDay(localClock(atMs, "Pacific/Kiritimati").day);

/** The database wrote a zone for its own tomorrow: it is put to the simulated one, where none stands there yet. */
async function putZone(atMs: number): Promise<void> {
  const written = await campus.sql<{ timeZone: string }>`
    delete from cafe_zones where cafe_id = ${till.cafe.id} and from_day between '2026-01-01' and '2030-01-01' returning time_zone`;
  expect(written).toHaveLength(1);
  await campus.sql`
    insert into cafe_zones (cafe_id, from_day, time_zone) values (${till.cafe.id}, ${beginsNowhere(atMs)}::date, ${written[0]?.timeZone})
    on conflict (cafe_id, from_day) do update set time_zone = excluded.time_zone`;
}

async function changeZone(atMs: number, timeZone: string): Promise<void> {
  expectOk(await admin.api("PATCH", `/admin/cafe?cafe_id=${till.cafe.id}`, { body: { time_zone: timeZone } }));
  await putZone(atMs);
  zones.push({ fromDay: beginsNowhere(atMs), timeZone });
}

async function changeTerms(fromDay: string, feeBasisPoints: number, feeVatBasisPoints: number): Promise<void> {
  const body = { cafe_id: till.cafe.id, from_day: fromDay, fee_basis_points: feeBasisPoints, fee_vat_basis_points: feeVatBasisPoints };
  expectOk(await admin.api("POST", "/admin/settlement-terms", { body }));
  terms.push({ fromDay, feeBasisPoints, feeVatBasisPoints });
}

/** Shut, and open again before anybody orders: what is sold is settled by the café's day and not by its hours. */
async function changeHours(atMs: number): Promise<void> {
  for (const opening_hours of [{}, { monday: [{ from: "23:00", to: "23:59" }] }, null])
    expectOk(await owner.api("PATCH", "/admin/cafe", { body: { opening_hours } }));
  await putZone(atMs);
}

async function settleUntil(atMs: number): Promise<void> {
  while ((await settleFinishedDays(campus.worker, new Date(atMs))) > 0);
}

interface Settlement {
  readonly id: string;
  readonly day: string;
  readonly status: string;
  readonly payable_minor: number;
  readonly vat: readonly { readonly gross_minor: number }[];
}
const settlements = async () =>
  expectOk(await finance.api<{ items: Settlement[] }>("GET", `/admin/settlements?cafe_id=${till.cafe.id}&limit=100`)).items;
const owed = async () => {
  const [row] = await campus.sql<{ minor: number }>`
    select account_balance(id) as minor from accounts where kind = 'cafe_payable' and cafe_id = ${till.cafe.id}`;
  return row?.minor;
};
const pay = ({ id }: Settlement) =>
  finance.api("POST", `/admin/settlements/${id}/pay`, { headers: keyed(), body: { bank_reference: `SEB-${id.slice(-6)}` } });

const hourMs = 3_600_000;
const firstDay = "2031-03-15";
const zoneAt = (day: string) => zones.findLast(({ fromDay }) => fromDay <= day)?.timeZone ?? "";
const sum = (numbers: readonly number[]) => numbers.reduce((all, number) => all + number, 0);

test("thirty days with zones, hours and terms changed at the worst moments: settlements, pay-outs and the café's account equal what was done, to the minor unit", async () => {
  const openedAtMs = beginningOf(firstDay, "Europe/Stockholm") + 9 * hourMs;
  await changeTerms(firstDay, 150, 2_500);
  const old: Sale[] = [await sell(openedAtMs + 1, 5_903)];
  await campus.sql`update accounts set created_at = ${new Date(openedAtMs)} where kind = 'cafe_payable' and cafe_id = ${till.cafe.id}`;
  let paidMinor = 0;
  let disputed: Sale | undefined;
  let unpayable = 0;
  let midnight = openedAtMs;
  const balance = (untilMs: number) => {
    const settled = recomputedSettlements({ openedAtMs, zones, terms, movements }, untilMs);
    return (
      sum(movements.map(({ minor }) => minor)) -
      sum(settled.map((each) => each.cash_kept_minor + each.fee_minor + each.fee_vat_minor)) -
      paidMinor
    );
  };
  for (let number = 1; number <= 30; number += 1) {
    const day = nextDay(firstDay, number);
    // Where a zone took a day's length away, a little later: nothing happens on a day that is settled.
    midnight = Math.max(beginningOf(day, zoneAt(nextDay(day, -1))), midnight + hourMs);
    // The last second of a day, and the first one of the next: terms, zone and hours change between them.
    old.push(await sell(midnight - 1_000, 4_001 + 37 * number));
    if (number % 4 === 0) await changeTerms(nextDay(day, 2), 100 + 13 * number, number % 8 === 0 ? 2_500 : 600);
    const zone = { 6: "America/Los_Angeles", 12: "Pacific/Kiritimati", 19: "Europe/Rome", 25: "America/Havana" }[number];
    if (zone !== undefined) await changeZone(midnight - 500, zone);
    if (number % 7 === 0) await changeHours(midnight - 500);
    old.push(await sell(midnight, 3_333 + 11 * number));
    // Of a sale of other terms, and often of another zone.
    const refunded = old[(number * 5) % old.length];
    if (refunded) await refund(midnight + 2 * hourMs, refunded, 97 + number);
    if (number % 3 === 0) {
      const cash = await sellForCash(midnight + 3 * hourMs, 2_000 + number);
      await refundCash(midnight + 26 * hourMs, cash, 501);
    }
    if (number % 5 === 0) {
      const sale = await sellByGateway(midnight - 1, 9_001 + number);
      await refund(midnight + 30 * hourMs, sale, 777, "gateway");
    }
    if (number % 6 === 2) {
      disputed = await sellByGateway(midnight + 1, 70_001 + number);
      await disputeOf(disputed);
    }
    if (number % 6 === 5 && disputed) await closeDispute(midnight, disputed, number === 17);
    // The whole of an early sale goes back after its settlement was paid.
    if (number % 9 === 0) {
      const large = await sell(midnight + 4 * hourMs, 40_001);
      await refund(midnight + 60 * hourMs, large, 40_001);
    }
    await settleUntil(midnight + hourMs / 3);
    expect(await owed()).toBe(balance(midnight));
    if (number % 2 === 0)
      for (const settlement of (await settlements()).filter(({ status }) => status === "due")) {
        const paid = await pay(settlement);
        expect(paid.status).toBe(balance(midnight) >= settlement.payable_minor ? 200 : 409);
        if (paid.status === 200) paidMinor += settlement.payable_minor;
        else unpayable += 1;
      }
  }
  const endMs = beginningOf(nextDay(firstDay, 36), "UTC");
  await settleUntil(endMs + hourMs);

  const wanted = recomputedSettlements({ openedAtMs, zones, terms, movements }, endMs);
  const found = (await settlements()).toReversed();
  expect(found.map(({ day }) => day)).toEqual(wanted.map(({ day }) => day));
  expect(found).toMatchObject(wanted);
  expect(found.map(({ vat }) => sum(vat.map(({ gross_minor }) => gross_minor)))).toEqual(
    wanted.map(
      (each) =>
        each.wallet_sales_minor +
        each.gateway_sales_minor +
        each.cash_sales_minor -
        each.wallet_refunds_minor -
        each.gateway_refunds_minor -
        each.cash_refunds_minor,
    ),
  );
  expect(await owed()).toBe(balance(endMs));
  const bank = await campus.sql`select sum(amount_minor)::bigint as minor from ledger_transactions where kind = 'settlement'
    and to_account_id = (select id from accounts where kind = 'bank')`;
  expect(bank).toEqual([{ minor: paidMinor }]);
  // What the simulation is worth: a dispute was lost, something was carried on, and something could not be paid.
  expect([
    sum(wanted.map((each) => each.disputes_minor)) > 0,
    wanted.some(({ carried_minor }) => carried_minor < 0),
    unpayable > 0,
  ]).toEqual([true, true, true]);
}, 180_000);
