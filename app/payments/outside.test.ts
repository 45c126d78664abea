import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sql, type Transaction } from "../platform/postgres.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { gatewayOf, type TestGateway } from "../testing/gateway.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf } from "../testing/money.ts";
import { oneBehindTheOther } from "../testing/one-behind-the-other.ts";
import type { TestCafe, TestStaff } from "../testing/people.ts";
import { violations } from "../testing/proof/books.ts";
import { openGateway } from "./open-gateway.ts";
import { watchGateway } from "./watch-gateway.ts";

const totalMinor = 5_000;

let campus: Campus;
let money: Money;
let gateway: TestGateway;
let cafe: TestCafe;
let owner: TestStaff;
let finance: TestStaff;
let second: TestStaff;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  gateway = gatewayOf(campus);
  cafe = await campus.cafe();
  [owner, finance, second] = [await campus.staff("owner", cafe), await campus.staff("finance"), await campus.staff("finance")];
  // Every webhook is lost: whatever is found here is found in the gateway's own books.
  await gateway.set({ webhook_url: null });
});
afterAll(async () => {
  expect(await violations(campus.owner)).toEqual({});
  await campus.end();
});

interface Case {
  readonly id: string;
  readonly gateway_refund_id: string;
  readonly order_id: string | null;
  readonly amount_minor: number;
  readonly status: string;
  readonly error?: { readonly code: string };
}

async function look(): Promise<void> {
  const to = openGateway(campus.worker);
  if (!to) throw new Error("There is no gateway.");
  await watchGateway(campus.worker, to);
}

async function paidOrder(): Promise<{ student: MoneyStudent; orderId: string; paymentId: string }> {
  const student = await money.fundedStudent({ balanceMinor: 0 });
  const { orderId, checkout } = await gateway.paidUpiOrder(student, cafe, totalMinor);
  return { student, orderId, paymentId: checkout.payment_id };
}

async function toppedUp(): Promise<{ student: MoneyStudent; paymentId: string }> {
  const student = await money.fundedStudent({ balanceMinor: 0 });
  return { student, paymentId: (await gateway.topUp(student, totalMinor)).payment_id };
}

const keyed = () => ({ "Idempotency-Key": randomUUID() });
const refund = (orderId: string, body: object = {}) =>
  owner.api<Case>("POST", `/admin/orders/${orderId}/refund`, { body: { reason: "cold", ...body }, headers: keyed() });
const givenAtGateway = (paymentId: string, amount?: number) =>
  gateway.door("POST", "/refunds", { payment_id: paymentId, ...(amount === undefined ? {} : { amount }) });
const bear = (id: string, borne_by: string, staff = finance) =>
  staff.api<Case>("POST", `/admin/outside-refunds/${id}/bear`, { body: { borne_by, reason: "asked at the desk" }, headers: keyed() });

async function caseOf(gatewayRefundId: unknown): Promise<Case> {
  const { items } = expectOk(await finance.api<{ items: Case[] }>("GET", "/admin/outside-refunds?limit=100"));
  const found = items.find(({ gateway_refund_id }) => gateway_refund_id === gatewayRefundId);
  if (!found) throw new Error("The refund was not noticed.");
  return found;
}
const balanceOf = async (kind: string) => {
  const [row] = await campus.sql<{ minor: number }>`
    select coalesce(sum(e.amount_minor), 0)::bigint as minor from ledger_entries e join accounts a on a.id = e.account_id
    where a.kind = ${kind} and (a.cafe_id is null or a.cafe_id = ${cafe.id})`;
  return row?.minor ?? 0;
};

