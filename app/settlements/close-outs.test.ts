import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkLedger } from "../ledger/check-ledger.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { gatewayOf } from "../testing/gateway.ts";
import { adjust, expectOk, type Money, type MoneyStudent, moneyOf } from "../testing/money.ts";
import { oneBehindTheOther } from "../testing/one-behind-the-other.ts";
import type { TestStaff } from "../testing/people.ts";
import { expireJob } from "./close-out.ts";

let campus: Campus;
let money: Money;
let finance: TestStaff;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  finance = await campus.staff("finance");
});
afterAll(async () => {
  await campus.end();
});

interface CloseOut {
  readonly id: string;
  readonly status: string;
  readonly amount_minor: number;
  readonly error?: { readonly code: string; readonly details: Readonly<Record<string, unknown>> };
}

const keyed = (key: string = randomUUID()) => ({ "Idempotency-Key": key });
const account = "SE45 5000 0000 0583 9825 7466";

const ask = async (student: MoneyStudent) => {
  const body = { pay_to: account, ...(await student.proof({ purpose: "close_out", pay_to: account })) };
  return student.api<CloseOut>("POST", "/wallet/close-out", { headers: keyed(), body });
};
const approve = (closeOutId: string, expected_amount_minor: number, staff = finance, process: 0 | 1 = 0) =>
  staff.api<CloseOut>("POST", `/admin/close-outs/${closeOutId}/approve`, {
    process,
    headers: keyed(),
    body: { bank_reference: "SEB-77", expected_amount_minor },
  });

test("a student who leaves gets the rest, the wallet is closed with it, and the person can be erased", async () => {
  const student = await money.fundedStudent({ balanceMinor: 4_321 });
  const asked = expectOk(await ask(student));
  expect(asked).toMatchObject({ status: "pending", amount_minor: 4_321, pay_to: account });
  expect(await student.balanceMinor()).toBe(4_321);
  expect((await student.api("GET", "/users/me/export")).text).toContain(account);
  expect(expectOk(await approve(asked.id, 4_321))).toMatchObject({ status: "agreed" });
  expect((await approve(asked.id, 4_321)).body.error?.code).toBe("INSUFFICIENT_ROLE");
  const [third, fourth] = [await campus.staff("finance"), await campus.staff("finance")];
  const [first, second] = await Promise.all([approve(asked.id, 4_321, third), approve(asked.id, 4_321, fourth, 1)]);
  expect([first.status, second.status].toSorted()).toEqual([200, 409]);
  expect(expectOk(await student.api("GET", "/wallet/close-out"))).toMatchObject({ status: "paid", amount_minor: 4_321 });
  expect((await student.statement())[0]).toEqual({ kind: "close_out", amountMinor: -4_321 });
  expect(expectOk(await student.api("GET", "/wallet"))).toMatchObject({ status: "closed", balance_minor: 0 });
  expect((await checkLedger(campus.worker.db)).ok).toBe(true);

  const admin = await campus.staff("admin");
  expect((await admin.api("DELETE", `/admin/students/${student.id}`)).status).toBeLessThan(300);
  const [row] = await campus.sql`select pay_to, status, amount_minor from close_outs where id = ${asked.id}`;
  expect(row).toEqual({ payTo: "erased", status: "paid", amountMinor: 4_321 });
  const told = await campus.sql`select 1 from idempotency_answers where body like ${`%${account}%`}`;
  expect(told).toEqual([]);
});

test("an empty wallet is closed without a transfer", async () => {
  const student = await money.fundedStudent({ balanceMinor: 0 });
  const { id } = expectOk(await ask(student));
  expectOk(await approve(id, 0));
  expect(expectOk(await approve(id, 0, await campus.staff("finance")))).toMatchObject({
    status: "paid",
    amount_minor: 0,
    transaction_id: null,
  });
});

test("one close-out waits at a time; the student may take it back, and finance may say no with a reason", async () => {
  const student = await money.fundedStudent({ balanceMinor: 100 });
  const first = expectOk(await ask(student));
  expect((await ask(student)).body.error?.code).toBe("CONFLICT");
  expect(expectOk(await student.api<CloseOut>("DELETE", "/wallet/close-out")).status).toBe("withdrawn");
  expect((await student.api<CloseOut>("DELETE", "/wallet/close-out")).body.error?.code).toBe("INVALID_TRANSITION");
  expect((await approve(first.id, 100)).body.error?.code).toBe("INVALID_TRANSITION");
  const second = expectOk(await ask(student));
  const reject = () =>
    finance.api<CloseOut>("POST", `/admin/close-outs/${second.id}/reject`, { body: { reason: "The account is not yours." } });
  expect(expectOk(await reject())).toMatchObject({ status: "rejected", reason: "The account is not yours." });
  expect((await reject()).body.error?.code).toBe("INVALID_TRANSITION");
  expect(await student.balanceMinor()).toBe(100);
});

