import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sql } from "../platform/postgres.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { gatewayOf, type TestGateway } from "../testing/gateway.ts";
import { adjust, expectOk, type Money, type MoneyStudent, moneyOf } from "../testing/money.ts";
import { oneBehindTheOther } from "../testing/one-behind-the-other.ts";
import type { TestStaff } from "../testing/people.ts";
import { violations } from "../testing/proof/books.ts";

let campus: Campus;
let money: Money;
let gateway: TestGateway;
let asks: TestStaff;
let approves: TestStaff;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  gateway = gatewayOf(campus);
  [asks, approves] = [await campus.staff("finance"), await campus.staff("finance")];
  await gateway.connect();
});
afterAll(async () => {
  expect(await violations(campus.owner)).toEqual({});
  await campus.end();
});

const keyed = () => ({ "Idempotency-Key": randomUUID() });
const walletOf = async (student: MoneyStudent) =>
  expectOk(await student.api<{ balance_minor: number; owed_minor: number }>("GET", "/wallet"));

/** Topped up, spent, and then taken back by the bank. */
async function indebted(amountMinor: number): Promise<MoneyStudent> {
  const student = await money.fundedStudent({ balanceMinor: 0 });
  const { payment_id: paymentId } = await gateway.topUp(student, amountMinor);
  expectOk(await student.confirm(await student.scannedOrder({ till: await money.till(), totalMinor: amountMinor })));
  const { id } = await gateway.door("POST", "/disputes", { payment_id: paymentId });
  await gateway.door("POST", `/disputes/${id}/lost`);
  await gateway.quiet();
  await campus.drainOutbox();
  return student;
}

test("a debt is paid back by the next money that comes in, once, and what is over stays in the wallet", async () => {
  const student = await indebted(5_000);
  expect(await walletOf(student)).toMatchObject({ balance_minor: 0, owed_minor: 5_000 });
  await gateway.topUp(student, 3_000);
  expect(await walletOf(student)).toMatchObject({ balance_minor: 0, owed_minor: 2_000 });
  await gateway.topUp(student, 2_500);
  expect(await walletOf(student)).toMatchObject({ balance_minor: 500, owed_minor: 0 });
  expect((await student.statement()).map(({ kind, amountMinor }) => [kind, amountMinor]).slice(0, 2)).toEqual([
    ["debt_repaid", -2_000],
    ["top_up", 2_500],
  ]);
});

test("what is owed in one money is not owed in another", async () => {
  const student = await indebted(5_000);
  await campus.owner.row(sql`select account_of('receivables', ${student.id}, null, 'EUR')`);
  const owed = await campus.owner.row(sql`select debt_of(${student.id}, 'SEK') as sek, debt_of(${student.id}, 'EUR') as eur`);
  expect(owed).toEqual({ sek: 5_000, eur: 0 });
});

