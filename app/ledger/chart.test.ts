import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Statement, sql, sqlState } from "../platform/postgres.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type Till } from "../testing/money.ts";

let campus: Campus;
let money: Money;
let till: Till;
let otherTill: Till;
let student: MoneyStudent;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  [till, otherTill] = [await money.till(), await money.till()];
  student = await money.fundedStudent({ balanceMinor: 20_000 });
  expectOk(await student.confirm(await student.scannedOrder({ till, totalMinor: 5_900 })));
});
afterAll(() => campus.end());

const denied = "42501";
const outsideTheChart = "CP422";

/** The SQLSTATE with which a statement is refused to the application's role; "written" where it is not. */
const asTheApp = (statement: Statement) => refusalOf(campus.worker.db.run(statement));
const asTheOwner = (statement: Statement) => refusalOf(campus.owner.run(statement));
const refusalOf = async (asked: Promise<unknown>): Promise<string | undefined> => {
  try {
    await asked;
    return "written";
  } catch (error) {
    return sqlState(error);
  }
};

describe("money without a document, as the application's role", () => {
  const attempts: readonly [string, () => Statement][] = [
    [
      "an adjustment",
      () =>
        sql`select post_to_wallet('adjustment', ${student.id}, account_of('adjustments', null, null, 'SEK'), 100, 'SEK', null, null, null, null)`,
    ],
    [
      "a close-out",
      () =>
        sql`select post_to_wallet('close_out', ${student.id}, account_of('bank', null, null, 'SEK'), -100, 'SEK', null, null, null, null)`,
    ],
    [
      "a transfer from one café to another",
      () => sql`select post_between('settlement', account_of('cafe_payable', null, ${till.cafe.id}, 'SEK'),
        account_of('cafe_payable', null, ${otherTill.cafe.id}, 'SEK'), 100, 'SEK', null, null)`,
    ],
    [
      "a row of the ledger",
      () => sql`insert into ledger_transactions (kind, from_account_id, to_account_id, amount_minor, currency)
        select 'fee', a.id, b.id, 1, 'SEK' from accounts a, accounts b where a.kind = 'cafe_payable' and b.kind = 'adjustments'`,
    ],
    ["an account", () => sql`insert into accounts (kind, currency) values ('bank', 'NOK')`],
    ["a balance", () => sql`update wallets set balance_minor = balance_minor + 1 where student_id = ${student.id}`],
    ["a hold taken away", () => sql`update wallets set held_minor = 0 where student_id = ${student.id}`],
    [
      "a wallet with money in it",
      () => sql`insert into wallets (student_id, account_id, currency, balance_minor) select id, id, 'SEK', 5 from students limit 1`,
    ],
    [
      "a refund's row",
      () => sql`insert into refunds (order_id, amount_minor, reason, transaction_id) select id, 1, 'x', uuidv7() from orders limit 1`,
    ],
    ["a settlement marked paid", () => sql`update settlements set status = 'paid'`],
    ["a seal", () => sql`insert into ledger_anchors (day, transactions, previous_hash, hash) values ('2020-01-01', 0, '', '')`],
    ["a snapshot of a balance", () => sql`delete from account_snapshots`],
    ["a way for money to move", () => sql`insert into allowed_legs values ('fee', 'wallet', 'cash', 'refunds')`],
  ];
  test.each(attempts)("%s is refused", async (_what, attempt) => {
    expect(await asTheApp(attempt())).toBe(denied);
  });

  test("an adjustment is not approved by whoever asked for it, nor twice", async () => {
    const [finance, second] = [await campus.staff("finance"), await campus.staff("finance")];
    const [asked] = await campus.worker.db.rows<{ id: string }>(sql`
      insert into adjustments (student_id, amount_minor, currency, reason, requested_by) values (${student.id}, 300, 'SEK', 'for a test', ${finance.id}) returning id`);
    const approve = async (staffId: string) =>
      (await campus.worker.db.row<{ outcome: string }>(sql`select outcome from approve_adjustment(${asked?.id ?? ""}, ${staffId})`))
        ?.outcome;
    expect([await approve(finance.id), await approve(second.id), await approve(second.id)]).toEqual([
      "same_person",
      "approved",
      "not_pending",
    ]);
  });
});