test("while an order is unfinished, an adjustment or a refund undecided or money owed, nothing is paid out", async () => {
  const till = await money.till();
  const student = await money.fundedStudent({ balanceMinor: 10_000 });
  const order = await student.placeOrder({ till, totalMinor: 5_900 });
  const { id } = expectOk(await ask(student));
  const because = async () => (await approve(id, 10_000)).body.error?.details.because;
  expect(await because()).toBe("unfinished_order");
  expectOk(await student.cancel(order.id));
  await campus.sql`insert into adjustments (student_id, amount_minor, currency, reason, requested_by) values (${student.id}, 5, 'SEK', 'for a test', ${finance.id})`;
  expect(await because()).toBe("pending_adjustment");
  await campus.sql`update adjustments set status = 'rejected', decided_by = requested_by, decided_at = now() where student_id = ${student.id} and status = 'pending'`;
  await campus.sql`
    insert into refund_proposals (order_id, cafe_id, amount_minor, currency, goes_to, reason, refunded_before_minor, requested_by)
    values (${order.id}, ${till.cafe.id}, 5, 'SEK', 'wallet', 'for a test', 0, ${finance.id})`;
  expect(await because()).toBe("pending_refund");
  await campus.sql`update refund_proposals set status = 'rejected', decided_by = requested_by, decided_at = now() where order_id = ${order.id}`;
  await campus.sql`select post_between('outside_refund_borne', account_of('receivables', ${student.id}, null, 'SEK'), account_of('suspense', null, null, 'SEK'), 50, 'SEK', null, null)`;
  expect(await because()).toBe("debt");
  await campus.sql`delete from ledger_transactions where kind = 'outside_refund_borne'`;
  expect(await student.balanceMinor()).toBe(10_000);
});

test("a close-out waits for an order that is being finished at that moment, and then is paid", async () => {
  const student = await money.fundedStudent({ balanceMinor: 10_000 });
  const till = await money.till();
  const order = await student.placeOrder({ till, totalMinor: 900 });
  const { id } = expectOk(await ask(student));
  const { asked } = await campus.owner.transaction(async (tx) => {
    await tx.run(sql`update orders set status = 'cancelled', cancelled_at = now() where id = ${order.id}`);
    const approved = approve(id, 10_000);
    await expect
      .poll(() => campus.sql`select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%pay_close_out%'`)
      .toEqual([{ count: 1 }]);
    return { asked: approved };
  });
  expect((await asked).body).toMatchObject({ status: "agreed" });
});

test("a close-out that nobody decides on gives the money back when its time is over", async () => {
  const student = await money.fundedStudent({ balanceMinor: 800 });
  const { id } = expectOk(await ask(student));
  await campus.worker.db.transaction((tx) => expireJob.run(tx));
  expect(expectOk(await student.api("GET", "/wallet"))).toMatchObject({ held_minor: 800 });
  await campus.sql`update wallet_holds set expires_at = now() where document_id = ${id}`;
  await campus.worker.db.transaction((tx) => expireJob.run(tx));
  expect(expectOk(await student.api("GET", "/wallet"))).toMatchObject({ held_minor: 0, balance_minor: 800 });
  expect(expectOk(await student.api("GET", "/wallet/close-out"))).toMatchObject({ status: "withdrawn" });
  expect((await approve(id, 800)).body.error?.code).toBe("INVALID_TRANSITION");
});

test("two people who say at once that the bank sent a close-out back open the wallet once", async () => {
  const student = await money.fundedStudent({ balanceMinor: 600 });
  const { id } = expectOk(await ask(student));
  const [second, third] = [await campus.staff("finance"), await campus.staff("finance")];
  for (const staff of [finance, second]) expectOk(await approve(id, 600, staff));
  await campus.sql`update close_outs set return_asked_by = ${finance.id}, return_asked_at = now() where id = ${id}`;
  const statement = (staffId: string) => sql`select return_close_out(${id}, ${staffId}, 'unknown account') as id`;
  expect(await campus.owner.row(statement(finance.id)), "not by whoever asked for it").toEqual({ id: null });
  const said = await oneBehindTheOther(
    campus.owner,
    async (tx) => expect(await tx.row(statement(second.id))).toEqual({ id: expect.any(String) }),
    (tx) => tx.row(statement(third.id)),
  );
  expect(said).toEqual({ id: null });
  expect(await student.balanceMinor()).toBe(600);
});