describe("a refund made at the gateway itself", () => {
  test("is found in the gateway's books, and the café gives nothing back a second time", async () => {
    const { orderId, paymentId } = await paidOrder();
    const { id } = await givenAtGateway(paymentId);
    await look();
    await look();
    const found = await caseOf(id);
    expect(found).toMatchObject({ status: "open", order_id: orderId, amount_minor: totalMinor });
    expect(await balanceOf("suspense")).toBe(-totalMinor);
    for (const to of ["wallet", "gateway"]) expect((await refund(orderId, { to })).status).toBe(409);
    const before = await balanceOf("cafe_payable");
    expect((await bear(found.id, "cafe")).body).toMatchObject({ status: "open", bearer_asked: "cafe", asked_by: finance.id });
    expect((await bear(found.id, "cafe", second)).body).toMatchObject({ status: "borne" });
    expect((await bear(found.id, "university")).body.error?.code).toBe("INVALID_TRANSITION");
    expect(await campus.sql`select actor_id, action from audit_log where object_id = ${found.id} order by id`).toEqual([
      { actorId: finance.id, action: "outside_refund.bearer_asked" },
      { actorId: second.id, action: "outside_refund.borne" },
    ]);
    expect((await balanceOf("cafe_payable")) - before).toBe(-totalMinor);
    expect(await balanceOf("suspense")).toBe(0);
    expect(await campus.sql`select payment_status, refunded_minor from orders where id = ${orderId}`).toEqual([
      { paymentStatus: "refunded", refundedMinor: totalMinor },
    ]);
  });

  test("of a part leaves the rest to be refunded, and one of a top-up is borne by its student: what is spent is owed", async () => {
    for (const deciding of [[], [finance, second]]) {
      const { orderId, paymentId } = await paidOrder();
      const { id: part } = await givenAtGateway(paymentId, 2_000);
      await look();
      for (const staff of deciding) expectOk(await bear((await caseOf(part)).id, "cafe", staff));
      expect((await refund(orderId, { amount_minor: 3_001 })).status).toBe(409);
      expect((await refund(orderId)).body).toMatchObject({ amount_minor: 3_000 });
    }
    const { student, paymentId: topUp } = await toppedUp();
    const charge = await student.scannedOrder({ till: { cafe, device: await campus.device(cafe) }, totalMinor: 1_500 });
    expectOk(await student.confirm(charge));
    const { id } = await givenAtGateway(topUp);
    await look();
    const found = await caseOf(id);
    expect((await bear(found.id, "cafe")).body.error?.code).toBe("CONFLICT");
    expectOk(await bear(found.id, "student"));
    expect(await student.balanceMinor()).toBe(0);
    expect(
      await campus.sql`select sum(e.amount_minor)::bigint as minor from ledger_entries e join accounts a on a.id = e.account_id
        where a.kind = 'receivables' and a.student_id = ${student.id}`,
    ).toEqual([{ minor: -1_500 }]);
  });

  test("of an order is borne by its student only as two people say, and the student is told on every channel", async () => {
    const { student, paymentId } = await paidOrder();
    const { id } = await givenAtGateway(paymentId);
    await look();
    const found = await caseOf(id);
    expect((await bear(found.id, "student")).body).toMatchObject({ status: "open", bearer_asked: "student", asked_by: finance.id });
    expect((await bear(found.id, "student")).body.error?.code).toBe("INSUFFICIENT_ROLE");
    const told = () => campus.sql`
      select topic from outbox where payload ->> 'kind' = 'outside_refund_borne' and payload ->> 'student_id' = ${student.id} order by topic`;
    expect(await told()).toEqual([]);
    expect((await bear(found.id, "student", second)).body).toMatchObject({ status: "borne", borne_by: "student" });
    expect(await told()).toEqual([{ topic: "mail.notice" }, { topic: "push.notice" }, { topic: "sms.notice" }]);
  });

  test("is borne by the university or a café only as two people say: one who gives a friend's top-up back there would leave it in the wallet too", async () => {
    const { student, paymentId } = await toppedUp();
    const { id } = await givenAtGateway(paymentId);
    await look();
    const found = await caseOf(id);
    const fees = await balanceOf("fees");
    for (let time = 0; time < 2; time += 1) {
      const answer = await bear(found.id, "university");
      expect([answer.status, answer.body.status ?? answer.body.error?.code]).toEqual(
        time === 0 ? [200, "open"] : [403, "INSUFFICIENT_ROLE"],
      );
    }
    expect(await balanceOf("fees")).toBe(fees);
    await expect(
      campus.sql`select bear_outside_refund(${found.id}, 'university', 'alone', ${finance.id}) as done`.then((rows) => rows[0]),
    ).rejects.toThrow(/outside_refunds_two_people/);
    // Who names another bearer asks anew, and what the student bears takes nobody's money but the student's.
    expect((await bear(found.id, "student", second)).body).toMatchObject({ status: "borne", bearer_asked: "university" });
    expect(await student.balanceMinor()).toBe(0);
    const other = await toppedUp();
    const again = await givenAtGateway(other.paymentId);
    await look();
    const next = await caseOf(again.id);
    const answers = await Promise.all([bear(next.id, "university"), bear(next.id, "university"), bear(next.id, "university", second)]);
    expect(answers.filter(({ body }) => body.status === "borne")).toHaveLength(1);
    expect((await balanceOf("fees")) - fees).toBe(-totalMinor);
  });

  test("that fails there gives the money back to suspense, and an own refund whose webhook was lost is settled by the list", async () => {
    const { paymentId } = await paidOrder();
    const before = await balanceOf("suspense");
    const { id } = await givenAtGateway(paymentId);
    await look();
    await gateway.door("POST", `/refunds/${id}/failed`);
    await look();
    expect(await caseOf(id)).toMatchObject({ status: "failed" });
    expect(await balanceOf("suspense")).toBe(before);
    const own = await paidOrder();
    await gateway.set({ refunds: "pending" });
    expectOk(await refund(own.orderId, { to: "gateway" }));
    await campus.drainOutbox();
    const [row] = await campus.sql<{
      gatewayRefundId: string;
    }>`select gateway_refund_id from gateway_refunds where order_id = ${own.orderId}`;
    await gateway.door("POST", `/refunds/${row?.gatewayRefundId}/processed`);
    await look();
    expect(await campus.sql`select status from gateway_refunds where order_id = ${own.orderId}`).toEqual([{ status: "processed" }]);
    await gateway.set({ refunds: "processed" });
  });

  test("under the note of one of ours that the gateway made before is another one, and is not hidden behind it", async () => {
    const { orderId, paymentId } = await paidOrder();
    expectOk(await refund(orderId, { to: "gateway", amount_minor: 2_000 }));
    await campus.drainOutbox();
    const meet = (refundId: string, status = "processed") => campus.sql<{ found: string }>`
      select meet_gateway_refund('razorpay', ${refundId}, ${paymentId}, 2000, 'SEK', f.id, ${status}) as found from gateway_refunds f where f.order_id = ${orderId}`;
    const [own] = await campus.sql<{ gatewayRefundId: string }>`select gateway_refund_id from gateway_refunds where order_id = ${orderId}`;
    expect(await meet(own?.gatewayRefundId ?? "")).toEqual([{ found: "ours" }]);
    const other = `rfnd_${randomUUID()}`;
    expect(await meet(other)).toEqual([{ found: "taken" }]);
    // It stands in no books of the gateway's, so it goes again.
    expect(await meet(other, "failed")).toEqual([{ found: "returned" }]);
  });
});

