import { afterAll, beforeAll, expect, test } from "vitest";
import { sql } from "../platform/postgres.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { expectOk, moneyOf, type Till } from "../testing/money.ts";
import { settled } from "../testing/settled.ts";
import { accountBalance, takeSnapshots } from "./balances.ts";
import { checkLedger } from "./check-ledger.ts";

let campus: Campus;
let till: Till;
let payable: string;

beforeAll(async () => {
  campus = await startCampus();
  const money = moneyOf(campus);
  till = await money.till();
  const student = await money.fundedStudent({ balanceMinor: 10_000 });
  expectOk(await student.confirm(await student.scannedOrder({ till, totalMinor: 1_500 })));
  const [account] = await campus.sql<{ id: string }>`select id from accounts where cafe_id = ${till.cafe.id} and kind = 'cafe_payable'`;
  payable = account?.id ?? "";
});
afterAll(() => campus.end());

const snapshot = () => campus.worker.db.transaction((tx) => takeSnapshots(tx));
const settledSnapshot = async () => {
  await settled(campus.owner);
  await snapshot();
};
const snapshots = () =>
  campus.sql<{ balanceMinor: number }>`select balance_minor from account_snapshots where account_id = ${payable} order by before_xid`;
const fullSum = async () =>
  (
    await campus.sql<{
      sum: number;
    }>`select coalesce(sum(amount_minor), 0)::bigint as sum from ledger_entries where account_id = ${payable}`
  )[0]?.sum;
const fee = (amountMinor: number) => campus.sql`
  insert into ledger_transactions (kind, from_account_id, to_account_id, amount_minor, currency)
  values ('fee', ${payable}, account_of('fees', null, null, 'SEK'), ${amountMinor}, 'SEK')`;

test("finance sees what each café is owed and where the university's own accounts stand, and they sum to the wallets", async () => {
  const finance = await campus.staff("finance");
  const answer = await finance.api<{ items: { kind: string; balance_minor: number; cafe_id: string | null }[] }>("GET", "/admin/balances");
  expect(answer.status).toBe(200);
  expect(answer.body.items).toEqual([
    { account_id: expect.any(String), kind: "adjustments", cafe_id: null, cafe_name: null, currency: "SEK", balance_minor: -10_000 },
    { account_id: payable, kind: "cafe_payable", cafe_id: till.cafe.id, cafe_name: till.cafe.name, currency: "SEK", balance_minor: 1_500 },
  ]);
  expect((await (await campus.staff("owner", till.cafe)).api("GET", "/admin/balances")).status).toBe(403);
});

test("finance reads the balances as of a moment: what was booked before it, and nothing of what came after", async () => {
  const finance = await campus.staff("finance");
  const balancesAt = async (at: Date) => {
    const { items } = (
      await finance.api<{ items: { kind: string; balance_minor: number }[] }>("GET", `/admin/balances?at=${at.toISOString()}`)
    ).body;
    return items.map(({ kind, balance_minor }) => [kind, balance_minor]);
  };
  const [sale] = await campus.sql<{ at: Date }>`select at from ledger_transactions where kind = 'debit'`;
  if (!sale) throw new Error("Nothing was sold.");
  expect(await balancesAt(new Date(sale.at.getTime() - 1))).toEqual([
    ["adjustments", -10_000],
    ["cafe_payable", 0],
  ]);
  expect(await balancesAt(new Date(sale.at.getTime() + 1))).toEqual([
    ["adjustments", -10_000],
    ["cafe_payable", 1_500],
  ]);
});

test("a balance is the same before a snapshot, after it, and after what moved since", async () => {
  expect(await accountBalance(campus.worker.db, payable)).toBe(1_500);
  await settledSnapshot();
  expect(await snapshots()).toEqual([{ balanceMinor: 1_500 }]);
  expect(await accountBalance(campus.worker.db, payable)).toBe(1_500);
  await fee(100);
  expect(await accountBalance(campus.worker.db, payable)).toBe(1_400);
});

test("an account that lay still gets no new snapshot, and its balance stays right while others move", async () => {
  await settledSnapshot();
  const before = await snapshots();
  await campus.sql`
    insert into ledger_transactions (kind, from_account_id, to_account_id, amount_minor, currency)
    values ('gateway_pay_out', account_of('bank', null, null, 'SEK'), account_of('gateway_clearing', null, null, 'SEK'), 5, 'SEK')`;
  await settledSnapshot();
  expect(await snapshots()).toEqual(before);
  expect(await accountBalance(campus.worker.db, payable)).toBe(1_400);
});

test("only the last two snapshots of an account are kept", async () => {
  for (const amount of [1, 2, 3]) {
    await fee(amount);
    await settledSnapshot();
  }
  expect(await snapshots()).toEqual([{ balanceMinor: 1_397 }, { balanceMinor: 1_394 }]);
});

test("a transaction that runs across a snapshot is counted once, when it commits", async () => {
  const slow = await campus.owner.connect();
  try {
    await slow.query("begin");
    await slow.query(
      `insert into ledger_transactions (kind, from_account_id, to_account_id, amount_minor, currency)
       values ('fee', $1, account_of('fees', null, null, 'SEK'), 7, 'SEK')`,
      [payable],
    );
    await fee(10);
    await snapshot();
    expect(await accountBalance(campus.worker.db, payable)).toBe(1_384);
    await slow.query("commit");
  } finally {
    slow.release(true);
  }
  expect(await accountBalance(campus.worker.db, payable)).toBe(1_377);
  await settledSnapshot();
  expect(await accountBalance(campus.worker.db, payable)).toBe(1_377);
});

test("while writers run, snapshot and tail are the full sum in every look", async () => {
  let writing = true;
  const writer = async () => {
    for (let count = 0; count < 60; count += 1) await fee(1);
  };
  const writers = Promise.all([writer(), writer(), writer()]).finally(() => {
    writing = false;
  });
  let looks = 0;
  while (writing || looks < 5) {
    await snapshot();
    const both = await campus.worker.db.snapshot(async (tx) => ({
      kept: await accountBalance(tx, payable),
      full: (await tx.row<{ sum: number }>(sql`select sum(amount_minor)::bigint as sum from ledger_entries where account_id = ${payable}`))
        ?.sum,
    }));
    expect(both.kept).toBe(both.full);
    looks += 1;
  }
  await writers;
  expect(await accountBalance(campus.worker.db, payable)).toBe(await fullSum());
  expect(await fullSum()).toBe(1_377 - 180);
  expect((await checkLedger(campus.worker.db)).invariants.find(({ id }) => id === "I3")).toMatchObject({ ok: true });
});

test("a wallet is not asked here: it has its own row", async () => {
  const [wallet] = await campus.sql<{ accountId: string }>`select account_id from wallets limit 1`;
  await expect(accountBalance(campus.worker.db, wallet?.accountId ?? "")).rejects.toMatchObject({ code: "NOT_FOUND" });
});