test("a close-out that the bank sends back opens the wallet again once two people say so, and the student may ask anew", async () => {
  const student = await money.fundedStudent({ balanceMinor: 1_500 });
  const { id } = expectOk(await ask(student));
  expectOk(await approve(id, 1_500));
  const [second, puppet] = [await campus.staff("finance"), await campus.staff("finance")];
  await campus.sql`insert into staff_openings (staff_id, opened_by) values (${puppet.id}, ${finance.id})`;
  const giveBack = (by = finance) =>
    by.api<CloseOut>("POST", `/admin/close-outs/${id}/return`, { headers: keyed(), body: { reason: "unknown account" } });
  expect((await giveBack()).body.error?.code).toBe("INVALID_TRANSITION");
  expectOk(await approve(id, 1_500, second));
  expect(expectOk(await giveBack())).toMatchObject({ status: "paid", return_asked_by: finance.id });
  for (const same of [finance, puppet]) expect((await giveBack(same)).body.error?.code).toBe("INSUFFICIENT_ROLE");
  expect(expectOk(await student.api("GET", "/wallet"))).toMatchObject({ status: "closed" });
  expect(expectOk(await giveBack(second))).toMatchObject({ status: "returned", amount_minor: 1_500 });
  expect((await giveBack()).body.error?.code).toBe("INVALID_TRANSITION");
  expect(
    await campus.sql`select action, actor_id from audit_log where action like 'close_out.return%' and object_id = ${id} order by id`,
  ).toEqual([
    { action: "close_out.return_asked", actorId: finance.id },
    { action: "close_out.returned", actorId: second.id },
  ]);
  expect(expectOk(await student.api("GET", "/wallet"))).toMatchObject({ status: "active", balance_minor: 1_500 });
  expect(expectOk(await ask(student))).toMatchObject({ status: "pending", amount_minor: 1_500 });
});

test("a wallet that was frozen comes back frozen, and nothing is paid to whoever is deactivated", async () => {
  const { student, id } = await agreedCloseOut(700);
  expectOk(await student.api("POST", "/wallet/freeze"));
  const second = await campus.staff("finance");
  await campus.sql`update students set is_active = false where id = ${student.id}`;
  expect((await approve(id, 700, second)).body.error?.details).toEqual({ because: "deactivated" });
  await campus.sql`update students set is_active = true where id = ${student.id}`;
  expectOk(await approve(id, 700, second));
  for (const by of [finance, second])
    expectOk(await by.api("POST", `/admin/close-outs/${id}/return`, { headers: keyed(), body: { reason: "unknown account" } }));
  expect(await walletOf(student)).toEqual({ status: "frozen", balanceMinor: 700, heldMinor: 0 });
});

test("a student without a wallet, another's close-out and wrong roles are refused", async () => {
  const without = await campus.student();
  const refused = await without.api<CloseOut>("POST", "/wallet/close-out", { headers: keyed(), body: { pay_to: account } });
  expect(refused.body.error?.code).toBe("CONFLICT");
  expect((await without.api<CloseOut>("GET", "/wallet/close-out")).body.error?.code).toBe("NOT_FOUND");
  expect((await without.api<CloseOut>("DELETE", "/wallet/close-out")).body.error?.code).toBe("NOT_FOUND");
  const student = await money.fundedStudent({ balanceMinor: 100 });
  const { id } = expectOk(await ask(student));
  const admin = await campus.staff("admin");
  const owner = await campus.staff("owner", await campus.cafe());
  for (const staff of [admin, owner]) expect((await approve(id, 100, staff)).body.error?.code).toBe("INSUFFICIENT_ROLE");
  expect((await owner.api<CloseOut>("GET", "/admin/close-outs")).body.error?.code).toBe("INSUFFICIENT_ROLE");
  expect((await approve(randomUUID(), 1)).body.error?.code).toBe("NOT_FOUND");
  const { items } = expectOk(await admin.api<{ items: CloseOut[] }>("GET", "/admin/close-outs?status=pending"));
  expect(items.map((each) => each.id)).toContain(id);
});

