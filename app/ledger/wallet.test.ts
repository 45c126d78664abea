import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { csvRow } from "../platform/csv.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { expectOk, type Money, moneyOf, type Till } from "../testing/money.ts";
import { checkLedger } from "./check-ledger.ts";

let campus: Campus;
let money: Money;
let till: Till;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  till = await money.till();
});
afterAll(async () => {
  expect((await checkLedger(campus.worker.db)).invariants.filter((invariant) => !invariant.ok)).toEqual([]);
  await campus.end();
});

interface WalletBody {
  readonly balance_minor: number;
  readonly status: string;
  readonly daily_limit_minor: number | null;
  readonly spent_today_minor: number;
  readonly low_balance_alert_minor: number | null;
}

interface Line {
  readonly id: string;
  readonly amount_minor: number;
  readonly balance_minor_after: number;
  readonly order_number: string | null;
}

interface Page {
  readonly items: readonly Line[];
  readonly next_cursor: string | null;
}

describe("the wallet", () => {
  test("opens by the first look, once, also when many look at once", async () => {
    const student = await campus.student();
    const looks = await Promise.all(
      Array.from({ length: 10 }, (_, index) => student.api("GET", "/wallet", { process: index % 2 ? 1 : 0 })),
    );
    for (const look of looks) {
      expect(look.body).toEqual({
        balance_minor: 0,
        held_minor: 0,
        owed_minor: 0,
        currency: "SEK",
        status: "active",
        daily_limit_minor: null,
        spent_today_minor: 0,
        low_balance_alert_minor: null,
        updated_at: expect.stringMatching(/Z$/),
      });
    }
    expect(await campus.sql`select 1 from accounts where student_id = ${student.id}`).toHaveLength(1);
  });

  test("shows what was spent today, and nothing of yesterday", async () => {
    const student = await money.fundedStudent({ balanceMinor: 10_000 });
    expectOk(await student.confirm(await student.scannedOrder({ till, totalMinor: 4_000 })));
    expect((await student.api("GET", "/wallet")).body).toMatchObject({ balance_minor: 6_000, spent_today_minor: 4_000 });
    await campus.sql`update wallets set spent_day = spent_day - 1 where student_id = ${student.id}`;
    expect((await student.api("GET", "/wallet")).body).toMatchObject({ spent_today_minor: 0 });
  });

  test("keeps debits of a day within its limit, until the limit is raised or removed", async () => {
    const student = await money.fundedStudent({ balanceMinor: 10_000 });
    const set = (daily: number | null, proof = {}) =>
      student.api<WalletBody>("PUT", "/wallet/limits", { body: { daily_limit_minor: daily, low_balance_alert_minor: 2_500, ...proof } });
    expect((await set(1_000)).body).toMatchObject({ daily_limit_minor: 1_000, low_balance_alert_minor: 2_500 });
    const charge = await student.scannedOrder({ till, totalMinor: 1_001 });
    expect(await student.confirm(charge)).toMatchObject({
      status: 409,
      body: { error: { code: "SPEND_LIMIT_REACHED", details: { limit_minor: 1_000, spent_minor: 0, needed_minor: 1_001 } } },
    });
    const proof = await student.proof({ purpose: "limits", daily_limit_minor: null });
    expect((await set(null, proof)).body.daily_limit_minor).toBeNull();
    expect((await student.confirm(charge)).status).toBe(200);
    const [trail] = await campus.sql`
      select details -> 'daily_limit_minor' as change from audit_log where action = 'wallet.limits_changed' and object_id = ${student.id} order by id desc limit 1`;
    expect(trail).toEqual({ change: { before: 1_000, after: null } });
  });

  test("frozen refuses a debit decided afterwards, leaves the charge open and pays it once it is thawed", async () => {
    const student = await money.fundedStudent({ balanceMinor: 10_000 });
    const charge = await student.scannedOrder({ till, totalMinor: 1_000 });
    expect((await student.api<WalletBody>("POST", "/wallet/freeze")).body.status).toBe("frozen");
    expect((await student.api("POST", "/wallet/freeze", { process: 1 })).status).toBe(200);
    expect(await student.confirm(charge)).toMatchObject({ status: 423, body: { error: { code: "WALLET_FROZEN" } } });
    const body = await student.proof({ purpose: "thaw_wallet" });
    expect((await student.api<WalletBody>("POST", "/wallet/unfreeze", { body })).body.status).toBe("active");
    expect((await student.confirm(charge)).status).toBe(200);
    expect(await campus.sql`select allowed from status_changes where object_id = ${student.id} order by id`).toEqual([
      { allowed: false },
      { allowed: true },
    ]);
    expect(await campus.sql`select action from audit_log where object_id = ${student.id} and object_kind = 'wallet' order by id`).toEqual([
      { action: "wallet.frozen" },
      { action: "wallet.unfrozen" },
    ]);
  });

  test("closed is neither frozen nor thawed nor limited by its student", async () => {
    const student = await money.fundedStudent({ balanceMinor: 0 });
    await campus.sql`update wallets set status = 'closed' where student_id = ${student.id}`;
    const limits = student.api("PUT", "/wallet/limits", { body: { daily_limit_minor: 1, low_balance_alert_minor: null } });
    for (const answer of await Promise.all([
      student.api("POST", "/wallet/freeze"),
      student.api("POST", "/wallet/unfreeze", { body: {} }),
      limits,
    ]))
      expect(answer).toMatchObject({ status: 409, body: { error: { code: "INVALID_TRANSITION" } } });
  });

  test("is for students; limits must be whole amounts that are not negative, and both are said", async () => {
    const [student, finance] = [await campus.student(), await campus.staff("finance")];
    for (const [method, path] of [
      ["GET", "/wallet"],
      ["GET", "/wallet/statement"],
      ["POST", "/wallet/freeze"],
      ["POST", "/wallet/unfreeze"],
      ["PUT", "/wallet/limits"],
    ] as const)
      expect((await finance.api(method, path)).status).toBe(403);
    for (const body of [
      {},
      { daily_limit_minor: 5 },
      { daily_limit_minor: -1, low_balance_alert_minor: null },
      { daily_limit_minor: 1.5, low_balance_alert_minor: null },
      { daily_limit_minor: 1e12, low_balance_alert_minor: null },
      { daily_limit_minor: null, low_balance_alert_minor: null, more: 1 },
    ])
      expect(await student.api("PUT", "/wallet/limits", { body })).toMatchObject({
        status: 400,
        body: { error: { code: "VALIDATION_ERROR" } },
      });
  });
});