test("two people write a debt off, as far as it is still owed, and the student can leave", async () => {
  const student = await indebted(4_000);
  const debts = async () => expectOk(await asks.api<{ items: { student_id: string; owed_minor: number }[] }>("GET", "/admin/debts")).items;
  await campus.sql`update students set name = 'Zoë Östergård' where id = ${student.id}`;
  expect(await debts()).toContainEqual(
    expect.objectContaining({ student_id: student.id, student_name: "Zoë Östergård", owed_minor: 4_000 }),
  );
  const asked = expectOk(
    await asks.api<{ id: string }>("POST", `/admin/debts/${student.id}/write-off`, {
      headers: keyed(),
      body: { reason: "left the country" },
    }),
  );
  const approve = (staff: TestStaff) =>
    staff.api<{ amount_minor: number; error?: { code: string } }>("POST", `/admin/debt-write-offs/${asked.id}/approve`);
  expect((await approve(asks)).body.error?.code).toBe("INSUFFICIENT_ROLE");
  const alone = await campus.owner.row(
    sql`select write_off_debt(${asked.id}, ${asks.id}) as id, write_off_debt(${randomUUID()}, ${approves.id}) as other`,
  );
  expect(alone).toEqual({ id: null, other: null });
  await gateway.topUp(student, 1_000);
  expect(expectOk(await approve(approves))).toMatchObject({ status: "approved", amount_minor: 3_000 });
  const later = await indebted(2_000);
  await campus.sql`update debt_write_offs set student_id = ${later.id} where id = ${asked.id}`;
  const again = await campus.owner.row(sql`select write_off_debt(${asked.id}, ${approves.id}) as id`);
  await campus.sql`update debt_write_offs set student_id = ${student.id} where id = ${asked.id}`;
  expect(again, "what was decided is decided").toEqual({ id: null });
  expect((await approve(approves)).body.error?.code).toBe("INVALID_TRANSITION");
  expect(await campus.sql`select action, actor_id from audit_log where action like 'debt.%' order by id`).toEqual([
    { action: "debt.write_off_requested", actorId: asks.id },
    { action: "debt.written_off", actorId: approves.id },
  ]);
  expect(await walletOf(student)).toMatchObject({ balance_minor: 0, owed_minor: 0 });
  expect((await debts()).map(({ student_id }) => student_id)).not.toContain(student.id);
  const pay_to = "SE45 5000 0000 0583 9825 7466";
  const proof = await student.proof({ purpose: "close_out", pay_to });
  expect((await student.api("POST", "/wallet/close-out", { headers: keyed(), body: { pay_to, ...proof } })).status).toBe(201);
});

test("a write-off is taken back by whoever asked, and the debt stays", async () => {
  const student = await indebted(1_000);
  const asked = expectOk(
    await asks.api<{ id: string }>("POST", `/admin/debts/${student.id}/write-off`, { headers: keyed(), body: { reason: "a mistake" } }),
  );
  const waiting = () => approves.api<{ items: { id: string }[] }>("GET", "/admin/debt-write-offs?status=pending");
  expect((await waiting()).body.items).toMatchObject([{ id: asked.id, requested_by: asks.id, reason: "a mistake" }]);
  expect((await asks.api("POST", `/admin/debt-write-offs/${asked.id}/reject`)).status).toBe(200);
  expect((await waiting()).body.items).toEqual([]);
  expect((await approves.api("POST", `/admin/debt-write-offs/${asked.id}/approve`)).status).toBe(409);
  expect(await walletOf(student)).toMatchObject({ owed_minor: 1_000 });
  expect(await campus.sql`select actor_id from audit_log where action = 'debt.write_off_rejected'`).toEqual([{ actorId: asks.id }]);
});

test("money that comes in at the moment of a write-off is paid back first, and the rest alone is written off", async () => {
  const student = await indebted(5_000);
  const asked = expectOk(
    await asks.api<{ id: string }>("POST", `/admin/debts/${student.id}/write-off`, {
      headers: keyed(),
      body: { reason: "left the country" },
    }),
  );
  await oneBehindTheOther(
    campus.owner,
    async (tx) => {
      await adjust(tx, { studentId: student.id, amountMinor: 3_000, requestedBy: asks.id, decidedBy: approves.id });
      await tx.run(sql`select repay_debt(${student.id}, 'SEK')`);
    },
    (tx) => tx.run(sql`select write_off_debt(${asked.id}, ${approves.id})`),
  );
  expect(await campus.sql`select status, amount_minor from debt_write_offs where id = ${asked.id}`).toEqual([
    { status: "approved", amountMinor: 2_000 },
  ]);
  expect(await walletOf(student)).toMatchObject({ balance_minor: 0, owed_minor: 0 });
});

test("a write-off of a debt that was paid meanwhile is refused, and its asker takes it back", async () => {
  const student = await indebted(1_500);
  const asked = expectOk(
    await asks.api<{ id: string }>("POST", `/admin/debts/${student.id}/write-off`, { headers: keyed(), body: { reason: "too late" } }),
  );
  await gateway.topUp(student, 1_500);
  expect((await approves.api("POST", `/admin/debt-write-offs/${asked.id}/approve`)).status).toBe(409);
  expect(await walletOf(student)).toMatchObject({ balance_minor: 0, owed_minor: 0 });
  expect((await asks.api("POST", `/admin/debt-write-offs/${asked.id}/reject`)).status).toBe(200);
});