test("finance pays what it was shown: nothing of it is spent meanwhile, and money that came in is looked at again", async () => {
  const till = await money.till();
  const student = await money.fundedStudent({ balanceMinor: 50_000 });
  const asked = expectOk(await ask(student));
  expect(expectOk(await student.api("GET", "/wallet"))).toMatchObject({ balance_minor: 50_000, held_minor: 50_000 });
  const charge = await student.scannedOrder({ till, totalMinor: 2_800 });
  expect((await student.confirm(charge)).body.error).toMatchObject({ code: "INSUFFICIENT_FUNDS", details: { balance_minor: 0 } });
  expectOk(await student.cancel(charge.order_id));
  await student.topUp(700);
  expect((await approve(asked.id, 50_000)).body.error).toMatchObject({ code: "CONFLICT", details: { amount_minor: 50_700 } });
  expectOk(await approve(asked.id, 50_700));
  expect(expectOk(await approve(asked.id, 50_700, await campus.staff("finance")))).toMatchObject({ status: "paid", amount_minor: 50_700 });
  const other = await money.fundedStudent({ balanceMinor: 5_000 });
  expectOk(await ask(other));
  expectOk(await other.api("DELETE", "/wallet/close-out"));
  expectOk(await other.confirm(await other.scannedOrder({ till, totalMinor: 2_800 })));
  expect((await checkLedger(campus.worker.db)).invariants.filter(({ ok }) => !ok)).toEqual([]);
});

/** One that finance has agreed to and that may be paid, for races of the functions that decide over it. */
async function agreedCloseOut(balanceMinor: number): Promise<{ student: MoneyStudent; id: string }> {
  const student = await money.fundedStudent({ balanceMinor });
  const { id } = expectOk(await ask(student));
  expectOk(await approve(id, balanceMinor));
  return { student, id };
}
const payIt = (id: string, staff: TestStaff, expectedMinor: number) => (tx: Transaction) =>
  tx.row<{ outcome: string; because: string | null }>(
    sql`select outcome, because from pay_close_out(${id}, ${staff.id}, ${expectedMinor}, 'SEB-78')`,
  );
const putIn = (student: MoneyStudent, amountMinor: number) => async (tx: Transaction) =>
  adjust(tx, { studentId: student.id, amountMinor, requestedBy: finance.id, decidedBy: (await campus.staff("finance")).id });
const walletOf = async (student: MoneyStudent) =>
  (await campus.sql`select status, balance_minor, held_minor from wallets where student_id = ${student.id}`)[0];

test("a close-out whose student takes it back at that moment is not paid", async () => {
  const { student, id } = await agreedCloseOut(900);
  const paid = await oneBehindTheOther(
    campus.owner,
    async (tx) => {
      await tx.run(sql`update close_outs set status = 'withdrawn', decided_at = now() where id = ${id}`);
      await tx.run(sql`select release_close_out(${id})`);
    },
    payIt(id, await campus.staff("finance"), 900),
  );
  expect(paid).toMatchObject({ outcome: "decided" });
  expect(await walletOf(student)).toEqual({ status: "active", balanceMinor: 900, heldMinor: 0 });
});

test("a close-out of a student who orders at that moment waits for the order", async () => {
  const { student, id } = await agreedCloseOut(900);
  const till = await money.till();
  const paid = await oneBehindTheOther(
    campus.owner,
    // As place_order does: the row points at its student.
    (tx) =>
      tx.run(sql`
      insert into orders (cafe_id, student_id, order_number, order_day, order_type, payment_method, currency, total_minor, subtotal_minor)
      values (${till.cafe.id}, ${student.id}, 'X-1', current_date, 'pickup', 'wallet', 'SEK', 100, 100)`),
    payIt(id, await campus.staff("finance"), 900),
  );
  expect(paid).toMatchObject({ outcome: "awaited", because: "unfinished_order" });
});

test("a refund at that moment is in the amount that the second person is asked about", async () => {
  const student = await money.fundedStudent({ balanceMinor: 1_200 });
  const charge = await student.scannedOrder({ till: await money.till(), totalMinor: 300 });
  expectOk(await student.confirm(charge));
  await campus.sql`update orders set status = 'completed' where id = ${charge.order_id}`;
  const { id } = expectOk(await ask(student));
  expectOk(await approve(id, 900));
  const refunded = await oneBehindTheOther(
    campus.owner,
    // It locks the order, which is completed, and the wallet: no row that the close-out takes before.
    (tx) => tx.run(sql`select outcome from refund_order(${charge.order_id}, null, 'wallet', 'cold', null)`),
    payIt(id, await campus.staff("finance"), 900),
  );
  expect(refunded).toMatchObject({ outcome: "another_amount" });
  expect(await walletOf(student)).toEqual({ status: "active", balanceMinor: 1_200, heldMinor: 900 });
});

