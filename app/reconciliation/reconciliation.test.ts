import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openGateway } from "../payments/open-gateway.ts";
import { watchGateway } from "../payments/watch-gateway.ts";
import { settleFinishedDays } from "../settlements/settle-days.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { gatewayOf, paymentNews, type TestGateway } from "../testing/gateway.ts";
import { expectOk, type Money, moneyOf, type Till } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";
import { until } from "../testing/platform.ts";

let campus: Campus;
let money: Money;
let gateway: TestGateway;
let finance: TestStaff;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  gateway = gatewayOf(campus);
  finance = await campus.staff("finance");
});
afterAll(async () => {
  await campus.end();
});

interface Report {
  readonly gateway_source: string;
  readonly currencies: {
    readonly currency: string;
    readonly total_minor: number;
    readonly explained_minor: number;
    readonly explained_percent: number;
  }[];
  readonly sides: { readonly side: string; readonly total_minor: number; readonly explained_minor: number }[];
  readonly unexplained: {
    readonly side: string;
    readonly problem: string;
    readonly amount_minor: number;
    readonly ids: Record<string, string>;
  }[];
}

const hourMs = 3_600_000;
const span = () =>
  new URLSearchParams({ from: new Date(Date.now() - hourMs).toISOString(), until: new Date(Date.now() + hourMs).toISOString() });
const reconcile = async (): Promise<Report> => expectOk(await finance.api<Report>("GET", `/admin/reconciliation?${span()}`));
const sideOf = ({ sides }: Report, name: string) => sides.find(({ side }) => side === name);

async function sell(till: Till, totalMinor: number): Promise<void> {
  const student = await money.fundedStudent({ balanceMinor: totalMinor });
  expectOk(await student.confirm(await student.scannedOrder({ till, totalMinor })));
}

async function paySettled(till: Till, reference = "SEB-1"): Promise<void> {
  const at = new Date(Date.now() + 25 * hourMs);
  await until("every day is settled", async () => (await settleFinishedDays(campus.worker, at)) === 0);
  const { items } = expectOk(
    await finance.api<{ items: { id: string }[] }>("GET", `/admin/settlements?cafe_id=${till.cafe.id}&status=due`),
  );
  const headers = { "Idempotency-Key": randomUUID() };
  for (const { id } of items)
    expectOk(await finance.api("POST", `/admin/settlements/${id}/pay`, { headers, body: { bank_reference: reference } }));
}

test("money that came in through the gateway, was sold for, settled and paid out is explained to the last unit", async () => {
  const till = await money.till();
  const student = await campus.student();
  await gateway.topUp(student, 7_000);
  await sell(till, 5_900);
  await paySettled(till);
  await sell(till, 100);
  const report = await reconcile();
  expect(report.gateway_source).toBe("listing");
  expect(report.unexplained).toEqual([]);
  expect(sideOf(report, "gateway")).toMatchObject({ total_minor: 7_000, explained_minor: 7_000 });
  // Sold, paid out, sold again: each is money that moved on the café's account.
  expect(sideOf(report, "cafes")).toMatchObject({ total_minor: 11_900, explained_minor: 11_900 });
  expect(sideOf(report, "bank")).toMatchObject({ total_minor: 5_900, explained_minor: 5_900 });
  expect(report.currencies).toEqual([{ currency: "SEK", total_minor: 24_800, explained_minor: 24_800, explained_percent: 100 }]);
});

test("what the gateway collected and nobody told us is listed by its id until it is credited", async () => {
  const student = await campus.student();
  const checkout = await gateway.pay((await gateway.beginTopUp(student, 3_000)).gateway_order_id);
  const report = await reconcile();
  expect(report.unexplained).toEqual([
    {
      side: "gateway",
      problem: "collected by the gateway, not credited",
      amount_minor: 3_000,
      currency: "SEK",
      ids: { payment_id: checkout.payment_id },
    },
  ]);
  expect(report.currencies[0]?.explained_percent).toBeLessThan(100);
  expectOk(await gateway.verify(student, checkout));
  expect((await reconcile()).unexplained).toEqual([]);
});

test("a refund through the gateway is explained while it is on its way, and listed when it is for more than a week", async () => {
  const till = await money.till();
  const student = await campus.student();
  const { orderId } = await gateway.paidUpiOrder(student, till.cafe, 2_000);
  const owner = await campus.staff("owner", till.cafe);
  const headers = { "Idempotency-Key": randomUUID() };
  const body = { amount_minor: 500, reason: "cold", to: "gateway" };
  expectOk(await owner.api("POST", `/admin/orders/${orderId}/refund`, { headers, body }));
  expect(sideOf(await reconcile(), "refunds")).toMatchObject({ total_minor: 500, explained_minor: 500 });
  await campus.sql`update gateway_refunds set created_at = now() - interval '8 days' where order_id = ${orderId}`;
  const old = new URLSearchParams({ from: new Date(Date.now() - 200 * hourMs).toISOString() });
  const report = expectOk(await finance.api<Report>("GET", `/admin/reconciliation?${old}`));
  expect(report.unexplained).toMatchObject([{ side: "refunds", problem: "on its way for more than a week", ids: { order_id: orderId } }]);
  await campus.sql`update gateway_refunds set created_at = now() where order_id = ${orderId}`;
});