/** With this much in the wallet, and a top-up that is spent: the bank may take it back at any time. */
async function owing(balanceMinor: number): Promise<{ student: MoneyStudent; owe: () => Promise<void> }> {
  const student = await money.fundedStudent({ balanceMinor });
  const { payment_id } = await gateway.topUp(student, 3_000);
  expectOk(await student.confirm(await student.scannedOrder({ till: await money.till(), totalMinor: 3_000 })));
  return { student, owe: async () => disputeEnds(await disputed(payment_id), "lost") };
}
async function disputed(payment_id: string): Promise<unknown> {
  const { id } = await gateway.door("POST", "/disputes", { payment_id });
  await gateway.quiet();
  await campus.drainOutbox();
  return id;
}
async function disputeEnds(id: unknown, how: "won" | "lost"): Promise<void> {
  await gateway.door("POST", `/disputes/${id}/${how}`);
  await gateway.quiet();
  await campus.drainOutbox();
}
const payTo = "SE45 5000 0000 0583 9825 7466";
async function askedCloseOut(student: MoneyStudent): Promise<string> {
  const proof = await student.proof({ purpose: "close_out", pay_to: payTo });
  const body = { pay_to: payTo, ...proof };
  return expectOk(await student.api<{ id: string }>("POST", "/wallet/close-out", { headers: keyed(), body })).id;
}

test("a debt is paid back of what becomes free: a close-out that is taken back or out of time, and one that came back", async () => {
  const [taken, late, back] = [await owing(10_000), await owing(10_000), await owing(10_000)];
  await askedCloseOut(taken.student);
  await taken.owe();
  expect(await walletOf(taken.student)).toMatchObject({ balance_minor: 10_000, owed_minor: 3_000 });
  expectOk(await taken.student.api("DELETE", "/wallet/close-out"));
  expect(await walletOf(taken.student)).toMatchObject({ balance_minor: 7_000, owed_minor: 0 });

  const lateId = await askedCloseOut(late.student);
  await late.owe();
  await campus.sql`update wallet_holds set expires_at = now() where document_id = ${lateId}`;
  await campus.sql`select expire_close_outs()`;
  expect(await walletOf(late.student)).toMatchObject({ balance_minor: 7_000, owed_minor: 0 });

  const backId = await askedCloseOut(back.student);
  for (const status of ["preparing", "ready", "completed"])
    await campus.sql`select set_order_status(id, ${status}, null, false) from orders where student_id = ${back.student.id}`;
  for (const staff of [asks, approves]) await campus.sql`select pay_close_out(${backId}, ${staff.id}, 10000, 'SEB-1')`;
  await back.owe();
  await campus.sql`update close_outs set return_asked_by = ${asks.id}, return_asked_at = now() where id = ${backId}`;
  await campus.sql`select return_close_out(${backId}, ${approves.id}, 'unknown account')`;
  expect(await walletOf(back.student)).toMatchObject({ balance_minor: 7_000, owed_minor: 0 });
});

test("a debt is paid back of a refund, and of what a dispute that is won lets go", async () => {
  const [refunded, winner] = [await owing(4_000), await owing(0)];
  const charge = await refunded.student.scannedOrder({ till: await money.till(), totalMinor: 4_000 });
  expectOk(await refunded.student.confirm(charge));
  await refunded.owe();
  expectOk(await refunded.student.cancel(charge.order_id));
  expect(await walletOf(refunded.student)).toMatchObject({ balance_minor: 1_000, owed_minor: 0 });

  const { payment_id } = await gateway.topUp(winner.student, 4_000);
  const dispute = await disputed(payment_id);
  await winner.owe();
  expect(await walletOf(winner.student)).toMatchObject({ balance_minor: 4_000, owed_minor: 3_000 });
  await disputeEnds(dispute, "won");
  expect(await walletOf(winner.student)).toMatchObject({ balance_minor: 1_000, owed_minor: 0 });
});