test("who agrees names no transfer; who says that it is paid must, and without one nothing is paid", async () => {
  const student = await money.fundedStudent({ balanceMinor: 700 });
  const { id } = expectOk(await ask(student));
  const without = (staff: TestStaff) =>
    staff.api<CloseOut>("POST", `/admin/close-outs/${id}/approve`, {
      headers: { "Idempotency-Key": randomUUID() },
      body: { expected_amount_minor: 700 },
    });
  expect(expectOk(await without(finance))).toMatchObject({ status: "agreed", bank_reference: null });
  const second = await campus.staff("finance");
  expect((await without(second)).body.error?.code).toBe("VALIDATION_ERROR");
  expect(await student.balanceMinor()).toBe(700);
  expect(expectOk(await approve(id, 700, second))).toMatchObject({ status: "paid" });
});

test("the second of two people pays what the first agreed to: where money came in since, both agree to the new amount", async () => {
  const { student, id } = await agreedCloseOut(900);
  await student.topUp(500);
  const [second, third] = [await campus.staff("finance"), await campus.staff("finance")];
  expect((await approve(id, 900, second)).body.error?.code).toBe("CONFLICT");
  expect(expectOk(await approve(id, 1_400, second))).toMatchObject({ status: "agreed", agreed_by: second.id, agreed_minor: 1_400 });
  expect((await approve(id, 1_400, second)).body.error?.code).toBe("INSUFFICIENT_ROLE");
  expect(await walletOf(student)).toEqual({ status: "active", balanceMinor: 1_400, heldMinor: 900 });
  expect(expectOk(await approve(id, 1_400, third))).toMatchObject({ status: "paid", amount_minor: 1_400 });
  await expect(campus.sql`update close_outs set agreed_minor = 900 where id = ${id}`).rejects.toThrow("close_outs_pay_what_was_agreed");
});

test("a close-out holds what comes into the wallet at the moment of the request too", async () => {
  const student = await money.fundedStudent({ balanceMinor: 900 });
  const [made] = await campus.sql<{ id: string }>`
    insert into close_outs (student_id, pay_to, currency, payable_at) values (${student.id}, ${account}, 'SEK', now()) returning id`;
  await oneBehindTheOther(campus.owner, putIn(student, 300), (tx) =>
    tx.run(sql`select hold_for_close_out(${made?.id ?? ""}, now() + interval '30 days')`),
  );
  expect(await walletOf(student)).toEqual({ status: "active", balanceMinor: 1_200, heldMinor: 1_200 });
});

test("the end of a close-out's time waits for whoever decides over it, and keeps no lock that they need", async () => {
  const { student, id } = await agreedCloseOut(900);
  await campus.sql`update wallet_holds set expires_at = now() where document_id = ${id}`;
  const expired = await oneBehindTheOther(
    campus.owner,
    (tx) => tx.run(sql`select 1 from close_outs where id = ${id} for update`),
    (tx) => tx.row<{ count: number }>(sql`select expire_close_outs() as count`),
    async (tx) => {
      // A wallet that the other one holds would be a ring: it waits for the close-out.
      await tx.run(sql`select 1 from wallets where student_id = ${student.id} for update nowait`);
      expect(await payIt(id, await campus.staff("finance"), 900)(tx)).toMatchObject({ outcome: "paid" });
    },
  );
  expect(expired).toEqual({ count: 0 });
  expect(await walletOf(student)).toEqual({ status: "closed", balanceMinor: 0, heldMinor: 0 });
  expect(await campus.sql`select status from wallet_holds where document_id = ${id}`).toEqual([{ status: "posted" }]);
});

test("a close-out is over at the moment that it was given, and only what is kept for one is looked at", async () => {
  const [student, paid, later] = [await agreedCloseOut(100), await agreedCloseOut(200), await agreedCloseOut(300)];
  expectOk(await approve(paid.id, 200, await campus.staff("finance")));
  const count = await campus.owner.transaction(async (tx) => {
    await tx.run(sql`update wallet_holds set expires_at = now() where document_id in (${student.id}, ${paid.id})`);
    return tx.row(sql`select expire_close_outs() as count`);
  });
  expect(count).toEqual({ count: 1 });
  const statuses =
    await campus.sql`select id, status, reason from close_outs where id in (${student.id}, ${paid.id}, ${later.id}) order by id`;
  expect(statuses).toEqual([
    { id: student.id, status: "withdrawn", reason: "nobody decided in time" },
    { id: paid.id, status: "paid", reason: null },
    { id: later.id, status: "agreed", reason: null },
  ]);
});

