import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sql } from "../platform/postgres.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { gatewayOf } from "../testing/gateway.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type Till } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";
import { refused } from "../testing/refusal.ts";
import { accountPlan } from "./account-plan.ts";
import { journalColumns } from "./journal-csv.ts";

let campus: Campus;
let money: Money;
let till: Till;
let finance: TestStaff;
/** Two finished days by the campus's clock, the earlier one first. */
let days: readonly [string, string];

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  till = await money.till();
  finance = await campus.staff("finance");
  await campus.owner.run(sql`update cafes set name = 'Kafé "Åtta" ☕\\' where id = ${till.cafe.id}`);
  await moveMoney();
  const rows = await campus.sql<{ day: string }>`
    select to_char((now() at time zone 'Europe/Stockholm')::date - d, 'YYYY-MM-DD') as day from (values (3), (2)) v (d) order by d desc`;
  days = [rows[0]?.day ?? "", rows[1]?.day ?? ""];
  // Every second transaction in the last microsecond of the first day, the others at noon of the second one.
  await campus.owner.run(sql`
    update ledger_transactions t set at = case when n.place % 2 = 0 then (${days[1]}::date::timestamp at time zone 'Europe/Stockholm') - interval '1 microsecond'
      else (${days[1]}::date::timestamp + interval '12 hours') at time zone 'Europe/Stockholm' end
    from (select id, row_number() over (order by id) as place from ledger_transactions) n where n.id = t.id`);
});
afterAll(() => campus.end());

/** Some of everything: adjustments, debits, a refund, top-ups, a sale through the gateway, and odd amounts. */
async function moveMoney(): Promise<void> {
  const student = await money.fundedStudent({ balanceMinor: 50_003 });
  const orders = [await pay(student, 1_999), await pay(student, 5_901), await pay(student, 7)];
  const owner = await campus.staff("owner", till.cafe);
  const headers = { "Idempotency-Key": randomUUID() };
  expectOk(await owner.api("POST", `/admin/orders/${orders[1]}/refund`, { body: { amount_minor: 1_003, reason: "cold" }, headers }));
  const gateway = gatewayOf(campus);
  await gateway.connect();
  await gateway.topUp(student, 4_001);
  await gateway.paidUpiOrder(student, till.cafe, 3_300);
}

async function pay(student: MoneyStudent, totalMinor: number): Promise<string> {
  const charge = await student.scannedOrder({ till, totalMinor });
  expectOk(await student.confirm(charge));
  return charge.order_id;
}

async function download(query: string): Promise<{ answer: Response; bytes: Buffer }> {
  const answer = await fetch(`${campus.processes[0].url}/api/v1/admin/journal?${query}`, {
    headers: { Authorization: `Bearer ${finance.token}` },
  });
  return { answer, bytes: Buffer.from(await answer.arrayBuffer()) };
}

interface Voucher {
  readonly day: string;
  readonly lines: readonly { account: number; cafe: string | null; minor: number }[];
}

/** Reads the file again, by what the format says and by nothing of ours. */
function readSie(text: string): { vouchers: Voucher[]; accounts: Set<number> } {
  const vouchers: Voucher[] = [];
  const accounts = new Set<number>();
  let lines: Voucher["lines"][number][] | undefined;
  for (const line of text.split("\r\n")) {
    const account = /^#KONTO (\d{4}) "/.exec(line)?.[1];
    if (account) accounts.add(Number(account));
    const voucher = /^#VER "A" "\d+" (\d{8}) "/.exec(line)?.[1];
    if (voucher) {
      lines = [];
      vouchers.push({ day: `${voucher.slice(0, 4)}-${voucher.slice(4, 6)}-${voucher.slice(6)}`, lines });
    }
    const moved = /^ {3}#TRANS (\d{4}) \{(?:20 "([^"]+)")?\} (-?)(\d+)\.(\d\d)$/.exec(line);
    if (moved) lines?.push({ account: Number(moved[1]), cafe: moved[2] ?? null, minor: Number(`${moved[3]}${moved[4]}${moved[5]}`) });
    else expect(line).not.toContain("#TRANS");
  }
  return { vouchers, accounts };
}

/** What an account gained on a day as the ledger says it: a plus is a debit. */
const bookedOn = async (day: string, kind: string): Promise<number> => {
  const [row] = await campus.sql<{ minor: number }>`
    select -coalesce(sum(e.amount_minor), 0)::bigint as minor from ledger_entries e join accounts a on a.id = e.account_id
    where a.kind = ${kind} and (e.at at time zone 'Europe/Stockholm')::date = ${day}::date`;
  return row?.minor ?? Number.NaN;
};

