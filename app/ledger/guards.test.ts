// What functions of money refuse by themselves, whatever the application asks.
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { part, type Statement, sql, type Transaction } from "../platform/postgres.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { addDish } from "../testing/menus.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type Till } from "../testing/money.ts";
import { oneBehindTheOther } from "../testing/one-behind-the-other.ts";

let campus: Campus;
let money: Money;
let till: Till;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  till = await money.till();
});
afterAll(() => campus.end());

const ask = async <T>(statement: Statement) => (await campus.owner.row<{ said: T }>(statement))?.said;

/** What the second is told, who asks while the first has not committed. */
async function saidBehind(first: Statement, second: Statement): Promise<readonly unknown[]> {
  const said = (statement: Statement) => async (tx: Transaction) => (await tx.row<{ said: unknown }>(statement))?.said;
  let firstSaid: unknown;
  const secondSaid = await oneBehindTheOther(
    campus.owner,
    async (tx) => {
      firstSaid = await said(first)(tx);
    },
    said(second),
  );
  return [firstSaid, secondSaid];
}

const confirmWith = (
  student: MoneyStudent,
  charge: { readonly id: string; readonly digest: string; readonly match_code?: string },
  keyId: string | null,
) =>
  ask<string>(sql`
    select outcome as said from confirm_charge(${charge.id}, ${student.id}, ${charge.digest}, ${charge.match_code ?? null}, ${keyId}::uuid, 'local', 1, 'receipt-1', 'Europe/Stockholm')`);

test("a debit that wants a signature takes no key of somebody else, and none that was revoked", async () => {
  const [student, other] = [await money.fundedStudent({ balanceMinor: 10_000 }), await money.fundedStudent({ balanceMinor: 0 })];
  const charge = await student.scannedOrder({ till, totalMinor: 1_000 });
  await campus.sql`update students set requires_signature = true where id = ${student.id}`;
  const keyOf = (id: string) =>
    ask<string>(sql`insert into confirm_keys (student_id, public_key) values (${id}, ${randomBytes(44)}) returning id as said`);
  const [own, foreign] = [await keyOf(student.id), await keyOf(other.id)];
  const unsigned = await confirmWith(student, charge, null);
  expect(unsigned).not.toBe("confirmed");
  expect(await confirmWith(student, charge, foreign ?? "")).toBe(unsigned);
  await campus.sql`update confirm_keys set revoked_at = now() where id = ${own}`;
  expect(await confirmWith(student, charge, own ?? "")).toBe(unsigned);
  await campus.sql`update confirm_keys set revoked_at = null where id = ${own}`;
  expect(await confirmWith(student, charge, own ?? "")).not.toBe(unsigned);
});

test("a student's limit for a day is spent to the last minor unit and no further", async () => {
  const student = await money.fundedStudent({ balanceMinor: 10_000 });
  await campus.sql`update wallets set daily_limit_minor = 1500 where student_id = ${student.id}`;
  const confirm = async (totalMinor: number) => student.confirm(await student.scannedOrder({ till, totalMinor }));
  expect((await confirm(1_501)).body).toMatchObject({ error: { code: "SPEND_LIMIT_REACHED" } });
  expectOk(await confirm(1_500));
  expect(await student.balanceMinor()).toBe(8_500);
});

test("nothing is posted of nothing, and to no wallet in another money than its own", async () => {
  const { id } = await money.fundedStudent({ balanceMinor: 5_000 });
  const [fees, clearing] = [part`account_of('gateway_fees', null, null, 'SEK')`, part`account_of('gateway_clearing', null, null, 'SEK')`];
  for (const amount of [0n, null])
    expect(await ask(sql`select post_signed('gateway_fee', ${fees}, ${clearing}, ${amount}::bigint, 'SEK') as said`)).toBeNull();
  const [payable, kept] = [part`account_of('cafe_payable', null, ${till.cafe.id}, 'SEK')`, part`account_of('fees', null, null, 'SEK')`];
  for (const [amount, from] of [
    [100, payable],
    [-100, kept],
  ] as const) {
    const id = await ask<string>(sql`select post_signed('fee', ${payable}, ${kept}, ${amount}::bigint, 'SEK') as said`);
    const posted = sql`select from_account_id = ${from} and amount_minor = 100 as said from ledger_transactions where id = ${id ?? ""}`;
    expect(await ask<boolean>(posted)).toBe(true);
  }
  const inEuro = sql`select post_to_wallet('adjustment', ${id}, account_of('adjustments', null, null, 'EUR'), 100, 'EUR', null, null, null, null) as said`;
  await expect(ask(inEuro)).rejects.toThrow("no open wallet in EUR for this student");
});