test("only what came to nothing gives back what was kept", async () => {
  const { student, id } = await agreedCloseOut(900);
  await campus.sql`select release_close_out(${id})`;
  expect(await walletOf(student)).toEqual({ status: "active", balanceMinor: 900, heldMinor: 900 });
});

test("a close-out holds what nothing else holds yet", async () => {
  const student = await money.fundedStudent({ balanceMinor: 900 });
  const disputeId = randomUUID();
  await campus.sql`select place_hold(${student.id}, 200, 'gateway_disputes', ${disputeId}, null)`;
  const { id } = expectOk(await ask(student));
  expect(
    await campus.sql`select h.amount_minor, c.held_minor from wallet_holds h join close_outs c on c.id = h.document_id where c.id = ${id}`,
  ).toEqual([{ amountMinor: 700, heldMinor: 700 }]);
  // What ended once is not let go a second time.
  const end = () => campus.sql`select end_hold('gateway_disputes', ${disputeId}, 'voided') as minor`;
  expect([await end(), await end()]).toEqual([[{ minor: 200 }], [{ minor: 0 }]]);
  expect(await walletOf(student)).toEqual({ status: "active", balanceMinor: 900, heldMinor: 700 });
});

test("a dispute that is decided keeps no student from leaving; one that is open does", async () => {
  const gateway = gatewayOf(campus);
  const student = await money.fundedStudent({ balanceMinor: 100 });
  const checkout = await gateway.topUp(student, 1_000);
  const openDispute = `dispute_${randomUUID()}`;
  await campus.sql`select open_dispute(gateway, ${openDispute}, payment_id, 1000, 'SEK', 'not mine', now() + interval '7 days') from gateway_payments where payment_id = ${checkout.payment_id}`;
  const { id } = expectOk(await ask(student));
  expect((await approve(id, 1_100)).body.error?.details).toMatchObject({ because: "open_dispute" });
  await campus.sql`select close_dispute(id, true) from gateway_disputes where dispute_id = ${openDispute}`;
  expect(expectOk(await approve(id, 1_100))).toMatchObject({ status: "agreed" });
});

test("what a close-out keeps is kept for a dispute that came meanwhile, once it is taken back", async () => {
  const student = await money.fundedStudent({ balanceMinor: 500 });
  const checkout = await gatewayOf(campus).topUp(student, 2_000);
  expectOk(await ask(student));
  const dispute = `dispute_${randomUUID()}`;
  await campus.sql`select open_dispute(gateway, ${dispute}, payment_id, 2000, 'SEK', 'not mine', now() + interval '7 days') from gateway_payments where payment_id = ${checkout.payment_id}`;
  expectOk(await student.api("DELETE", "/wallet/close-out"));
  expect(await walletOf(student)).toEqual({ status: "active", balanceMinor: 2_500, heldMinor: 2_000 });
  await campus.sql`select close_dispute(id, true) from gateway_disputes where dispute_id = ${dispute}`;
  expect(await walletOf(student)).toEqual({ status: "active", balanceMinor: 2_500, heldMinor: 0 });
});

test("holds that ended long ago keep none from ending", async () => {
  const { student, id } = await agreedCloseOut(400);
  await campus.sql`
    insert into wallet_holds (id, student_id, amount_minor, currency, document, document_id, status, expires_at, ended_at)
    select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, ${student.id}, 1, 'SEK', 'close_outs', gen_random_uuid(), 'voided', now() - interval '1 day', now()
    from generate_series(1, 100) n`;
  await campus.sql`update wallet_holds set expires_at = now() where document_id = ${id}`;
  await campus.worker.db.transaction((tx) => expireJob.run(tx));
  expect(await walletOf(student)).toEqual({ status: "active", balanceMinor: 400, heldMinor: 0 });
});

test("a wallet that was closed meanwhile is not paid out", async () => {
  const student = await money.fundedStudent({ balanceMinor: 0 });
  const { id } = expectOk(await ask(student));
  await campus.sql`update wallets set status = 'closed' where student_id = ${student.id}`;
  expect((await approve(id, 0)).body.error).toMatchObject({ code: "CONFLICT", message: "The student has no open wallet any more." });
});