test("the SIE file's vouchers are balanced and each account's days are the ledger's to the minor unit", async () => {
  const { answer, bytes } = await download(`from=${days[0]}&until=${days[1]}`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-disposition")).toBe(`attachment; filename="journal-${days[0]}-${days[1]}.se"`);
  const text = bytes.toString("latin1");
  expect(text.startsWith('#FLAGGA 0\r\n#PROGRAM "Campus Pay" ')).toBe(true);
  for (const line of ["#FORMAT PC8", "#SIETYP 4", "#VALUTA SEK"]) expect(text).toContain(`\r\n${line}\r\n`);
  const { vouchers, accounts } = readSie(text);
  expect(accounts).toEqual(new Set(Object.values(accountPlan).map(({ number }) => number)));
  expect(new Set(vouchers.map(({ day }) => day))).toEqual(new Set(days));
  for (const { lines } of vouchers) {
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.reduce((sum, { minor }) => sum + minor, 0)).toBe(0);
    for (const { account, cafe } of lines) expect(cafe).toBe(account === accountPlan.cafe_payable.number ? till.cafe.code : null);
  }
  const moved: number[] = [];
  for (const day of days)
    for (const [kind, { number }] of Object.entries(accountPlan)) {
      const lines = vouchers.filter((voucher) => voucher.day === day).flatMap((voucher) => voucher.lines);
      const minor = lines.filter(({ account }) => account === number).reduce((sum, line) => sum + line.minor, 0);
      expect([day, kind, minor]).toEqual([day, kind, await bookedOn(day, kind)]);
      if (minor !== 0) moved.push(minor);
    }
  expect(moved.length).toBeGreaterThan(4);
});

test("it is written in code page 437, and what that lacks does not break a line", async () => {
  const { bytes } = await download(`from=${days[0]}&until=${days[0]}`);
  const cafe = Buffer.concat([
    Buffer.from(`"${till.cafe.code}" "Kaf`),
    Buffer.from([0x82]),
    Buffer.from(' \\"'),
    Buffer.from([0x8f]),
    Buffer.from('tta\\" ?/"\r\n'),
  ]);
  expect(bytes.includes(cafe)).toBe(true);
  expect(bytes.includes(Buffer.from([0x4c, 0x84, 0x6d, 0x6e, 0x61, 0x64, 0x65]))).toBe(true); // Lämnade
});

test("the CSV has each transaction of the days once, without a student, and its sums are the ledger's", async () => {
  const { answer, bytes } = await download(`from=${days[0]}&until=${days[1]}&format=csv`);
  expect(answer.headers.get("content-type")).toContain("text/csv");
  const [head, ...lines] = bytes.toString("utf8").trimEnd().split("\r\n");
  expect(head).toBe(journalColumns.join(","));
  const rows = lines.map((line) => Object.fromEntries(line.split(",").map((cell, place) => [journalColumns[place], cell])));
  const [ledger] = await campus.sql<{
    ids: string[];
    minor: number;
  }>`select array_agg(id::text order by at, id) as ids, sum(amount_minor)::bigint as minor from ledger_transactions`;
  expect(rows.map(({ transaction_id }) => transaction_id)).toEqual(ledger?.ids);
  expect(rows.reduce((sum, { amount_minor }) => sum + Number(amount_minor), 0)).toBe(ledger?.minor);
  const wallets = rows.reduce(
    (sum, row) => sum + Number(row.amount_minor) * ((row.debit_kind === "wallet" ? 1 : 0) - (row.credit_kind === "wallet" ? 1 : 0)),
    0,
  );
  expect(wallets).toBe((await bookedOn(days[0], "wallet")) + (await bookedOn(days[1], "wallet")));
  const students = await campus.sql<{ id: string; phone: string }>`select id, phone from students`;
  for (const { id, phone } of students) for (const secret of [id, phone]) expect(bytes.includes(secret)).toBe(false);
});

test("one day's file has nothing of the next one", async () => {
  const { bytes } = await download(`from=${days[0]}&until=${days[0]}&format=csv`);
  const [row] = await campus.sql<{ count: number }>`
    select count(*) from ledger_transactions where (at at time zone 'Europe/Stockholm')::date = ${days[0]}::date`;
  expect(bytes.toString("utf8").trimEnd().split("\r\n")).toHaveLength((row?.count ?? 0) + 1);
});

test("every kind of account has its place in the plan, under a number of its own", async () => {
  const [row] = await campus.sql<{
    text: string;
  }>`select pg_get_constraintdef(oid) as text from pg_constraint where conname = 'accounts_kind_check'`;
  const kinds = [...(row?.text ?? "").matchAll(/'(\w+)'/g)].map(([, kind]) => kind);
  expect(Object.keys(accountPlan).toSorted()).toEqual(kinds.toSorted());
  expect(new Set(Object.values(accountPlan).map(({ number }) => number)).size).toBe(kinds.length);
});

test("days that are not over, turned round or more than a year are refused, and so is everybody but finance and admins", async () => {
  const [today] = await campus.sql<{ day: string }>`select to_char((now() at time zone 'Europe/Stockholm')::date, 'YYYY-MM-DD') as day`;
  for (const query of [
    `from=${days[0]}&until=${today?.day}`,
    `from=${days[1]}&until=${days[0]}`,
    "from=2024-01-01&until=2025-01-01",
    "from=2024-02-30&until=2024-03-01",
  ])
    expect(await finance.api("GET", `/admin/journal?${query}`)).toMatchObject(refused(400, "VALIDATION_ERROR"));
  const admin = await campus.staff("admin");
  expect((await admin.api("GET", `/admin/journal?from=${days[0]}&until=${days[0]}`)).status).toBe(200);
  for (const { api } of [await campus.staff("owner", till.cafe), await campus.student()])
    expect(await api("GET", `/admin/journal?from=${days[0]}&until=${days[0]}`)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
});