describe("a dispute that no webhook told", () => {
  test("is found, and so is its end: the café refunds nothing that the bank has taken", async () => {
    const { orderId, paymentId } = await paidOrder();
    const dispute = await gateway.door("POST", "/disputes", { payment_id: paymentId });
    await gateway.door("POST", `/disputes/${dispute.id}/lost`);
    await look();
    expect(await campus.sql`select status from gateway_disputes where dispute_id = ${dispute.id}`).toEqual([{ status: "lost" }]);
    expect((await refund(orderId)).status).toBe(409);
  });

  test("and that ends long after its beginning is asked about by its id", async () => {
    const { paymentId } = await paidOrder();
    const dispute = await gateway.door("POST", "/disputes", { payment_id: paymentId });
    await look();
    await campus.sql`update gateway_watch set seen_until = now() + interval '3 days'`;
    await gateway.door("POST", `/disputes/${dispute.id}/won`);
    await look();
    expect(await campus.sql`select status from gateway_disputes where dispute_id = ${dispute.id}`).toEqual([{ status: "won" }]);
    await campus.sql`delete from gateway_watch`;
  });

  test("and is lost while a refund is on its way that then fails costs the café what it kept, and the university nothing", async () => {
    const { orderId, paymentId } = await paidOrder();
    await gateway.set({ refunds: "pending" });
    expectOk(await refund(orderId, { to: "gateway" }));
    await campus.drainOutbox();
    const [before, fees] = [await balanceOf("cafe_payable"), await balanceOf("fees")];
    const dispute = await gateway.door("POST", "/disputes", { payment_id: paymentId });
    await gateway.door("POST", `/disputes/${dispute.id}/lost`);
    await look();
    const [row] = await campus.sql<{ gatewayRefundId: string }>`select gateway_refund_id from gateway_refunds where order_id = ${orderId}`;
    await gateway.door("POST", `/refunds/${row?.gatewayRefundId}/failed`);
    await look();
    expect([(await balanceOf("cafe_payable")) - before, (await balanceOf("fees")) - fees]).toEqual([0, 0]);
    await gateway.set({ refunds: "processed" });
  });

  test("of a part, lost while two refunds are on their way that both fail, is borne once by the café", async () => {
    const { orderId, paymentId } = await paidOrder();
    await gateway.set({ refunds: "pending" });
    for (const amount_minor of [2_500, 2_500]) expectOk(await refund(orderId, { to: "gateway", amount_minor }));
    await campus.drainOutbox();
    const [before, fees] = [await balanceOf("cafe_payable"), await balanceOf("fees")];
    const dispute = await gateway.door("POST", "/disputes", { payment_id: paymentId, amount: 2_500 });
    await gateway.door("POST", `/disputes/${dispute.id}/lost`);
    await look();
    const rows = await campus.sql<{ gatewayRefundId: string }>`select gateway_refund_id from gateway_refunds where order_id = ${orderId}`;
    for (const { gatewayRefundId } of rows) await gateway.door("POST", `/refunds/${gatewayRefundId}/failed`);
    await look();
    expect(await campus.sql`select distinct status from gateway_refunds where order_id = ${orderId}`).toEqual([{ status: "failed" }]);
    expect([(await balanceOf("cafe_payable")) - before, (await balanceOf("fees")) - fees]).toEqual([2_500, 0]);
    await gateway.set({ refunds: "processed" });
  });

  test("a paid order that is disputed as a whole can be cancelled, and nothing is given back", async () => {
    const { orderId, paymentId } = await paidOrder();
    await gateway.door("POST", "/disputes", { payment_id: paymentId });
    await look();
    const cancelled = await owner.api("PATCH", `/admin/orders/${orderId}/status`, { body: { status: "cancelled", reason: "disputed" } });
    expect(cancelled.status).toBe(200);
    expect(await campus.sql`select refunded_minor, status from orders where id = ${orderId}`).toEqual([
      { refundedMinor: 0, status: "cancelled" },
    ]);
  });

  test("whose answer the gateway refused can be decided again", async () => {
    const { paymentId } = await paidOrder();
    const dispute = await gateway.door("POST", "/disputes", { payment_id: paymentId });
    await look();
    const [row] = await campus.sql<{ id: string }>`select id from gateway_disputes where dispute_id = ${dispute.id}`;
    await campus.sql`update gateway_disputes set dispute_id = 'disp_unknown' where id = ${row?.id}`;
    expectOk(await finance.api("POST", `/admin/disputes/${row?.id}/accept`));
    await campus.drainOutbox();
    await campus.sql`update gateway_disputes set dispute_id = ${dispute.id} where id = ${row?.id}`;
    expectOk(await finance.api("POST", `/admin/disputes/${row?.id}/accept`));
    await campus.drainOutbox();
    await look();
    expect(await campus.sql`select status from gateway_disputes where id = ${row?.id}`).toEqual([{ status: "lost" }]);
  });
});