test("money that left a café's account for the bank without a settlement is listed on both sides", async () => {
  const till = await money.till();
  await sell(till, 1_000);
  const [rogue] = await campus.sql<{ id: string }>`
    select post_between('settlement', account_of('cafe_payable', null, ${till.cafe.id}, 'SEK'), account_of('bank', null, null, 'SEK'), 400, 'SEK', null, null) as id`;
  const { unexplained } = await reconcile();
  expect(unexplained).toMatchObject([
    { side: "cafes", problem: "the ledger and the settlements differ", amount_minor: 400, ids: { cafe_id: till.cafe.id } },
    {
      side: "bank",
      problem: "left for the bank without a settlement of this amount",
      amount_minor: 400,
      ids: { transaction_id: rogue?.id },
    },
  ]);
  await campus.sql`delete from ledger_transactions where id = ${rogue?.id}`;
  expect((await reconcile()).unexplained).toEqual([]);
});

const bankEntry = (ref: string, minor: number, booked: string) => `
  <Ntry><NtryRef>${ref}</NtryRef><Amt Ccy="SEK">${(minor / 100).toFixed(2)}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
    <BookgDt><Dt>${booked}</Dt></BookgDt><AcctSvcrRef>${ref}</AcctSvcrRef>
    <NtryDtls><TxDtls><Refs><EndToEndId>${ref.split("/")[0]}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>`;

test("what the bank's statement has and the books lack is listed: paid twice, of another amount, unknown, each in its own days", async () => {
  const till = await money.till();
  await sell(till, 571);
  await paySettled(till, "SEB-TWICE");
  const [today, lastYear] = [new Date().toISOString().slice(0, 10), "2025-01-31"];
  const entries = [
    bankEntry("SEB-TWICE/1", 571, today),
    bankEntry("SEB-TWICE/2", 571, today),
    bankEntry("SEB-TWICE/3", 300, today),
    bankEntry("NOBODY/1", 100, today),
    bankEntry("NOBODY/2", 99, lastYear),
  ];
  const body = `<?xml version="1.0" encoding="UTF-8"?>
    <Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>m</MsgId></GrpHdr>
    <Stmt><Id>R-1</Id><Acct><Id><IBAN>SE4550000000058398257466</IBAN></Id></Acct>${entries.join("")}</Stmt></BkToCstmrStmt></Document>`;
  expectOk(await finance.api("POST", "/admin/bank-statements", { body, headers: { "Content-Type": "application/xml" } }));
  const report = await reconcile();
  expect(report.unexplained.filter(({ side }) => side === "bank")).toMatchObject([
    { problem: "paid twice by the bank", amount_minor: 571, ids: { reference: "SEB-TWICE" } },
    { problem: "in the bank's statement with another amount", amount_minor: 300, ids: { reference: "SEB-TWICE" } },
    { problem: "in the bank's statement, unknown to our books", amount_minor: 100, ids: { reference: "NOBODY" } },
  ]);
  expect(report.currencies[0]?.explained_percent).toBeLessThan(100);
  await campus.sql`delete from bank_entries`;
});

test("a credit that the gateway does not know of is listed, and a gateway that does not answer is said to be away", async () => {
  const student = await campus.student();
  const order = await gateway.beginTopUp(student, 1_500);
  const paymentId = `pay_${randomUUID().slice(0, 14)}`;
  const news = paymentNews({ id: paymentId, order_id: order.gateway_order_id, amount: 1_500, created_at: Math.floor(Date.now() / 1_000) });
  expect((await gateway.send(news)).status).toBe(200);
  await campus.drainOutbox();
  expect((await reconcile()).unexplained).toMatchObject([
    { side: "gateway", problem: "credited, and the gateway does not know of it", amount_minor: 1_500, ids: { payment_id: paymentId } },
  ]);
  await campus.setFaults({ gateway: "500" });
  const away = await finance.api("GET", `/admin/reconciliation?${span()}`);
  await campus.setFaults({ gateway: "ok" });
  expect(away.body).toMatchObject({ error: { code: "TEMPORARILY_UNAVAILABLE" } });
});