test("cash is taken once of two who take it at once, and given back of cash orders alone", async () => {
  const student = await money.fundedStudent({ balanceMinor: 10_000 });
  const items = [{ menu_item_id: await addDish(campus, till.cafe, { priceMinor: 1_000 }), quantity: 1 }];
  const asked = { cafe_id: till.cafe.id, payment_method: "cash", items };
  const { order } = expectOk(await student.api<{ order: { id: string } }>("POST", "/orders", { body: asked }));
  const take = sql`select take_cash(${order.id}) as said`;
  expect(await saidBehind(take, take)).toEqual([expect.any(String), null]);
  const charge = await student.scannedOrder({ till, totalMinor: 1_000 });
  const unpaid = await student.placeOrder({ till, totalMinor: 1_000 });
  expectOk(await student.confirm(charge));
  const staff = await campus.staff("owner", till.cafe);
  const giveBack = (orderId: string) => ask(sql`select (refund_cash(${orderId}, 500, 'for a test', ${staff.id})).id as said`);
  expect(await giveBack(charge.order_id)).toBeNull();
  const toWallet = (orderId: string) => sql`select (refund_order(${orderId}, 100, 'wallet', 'for a test', ${staff.id})).outcome as said`;
  expect(await ask(toWallet(order.id)), "cash goes back as cash").toBe("too_much");
  expect(await ask(toWallet(unpaid.id)), "nothing was paid").toBe("too_much");
  expect(await giveBack(order.id)).toEqual(expect.any(String));
});

test("of two who agree to one correction at once one moves the money, and the other finds it decided", async () => {
  const student = await money.fundedStudent({ balanceMinor: 1_000 });
  const [asks, one, other] = [await campus.staff("finance"), await campus.staff("finance"), await campus.staff("finance")];
  const id = await ask<string>(sql`
    insert into adjustments (student_id, amount_minor, currency, reason, status, requested_by) values (${student.id}, 700, 'SEK', 'for a test', 'pending', ${asks.id}) returning id as said`);
  const agree = (staffId: string) => sql`select (approve_adjustment(${id ?? ""}, ${staffId})).outcome as said`;
  expect(await saidBehind(agree(one.id), agree(other.id))).toEqual(["approved", "not_pending"]);
  expect(await student.balanceMinor()).toBe(1_700);
});

test("a payment in another money than the wallet's is not put into it", async () => {
  const student = await money.fundedStudent({ balanceMinor: 1_000 });
  const credit = (currency: string) =>
    ask<string>(sql`
      select credit_wallet(row(g.*)::gateway_orders, 100, ${currency}, account_of('gateway_clearing', null, null, ${currency})) as said
      from (select (jsonb_populate_record(null::gateway_orders, jsonb_build_object('student_id', ${student.id}::text, 'wallet_max_minor', 1000000))).*) g`);
  expect(await credit("EUR")).toBeNull();
});

test("what a student bears in another money than the wallet's is owed, and the wallet stays as it is", async () => {
  const { id } = await money.fundedStudent({ balanceMinor: 1_000 });
  const take = sql`select take_from_student('outside_refund_borne', ${id}, account_of('suspense', null, null, 'EUR'), 50, 'EUR', null)`;
  const undone = new Error("taken back");
  const seen = campus.owner.transaction(async (tx) => {
    await tx.run(take);
    expect(
      await tx.row(sql`select debt_of(${id}, 'EUR') as owed, (select balance_minor from wallets where student_id = ${id}) as balance`),
    ).toEqual({
      owed: 50,
      balance: 1_000,
    });
    throw undone;
  });
  await expect(seen).rejects.toBe(undone);
});