test("held money whose refund failed is sent on its way again by finance, once for each failure", async () => {
  const student = await money.fundedStudent({ balanceMinor: 0 });
  const topUp = await gateway.beginTopUp(student, totalMinor);
  await campus.sql`update wallets set status = 'closed' where student_id = ${student.id}`;
  await gateway.set({ refunds: "failed" });
  await gateway.pay(topUp.gateway_order_id);
  await look();
  await campus.drainOutbox();
  const held = async () => expectOk(await finance.api<{ items: { id: string }[] }>("GET", "/admin/held-refunds")).items;
  const [stuck] = await held();
  await gateway.set({ refunds: "processed" });
  const retry = () => finance.api<Case>("POST", `/admin/held-refunds/${stuck?.id}/retry`, { headers: keyed() });
  const retried = await Promise.all([retry(), retry()]);
  expect(retried.map(({ status }) => status).toSorted()).toEqual([202, 404]);
  expect((await retry()).body.error?.code).toBe("NOT_FOUND");
  expect(await campus.sql`select actor_id from audit_log where action = 'refund.retried'`).toEqual([{ actorId: finance.id }]);
  await campus.drainOutbox();
  expect(await held()).toEqual([]);
  expect(await balanceOf("held")).toBe(0);
});

test("the gateway's pay-outs and its fee are posted once, and its account is then what is still on its way", async () => {
  await look();
  const { id, amount, fees } = await gateway.door("POST", "/pay-out");
  await look();
  await look();
  expect(await campus.sql`select amount_minor, fee_minor from gateway_pay_outs where pay_out_id = ${id}`).toEqual([
    { amountMinor: amount, feeMinor: fees },
  ]);
  expect(await balanceOf("gateway_fees")).toBe(-Number(fees));
  expect(await balanceOf("gateway_clearing")).toBe(0);
  await toppedUp();
  const next = await gateway.door("POST", "/pay-out");
  await look();
  expect(await campus.sql`select pay_out_id from gateway_pay_outs order by id`).toEqual([{ payOutId: id }, { payOutId: next.id }]);
});