test("what the gateway's own books have and ours lack is listed on each side, and is explained once the watch has read them", async () => {
  const asked = openGateway(campus.worker);
  if (!asked) throw new Error("There is no gateway in the sandbox.");
  const till = await money.till();
  const student = await campus.student();
  const paid = async (amountMinor: number) => {
    const orderId = await gateway.upiOrder(student, till.cafe, amountMinor);
    const order = expectOk(await student.api<{ gateway_order_id: string }>("POST", `/payments/orders/${orderId}`));
    return gateway.pay(order.gateway_order_id);
  };
  await watchGateway(campus.worker, asked);
  const before = (await reconcile()).unexplained.length;
  const [found, refunded, disputed] = [await paid(1_100), await paid(1_200), await paid(1_300)];
  for (const checkout of [refunded, disputed]) expectOk(await gateway.verify(student, checkout));
  await gateway.door("POST", "/refunds", { payment_id: refunded.payment_id, amount: 700 });
  await gateway.door("POST", "/disputes", { payment_id: disputed.payment_id });
  const { id: payOutId } = await gateway.door("POST", "/pay-out");
  const report = await reconcile();
  const mine = report.unexplained.filter(
    ({ ids }) => [found, refunded, disputed].some(({ payment_id }) => payment_id === ids.payment_id) || ids.pay_out_id === payOutId,
  );
  expect(mine.map(({ side, problem, amount_minor }) => [side, problem, amount_minor])).toEqual([
    ["gateway", "collected by the gateway, not credited", 1_100],
    ["refunds", "given back at the gateway, not in our books", 700],
    ["disputes", "disputed at the gateway, not in our books", 1_300],
    ["pay_outs", "paid out by the gateway, not in our books", expect.any(Number)],
  ]);
  const credit = (payment_id = found.payment_id, staff = finance) =>
    staff.api<{ outcome: string; credited_to: string }>("POST", "/admin/gateway-payments/credit", { body: { payment_id } });
  expect(await credit()).toMatchObject({ status: 200, body: { outcome: "credited", credited_to: "order" } });
  expect((await credit()).body).toMatchObject({ outcome: "already" });
  expect((await credit("pay_nobody")).status).toBe(404);
  expect((await credit(found.payment_id, await campus.staff("admin"))).status).toBe(403);
  expect(await campus.sql`select actor_id from audit_log where action = 'payment.credited'`).toEqual([{ actorId: finance.id }]);
  await watchGateway(campus.worker, asked);
  expect((await reconcile()).unexplained.length).toBe(before);
});

test("a refund that ended otherwise at the gateway than here is listed with its document: borne and failed there, failed here and done there, ours too", async () => {
  const asked = openGateway(campus.worker);
  if (!asked) throw new Error("There is no gateway in the sandbox.");
  const till = await money.till();
  const student = await campus.student();
  const owner = await campus.staff("owner", till.cafe);
  const second = await campus.staff("finance");
  const keyed = () => ({ "Idempotency-Key": randomUUID() });
  const end = async (refundId: unknown, how: "failed" | "processed") => {
    await gateway.door("POST", `/refunds/${refundId}/${how}`);
    await watchGateway(campus.worker, asked);
  };
  const givenThere = async (amount: number) => {
    const { checkout } = await gateway.paidUpiOrder(student, till.cafe, 4_000);
    const { id } = await gateway.door("POST", "/refunds", { payment_id: checkout.payment_id, amount });
    await watchGateway(campus.worker, asked);
    const [row] = await campus.sql<{ id: string }>`select id from outside_refunds where gateway_refund_id = ${id}`;
    return { gatewayRefundId: id, documentId: row?.id ?? "" };
  };
  const [borne, borneByCafe, taken] = [await givenThere(801), await givenThere(802), await givenThere(803)];
  for (const [{ documentId }, borne_by] of [
    [borne, "university"],
    [borneByCafe, "cafe"],
  ] as const)
    for (const staff of [finance, second])
      expectOk(
        await staff.api("POST", `/admin/outside-refunds/${documentId}/bear`, {
          body: { borne_by, reason: "at the desk" },
          headers: keyed(),
        }),
      );
  await end(taken.gatewayRefundId, "failed");

  await gateway.set({ refunds: "pending" });
  const { orderId } = await gateway.paidUpiOrder(student, till.cafe, 4_000);
  const body = { amount_minor: 804, reason: "cold", to: "gateway" };
  const own = expectOk(await owner.api<{ id: string }>("POST", `/admin/orders/${orderId}/refund`, { headers: keyed(), body }));
  await campus.drainOutbox();
  await gateway.set({ refunds: "processed" });
  const [sent] = await campus.sql<{ id: string }>`select gateway_refund_id as id from gateway_refunds where order_id = ${orderId}`;
  await end(sent?.id, "failed");

  const listed = async () =>
    (await reconcile()).unexplained
      .filter(({ amount_minor }) => amount_minor > 800 && amount_minor < 805)
      .map(({ side, problem, amount_minor, ids }) => [side, problem, amount_minor, ids.outside_refund_id ?? ids.refund_id]);
  expect(await listed()).toEqual([]);
  for (const { gatewayRefundId } of [borne, borneByCafe]) await end(gatewayRefundId, "failed");
  for (const id of [taken.gatewayRefundId, sent?.id]) await end(id, "processed");
  expect(await listed()).toEqual([
    ["refunds", "given back at the gateway, failed in our books", 804, own.id],
    ["refunds", "given back at the gateway, failed in our books", 803, taken.documentId],
    ["refunds", "failed at the gateway, borne in our books", 802, borneByCafe.documentId],
    ["refunds", "failed at the gateway, borne in our books", 801, borne.documentId],
  ]);
});