describe("the statement", () => {
  test("pages through every entry once, newest first, and each balance is the one before plus the entry", async () => {
    const student = await money.fundedStudent({ balanceMinor: 10_000 });
    const charge = await student.scannedOrder({ till, totalMinor: 1_500 });
    expectOk(await student.confirm(charge));
    for (const amount of [100, 200, 300, 400]) await student.topUp(amount);
    const lines: Line[] = [];
    let cursor: string | null = null;
    do {
      const page: { body: Page } = await student.api<Page>("GET", `/wallet/statement?limit=2${cursor === null ? "" : `&cursor=${cursor}`}`);
      if (lines.length === 2) await student.topUp(1_000_000);
      lines.push(...page.body.items);
      cursor = page.body.next_cursor;
    } while (cursor !== null);
    expect(lines.map(({ amount_minor }) => amount_minor)).toEqual([400, 300, 200, 100, -1_500, 10_000]);
    for (const [index, line] of lines.entries())
      expect(line.balance_minor_after).toBe((lines[index + 1]?.balance_minor_after ?? 0) + line.amount_minor);
    expect(lines[4]).toMatchObject({
      kind: "debit",
      order_id: charge.order_id,
      charge_id: charge.id,
      order_number: expect.stringMatching(/^ORD-/),
      cafe_name: till.cafe.name,
    });
  });

  test("as CSV has a header, every entry and the same numbers, by the Accept header or by ?format=csv", async () => {
    const student = await money.fundedStudent({ balanceMinor: 10_000 });
    expectOk(await student.confirm(await student.scannedOrder({ till, totalMinor: 1_500 })));
    const [accepted, asked] = [
      await student.api<string>("GET", "/wallet/statement", { headers: { Accept: "text/csv" } }),
      await student.api<string>("GET", "/wallet/statement?format=csv"),
    ];
    expect(accepted.text).toBe(asked.text);
    expect(accepted.headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
    const rows = accepted.text.split("\r\n");
    expect(rows[0]).toBe("id,at,kind,amount_minor,currency,balance_minor_after,order_id,order_number,charge_id,reference,cafe_name");
    expect(rows.slice(1, 3).map((row) => row.split(",").slice(2, 6))).toEqual([
      ["debit", "-1500", "SEK", "8500"],
      ["adjustment", "10000", "SEK", "10000"],
    ]);
    expect(rows.slice(3)).toEqual([""]);
  });

  test("as CSV is whole also when it is longer than one batch", async () => {
    const student = await money.fundedStudent({ balanceMinor: 1 });
    for (let index = 0; index < 1_203; index += 1) await student.topUp(1);
    const { text } = await student.api("GET", "/wallet/statement?format=csv");
    const balances = text
      .split("\r\n")
      .slice(1, -1)
      .map((row) => Number(row.split(",")[5]));
    expect(balances).toEqual(Array.from({ length: 1_204 }, (_, index) => 1_204 - index));
  });

  test("is the student's own, and a cursor that nobody gave is refused", async () => {
    const [student, other] = [await money.fundedStudent({ balanceMinor: 10_000 }), await campus.student()];
    expect((await student.api<Page>("GET", "/wallet/statement")).body.items).toHaveLength(1);
    expect((await other.api<Page>("GET", "/wallet/statement")).body).toEqual({ items: [], next_cursor: null });
    for (const query of ["cursor=x", "cursor=-1", "limit=0", "limit=101", "format=pdf", "student_id=1"])
      expect((await student.api("GET", `/wallet/statement?${query}`)).status).toBe(400);
  });

  test("has no cell that a spreadsheet would run, and quotes what CSV needs quoted", () => {
    expect(csvRow(["=1+1", "@x", "+1", "-1", -1, null, 'say "hi", now', "plain"])).toBe(
      `'=1+1,'@x,'+1,'-1,-1,,"say ""hi"", now",plain\r\n`,
    );
    // A spreadsheet that separates by semicolon or tab begins a cell behind them, whatever the quotes say.
    expect(csvRow(["a;=1+1", "b\t@x", 'c; "+1', "d;e", "\t=1"])).toBe(`a;'=1+1,b\t'@x,"c; ""'+1",d;e,'\t'=1\r\n`);
  });
});