test("a refund that nobody has decided on keeps its student from leaving with the money, and from being erased", async () => {
  const { student, paymentId } = await toppedUp();
  await gateway.door("POST", "/refunds", { payment_id: paymentId, amount: totalMinor });
  await look();
  const [refund] = await campus.sql<{ id: string }>`select id from outside_refunds where student_id = ${student.id} and status = 'open'`;
  const pay_to = "SE45 5000 0000 0583 9825 7466";
  const body = { pay_to, ...(await student.proof({ purpose: "close_out", pay_to })) };
  const { id } = expectOk(await student.api<{ id: string }>("POST", "/wallet/close-out", { headers: keyed(), body }));
  const approve = () =>
    finance.api<{ error?: { details: object } }>("POST", `/admin/close-outs/${id}/approve`, {
      headers: keyed(),
      body: { bank_reference: "SEB-5", expected_amount_minor: totalMinor },
    });
  expect((await approve()).body.error?.details).toEqual({ because: "open_outside_refund" });
  const admin = await campus.staff("admin");
  expect((await admin.api("DELETE", `/admin/students/${student.id}`)).text).toContain("open_outside_refund");
  for (const staff of [finance, second]) expectOk(await bear(refund?.id ?? "", "university", staff));
  expect((await approve()).status).toBe(200);
});

test("a refund that two looks at the gateway find at one moment is taken once, and the second look knows it", async () => {
  const { paymentId } = await toppedUp();
  const { id } = await givenAtGateway(paymentId, 1_000);
  const meet = (tx: Transaction) =>
    tx.row<{ what: string }>(sql`
      select meet_gateway_refund(gateway, ${id}, payment_id, 1000, currency, null, 'processed') as what from gateway_payments where payment_id = ${paymentId}`);
  expect(await oneBehindTheOther(campus.owner, meet, meet)).toEqual({ what: "known" });
});

test("news that a refund failed, told while somebody decides who bears it, waits and finds it decided", async () => {
  const { paymentId } = await toppedUp();
  const { id } = await givenAtGateway(paymentId, 1_000);
  await look();
  const found = await caseOf(id);
  expectOk(await bear(found.id, "university"));
  const answer = await oneBehindTheOther(
    campus.owner,
    (tx) => tx.run(sql`select bear_outside_refund(${found.id}, 'university', 'asked at the desk', ${second.id})`),
    (tx) =>
      tx.row<{ what: string }>(sql`
        select meet_gateway_refund(gateway, ${id}, payment_id, 1000, currency, null, 'failed') as what from gateway_payments where payment_id = ${paymentId}`),
  );
  expect(answer).toEqual({ what: "known" });
  expect(await caseOf(id)).toMatchObject({ status: "borne" });
});