test("a refund that fails days after it was borne is listed on the day of that news", async () => {
  const asked = openGateway(campus.worker);
  if (!asked) throw new Error("There is no gateway in the sandbox.");
  const student = await campus.student();
  const { payment_id } = await gateway.topUp(student, 4_000);
  const { id: refundId } = await gateway.door("POST", "/refunds", { payment_id, amount: 805 });
  await watchGateway(campus.worker, asked);
  const [document] = await campus.sql<{ id: string }>`select id from outside_refunds where gateway_refund_id = ${refundId}`;
  const body = { borne_by: "student", reason: "at the desk" };
  expectOk(
    await finance.api("POST", `/admin/outside-refunds/${document?.id}/bear`, { body, headers: { "Idempotency-Key": randomUUID() } }),
  );
  const entity = { id: refundId, payment_id, amount: 805, currency: "SEK", status: "failed", notes: {} };
  const news = JSON.stringify({ entity: "event", event: "refund.failed", payload: { refund: { entity } } });
  expect((await gateway.send(news)).status).toBe(200);
  await campus.drainOutbox();
  await campus.sql`update gateway_events set received_at = received_at + interval '2 days' where event -> 'refund' ->> 'gatewayRefundId' = ${refundId}`;
  const later = (days: number) => new Date(Date.now() + days * 24 * hourMs).toISOString();
  const listed = async (from: string, until: string) =>
    expectOk(await finance.api<Report>("GET", `/admin/reconciliation?${new URLSearchParams({ from, until })}`)).unexplained.filter(
      ({ amount_minor }) => amount_minor === 805,
    );
  expect(await listed(later(1), later(3))).toMatchObject([
    { side: "refunds", problem: "failed at the gateway, borne in our books", ids: { outside_refund_id: document?.id, payment_id } },
  ]);
  expect(await listed(later(3), later(4))).toEqual([]);
  await campus.sql`delete from gateway_events`;
});

test("a span that ends before it begins or is too long, and every other role, are refused", async () => {
  const at = (from: string, until: string) => `/admin/reconciliation?${new URLSearchParams({ from, until })}`;
  for (const [from, until] of [
    ["2026-11-02T00:00:00Z", "2026-11-01T00:00:00Z"],
    ["2026-01-01T00:00:00Z", "2026-11-01T00:00:00Z"],
  ] as const)
    expect((await finance.api("GET", at(from, until))).body).toMatchObject({ error: { code: "VALIDATION_ERROR" } });
  const till = await money.till();
  for (const { api } of [await campus.student(), await campus.staff("owner", till.cafe)])
    expect((await api("GET", "/admin/reconciliation")).body).toMatchObject({ error: { code: "INSUFFICIENT_ROLE" } });
});

test("every page of the gateway's list is read, and a span with more than can be read at once is refused and never cut short", async () => {
  const asked = openGateway(campus.worker);
  if (!asked) throw new Error("There is no gateway in the sandbox.");
  const before = (await reconcile()).unexplained.length;
  const wanted = Array.from({ length: 105 }, () => ({ amountMinor: 100, currency: "SEK", reference: randomUUID() }));
  for (const each of wanted) await gateway.pay(await asked.createOrder(each));
  const { unexplained } = await reconcile();
  expect(unexplained.length).toBe(before + 105);
  expect(new Set(unexplained.map(({ ids }) => ids.payment_id)).size).toBe(before + 105);
  const [from, until] = [new Date(Date.now() - hourMs), new Date(Date.now() + hourMs)];
  expect(await asked.collectedBetween(from, until, 99)).toBeUndefined();
  expect((await asked.collectedBetween(from, until, 200))?.length).toBeGreaterThanOrEqual(105);
});