describe("the chart of accounts, also for the schema's owner", () => {
  const outside: readonly [string, () => Statement][] = [
    [
      "from one café to another",
      () => sql`select post_between('settlement', account_of('cafe_payable', null, ${till.cafe.id}, 'SEK'),
        account_of('cafe_payable', null, ${otherTill.cafe.id}, 'SEK'), 100, 'SEK', null, null)`,
    ],
    [
      "a refund that nobody's café bears",
      () => sql`select post_to_wallet('refund', ${student.id}, account_of('fees', null, null, 'SEK'), 100, 'SEK', null, null, null, null)`,
    ],
    [
      "out of a wallet and not out of its balance",
      () => sql`insert into ledger_transactions (kind, from_account_id, to_account_id, amount_minor, currency)
        select 'adjustment', account_id, account_of('adjustments', null, null, 'SEK'), 100, 'SEK' from wallets where student_id = ${student.id}`,
    ],
    [
      "of another currency than its accounts",
      () =>
        sql`select post_between('cash_sale', account_of('cash', null, ${till.cafe.id}, 'SEK'), account_of('cafe_payable', null, ${till.cafe.id}, 'SEK'), 1, 'NOK', null, null)`,
    ],
  ];
  test.each(outside)("money does not move %s", async (_what, attempt) => {
    expect(await asTheOwner(attempt())).toBe(outsideTheChart);
  });

  test("a debit names its charge, its order and its wallet", async () => {
    expect(
      await asTheOwner(sql`
        insert into ledger_transactions (kind, from_account_id, to_account_id, amount_minor, currency)
        select 'debit', account_id, account_of('cafe_payable', null, ${till.cafe.id}, 'SEK'), 100, 'SEK' from wallets where student_id = ${student.id}`),
    ).toBe("23514");
  });

  test("each kind of transaction that the ledger knows has a leg, and each document is a table", async () => {
    const [kinds] = await campus.sql<{
      text: string;
    }>`select pg_get_constraintdef(oid) as text from pg_constraint where conname = 'transaction_kind_check'`;
    const known = [...(kinds?.text ?? "").matchAll(/'(\w+)'/g)].map(([, kind]) => kind);
    const legs = await campus.sql<{ kind: string; isTable: boolean }>`
      select kind, to_regclass(document) is not null as is_table from allowed_legs`;
    expect([...new Set(legs.map(({ kind }) => kind))].sort()).toEqual([...new Set(known)].sort());
    expect(legs.filter(({ isTable }) => !isTable)).toEqual([]);
  });

  test("each kind that moves a café's account is a sale or what went back by one of the ways to pay, or is known to be neither", async () => {
    const kinds = await campus.sql<{ kind: string; what: string | null; way: string | null }>`
      select distinct kind, movement_of_kind(kind) as what, payment_method_of_kind(kind, null) as way
      from allowed_legs where 'cafe_payable' in (from_kind, to_kind) order by kind`;
    const told = kinds.filter(({ what }) => what !== null).map(({ kind, what, way }) => `${kind}: ${what} by ${way}`);
    expect(told).toEqual([
      "cash_sale: sale by cash",
      "debit: sale by wallet",
      "dispute_lost: dispute by upi",
      "dispute_moved: dispute by upi",
      "gateway_refund: refund by upi",
      "gateway_refund_return: return by upi",
      "gateway_sale: sale by upi",
      "refund: refund by cash",
      "repost: sale by wallet",
    ]);
    const neither = kinds.filter(({ what, way }) => what === null && way === null).map(({ kind }) => kind);
    expect(neither).toEqual(["fee", "settlement", "settlement_return"]);
  });
});
