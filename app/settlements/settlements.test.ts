import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkLedger } from "../ledger/check-ledger.ts";
import { sql } from "../platform/postgres.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { gatewayOf, type TestGateway } from "../testing/gateway.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type Till } from "../testing/money.ts";
import { oneBehindTheOther } from "../testing/one-behind-the-other.ts";
import type { TestStaff } from "../testing/people.ts";
import { settleFinishedDays, settleJob } from "./settle-days.ts";

let campus: Campus;
let money: Money;
let gateway: TestGateway;
let finance: TestStaff;
let admin: TestStaff;

beforeAll(async () => {
  campus = await startCampus({ env: { CHARGE_SECONDS: "300" } });
  money = moneyOf(campus);
  gateway = gatewayOf(campus);
  [finance, admin] = [await campus.staff("finance"), await campus.staff("admin")];
});
afterAll(async () => {
  await campus.end();
});

interface Settlement {
  readonly id: string;
  readonly day: string;
  readonly status: string;
  readonly payable_minor: number;
  readonly carried_minor: number;
  readonly opening_minor: number;
  readonly wallet_sales_minor: number;
  readonly wallet_refunds_minor: number;
  readonly sales_count: number;
  readonly error?: { readonly code: string };
}

const hourMs = 3_600_000;
/** Runs the worker's job as if this many days had passed, until nothing is left to settle. */
async function settle(days = 1): Promise<number> {
  // In the last hour of a day, a day and an hour later is past a second midnight: then one day more would be settled.
  const [second] = await campus.sql<{ midnight: Date }>`
    select ((now() at time zone 'Europe/Stockholm')::date + ${days + 1}::integer)::timestamp at time zone 'Europe/Stockholm' as midnight`;
  const at = new Date(Math.min(Date.now() + days * 24 * hourMs + hourMs, Number(second?.midnight) + hourMs / 6));
  for (let settled = 0; ; ) {
    const more = await settleFinishedDays(campus.worker, at);
    if (more === 0) return settled;
    settled += more;
  }
}

const settlementsOf = async (till: Till, staff = finance) =>
  expectOk(await staff.api<{ items: Settlement[] }>("GET", `/admin/settlements?cafe_id=${till.cafe.id}&limit=100`)).items;

const pay = (settlementId: string, staff = finance, key: string = randomUUID()) =>
  staff.api<Settlement>("POST", `/admin/settlements/${settlementId}/pay`, {
    headers: { "Idempotency-Key": key },
    body: { bank_reference: "SEB-2026-0007" },
  });

async function sell(till: Till, totalMinor: number, student?: MoneyStudent): Promise<string> {
  const buyer = student ?? (await money.fundedStudent({ balanceMinor: totalMinor }));
  const charge = await buyer.scannedOrder({ till, totalMinor });
  expectOk(await buyer.confirm(charge));
  return charge.order_id;
}

async function sellForCash(till: Till, priceMinor: number): Promise<string> {
  const { id } = await money.dish(till.cafe, priceMinor);
  const sold = await till.device.api<{ order: { id: string } }>("POST", "/pos/sales", {
    headers: { "Idempotency-Key": randomUUID() },
    body: { items: [{ menu_item_id: id, quantity: 1 }], payment: "cash" },
  });
  return expectOk(sold).order.id;
}

async function refund(till: Till, orderId: string, amountMinor: number): Promise<void> {
  const owner = await campus.staff("owner", till.cafe);
  const body = { amount_minor: amountMinor, reason: "cold" };
  expectOk(await owner.api("POST", `/admin/orders/${orderId}/refund`, { headers: { "Idempotency-Key": randomUUID() }, body }));
}

/** 1.5 % and 25 % VAT on it, for this café alone. */
const charge150 = (till: Till) =>
  campus.sql`insert into settlement_terms (cafe_id, from_day, fee_basis_points, fee_vat_basis_points) values (${till.cafe.id}, '2020-01-01', 150, 2500)`;

const payableBalance = async (till: Till) => {
  const [row] = await campus.sql<{ minor: number }>`
    select coalesce(sum(e.amount_minor), 0)::bigint as minor from ledger_entries e join accounts a on a.id = e.account_id
    where a.kind = 'cafe_payable' and a.cafe_id = ${till.cafe.id}`;
  return row?.minor;
};

const brokenInvariants = async () => (await checkLedger(campus.worker.db)).invariants.filter(({ ok }) => !ok);

test("a café's day adds up to the minor unit: sales of every kind, refunds, its own cash, the fee and the VAT on it", async () => {
  const till = await money.till();
  await charge150(till);
  const order = await sell(till, 5_900);
  await sell(till, 3_333);
  const cashOrder = await sellForCash(till, 4_000);
  const owner = await campus.staff("owner", till.cafe);
  await campus.sql`select refund_cash(${cashOrder}, 700, 'cold', ${owner.id})`;
  const payer = await campus.student();
  await gateway.paidUpiOrder(payer, till.cafe, 2_000);
  await refund(till, order, 900);
  await settle();
  const [settlement] = await settlementsOf(till);
  // (5900 + 3333 + 2000 - 900) × 1.5 % = 154.995, and a quarter of 155 is 38.75.
  expect(settlement).toMatchObject({
    opening_minor: 0,
    wallet_sales_minor: 9_233,
    gateway_sales_minor: 2_000,
    cash_sales_minor: 4_000,
    wallet_refunds_minor: 900,
    gateway_refunds_minor: 0,
    cash_refunds_minor: 700,
    disputes_minor: 0,
    sales_count: 4,
    cash_kept_minor: 3_300,
    fee_basis_points: 150,
    fee_minor: 155,
    fee_vat_minor: 39,
    payable_minor: 10_139,
    carried_minor: 0,
    status: "due",
    vat: [{ vat_basis_points: 1_200, gross_minor: 13_633 }],
  });
  expect(await payableBalance(till)).toBe(10_139);
  expect(await brokenInvariants()).toEqual([]);
});

test("two workers at once, and the same worker again, settle a day once", async () => {
  const till = await money.till();
  await sell(till, 5_900);
  await Promise.all([settle(), settle(), settle()]);
  await settle();
  expect((await settlementsOf(till)).length).toBe(1);
  const moved = await campus.sql`select count(*)::integer as count from ledger_entries e join accounts a on a.id = e.account_id
    where a.cafe_id = ${till.cafe.id} and a.kind = 'cafe_payable'`;
  expect(moved).toEqual([{ count: 1 }]);
});

test("the worker's own job settles yesterday, and asks nobody what time it is", async () => {
  const till = await money.till();
  await sell(till, 5_900);
  await campus.sql`update accounts set created_at = created_at - interval '1 day' where kind = 'cafe_payable' and cafe_id = ${till.cafe.id}`;
  const [wait] = await campus.sql<{ isTooEarly: boolean }>`select (now() at time zone 'Europe/Stockholm')::time < '00:16' as is_too_early`;
  await campus.worker.db.transaction(settleJob(campus.worker).run);
  // In the first quarter of an hour of a day the job still waits for yesterday's last sales.
  expect(await settlementsOf(till)).toMatchObject(wait?.isTooEarly ? [] : [{ wallet_sales_minor: 0 }]);
});

test("a day that is not over is not settled, and no day twice by the function itself", async () => {
  const till = await money.till();
  await sell(till, 5_900);
  await settleFinishedDays(campus.worker);
  expect(await settlementsOf(till)).toEqual([]);
  await settle();
  const [settlement] = await settlementsOf(till);
  const again = await campus.sql`select settle_cafe_day(${till.cafe.id}, ${settlement?.day}::date, now() + interval '9 days') as id`;
  expect(again).toEqual([{ id: null }]);
});

test("row 36: a refund after the settlement is netted in the next one, and what is left below zero is carried on", async () => {
  const till = await money.till();
  const order = await sell(till, 5_900);
  await settle(1);
  const [first] = await settlementsOf(till);
  expectOk(await pay(first?.id ?? ""));
  await refund(till, order, 5_900);
  await settle(2);
  await sell(till, 2_000);
  await settle(3);
  await sell(till, 7_000);
  await settle(4);
  const [fourth, third, second] = await settlementsOf(till);
  expect(second).toMatchObject({ wallet_refunds_minor: 5_900, payable_minor: 0, carried_minor: -5_900, status: "carried" });
  expect(third).toMatchObject({ opening_minor: -5_900, wallet_sales_minor: 2_000, carried_minor: -3_900, status: "carried" });
  expect(fourth).toMatchObject({ opening_minor: -3_900, wallet_sales_minor: 7_000, payable_minor: 3_100, status: "due" });
  expect((await pay(second?.id ?? "")).body).toMatchObject({ error: { code: "INVALID_TRANSITION" } });
  expectOk(await pay(fourth?.id ?? ""));
  expect(await payableBalance(till)).toBe(0);
  expect(await brokenInvariants()).toEqual([]);
});

test("a sale whose commit was late comes with the next settlement, once, and none is left out", async () => {
  const till = await money.till();
  await sell(till, 1_000);
  const begun = Promise.withResolvers<void>();
  const mayCommit = Promise.withResolvers<void>();
  const buyer = await money.fundedStudent({ balanceMinor: 0 });
  const order = await buyer.placeOrder({ till, totalMinor: 700 });
  await campus.sql`update orders set payment_method = 'cash' where id = ${order.id}`;
  const late = campus.owner.transaction(async (tx) => {
    await tx.run(sql`select take_cash(${order.id})`);
    begun.resolve();
    await mayCommit.promise;
  });
  await begun.promise;
  await settle(1);
  mayCommit.resolve();
  await late;
  await sell(till, 300);
  await settle(2);
  const found = await settlementsOf(till);
  expect(found.map(({ wallet_sales_minor, sales_count }) => [wallet_sales_minor, sales_count])).toEqual([
    [300, 2],
    [1_000, 1],
  ]);
});

test("a movement of a kind that no line has stands on a line of its own and stops no settlement", async () => {
  const till = await money.till();
  await sell(till, 1_000);
  await campus.sql`insert into allowed_legs (kind, from_kind, to_kind, document) values ('adjustment', 'cafe_payable', 'adjustments', 'adjustments')`;
  const [asked, agreed, student] = [await campus.staff("finance"), await campus.staff("finance"), await campus.student()];
  await campus.sql`
    insert into adjustments (student_id, amount_minor, currency, reason, status, requested_by, decided_by, decided_at, transaction_id)
    values (${student.id}, 300, 'SEK', 'for a test', 'approved', ${asked.id}, ${agreed.id}, now(), post_between('adjustment',
      account_of('cafe_payable', null, ${till.cafe.id}, 'SEK'), account_of('adjustments', null, null, 'SEK'), 300, 'SEK', null, null))`;
  await settle();
  expect(await settlementsOf(till)).toMatchObject([{ wallet_sales_minor: 1_000, other_minor: -300, payable_minor: 700, status: "due" }]);
  expect(await payableBalance(till)).toBe(700);
});

test("two pay-outs of one café at once see each other: the account pays only what it holds", async () => {
  const till = await money.till();
  const orderId = await sell(till, 1_000);
  await settle(1);
  await sell(till, 600);
  await settle(2);
  await refund(till, orderId, 1_000);
  const [later, earlier] = await settlementsOf(till);
  const statement = (id: string | undefined) => sql`select outcome from pay_settlement(${id ?? ""}, ${finance.id}, 'SEB-1', 1000000)`;
  const second = await oneBehindTheOther(
    campus.owner,
    async (tx) => expect(await tx.row(statement(later?.id))).toEqual({ outcome: "paid" }),
    (tx) => tx.row(statement(earlier?.id)),
  );
  expect(second).toEqual({ outcome: "owed_less" });
  expect(await payableBalance(till)).toBe(0);
});

test("two people who say at once that the bank sent a transfer back make it due once", async () => {
  const till = await money.till();
  await sell(till, 1_000);
  await settle(1);
  const [settlement] = await settlementsOf(till);
  expectOk(await pay(settlement?.id ?? ""));
  const [one, other] = [await campus.staff("finance"), await campus.staff("finance")];
  await campus.sql`update settlements set return_asked_by = ${finance.id}, return_asked_at = now() where id = ${settlement?.id}`;
  const statement = (staff: TestStaff) => sql`select return_settlement(${settlement?.id ?? ""}, ${staff.id}, 'account closed') as id`;
  expect(await campus.owner.row(statement(finance)), "not by whoever asked for it").toEqual({ id: null });
  const second = await oneBehindTheOther(
    campus.owner,
    async (tx) => expect(await tx.row(statement(one))).toEqual({ id: expect.any(String) }),
    (tx) => tx.row(statement(other)),
  );
  expect(second).toEqual({ id: null });
  expect(await payableBalance(till)).toBe(1_000);
});

test("a transfer that two people say the bank sent back makes the settlement due again, and it is paid anew; what was said before stays in the books", async () => {
  const till = await money.till();
  await sell(till, 1_000);
  await settle(1);
  const [settlement] = await settlementsOf(till);
  const [second, puppet] = [await campus.staff("finance"), await campus.staff("finance")];
  await campus.sql`insert into staff_openings (staff_id, opened_by) values (${puppet.id}, ${finance.id})`;
  const giveBack = (by = finance, key: string = randomUUID()) =>
    by.api<Settlement>("POST", `/admin/settlements/${settlement?.id}/return`, {
      headers: { "Idempotency-Key": key },
      body: { reason: "account closed" },
    });
  expect((await giveBack()).body).toMatchObject({ error: { code: "INVALID_TRANSITION" } });
  expectOk(await pay(settlement?.id ?? ""));
  expect(await payableBalance(till)).toBe(0);
  expect(expectOk(await giveBack())).toMatchObject({ status: "paid", return_asked_by: finance.id });
  for (const same of [finance, puppet]) expect((await giveBack(same)).body).toMatchObject({ error: { code: "INSUFFICIENT_ROLE" } });
  expect(await payableBalance(till)).toBe(0);
  const key = randomUUID();
  expect(expectOk(await giveBack(second, key))).toMatchObject({ status: "due", bank_reference: null, return_asked_by: null });
  expectOk(await giveBack(second, key));
  expect((await giveBack(second)).body).toMatchObject({ error: { code: "INVALID_TRANSITION" } });
  expect(await payableBalance(till)).toBe(1_000);
  expect(await brokenInvariants()).toEqual([]);
  expectOk(await pay(settlement?.id ?? ""));
  expect(await payableBalance(till)).toBe(0);
  expect(
    await campus.sql`select bank_reference, paid_by, asked_by, returned_by from returned_pay_outs where settlement_id = ${settlement?.id}`,
  ).toEqual([{ bankReference: "SEB-2026-0007", paidBy: finance.id, askedBy: finance.id, returnedBy: second.id }]);
  expect(
    await campus.sql`select action, actor_id from audit_log where action like 'settlement.return%' and object_id = ${settlement?.id} order by id`,
  ).toEqual([
    { action: "settlement.return_asked", actorId: finance.id },
    { action: "settlement.returned", actorId: second.id },
  ]);
  // What was paid anew is another transfer: it takes two people again.
  expect(expectOk(await giveBack(second))).toMatchObject({ status: "paid", return_asked_by: second.id });
  expect(await brokenInvariants()).toEqual([]);
});

test("above the amount that is set two people pay a settlement, the same one does not twice, nor in an account that it opened", async () => {
  const till = await money.till();
  await sell(till, 10_000_001);
  await settle(1);
  const [settlement] = await settlementsOf(till);
  expect(expectOk(await pay(settlement?.id ?? ""))).toMatchObject({ status: "due", agreed_by: finance.id });
  expect((await pay(settlement?.id ?? "")).body).toMatchObject({ error: { code: "INSUFFICIENT_ROLE" } });
  const puppet = await campus.staff("finance");
  await campus.sql`insert into staff_openings (staff_id, opened_by) values (${puppet.id}, ${finance.id})`;
  expect((await pay(settlement?.id ?? "", puppet)).body).toMatchObject({ error: { details: { because: "account_opened" } } });
  expect(await payableBalance(till)).toBe(10_000_001);
  expect(expectOk(await pay(settlement?.id ?? "", await campus.staff("finance")))).toMatchObject({ status: "paid", agreed_by: finance.id });
  expect(await brokenInvariants()).toEqual([]);
});

test("of more cafés than one run settles those whose day ended first come first", async () => {
  const tills: Till[] = [];
  for (let count = 0; count < 6; count += 1) tills.push(await money.till());
  for (const till of tills) await sell(till, 1_000);
  // Made last, and its day ended a day before the others'.
  const [oldest] = tills.toReversed();
  await campus.sql`update accounts set created_at = created_at - interval '1 day' where kind = 'cafe_payable' and cafe_id = ${oldest?.cafe.id}`;
  const at = new Date(Date.now() + 25 * hourMs);
  expect(await settleFinishedDays(campus.worker, at)).toBe(5);
  if (oldest) expect((await settlementsOf(oldest)).length).toBe(1);
  await settle(1);
});

test("a business day is the café's own, also one of 25 hours", async () => {
  const till = await money.till();
  const ids = [await sell(till, 1_000), await sell(till, 2_000), await sell(till, 4_000)];
  const times = ["2026-10-24T21:59:59Z", "2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z"];
  for (const [place, orderId] of ids.entries())
    await campus.sql`update ledger_transactions set at = ${times[place]}::timestamptz where order_id = ${orderId}`;
  await campus.sql`update accounts set created_at = '2026-10-24T10:00:00Z' where kind = 'cafe_payable' and cafe_id = ${till.cafe.id}`;
  // A quarter of an hour past the end of the 26th, to the millisecond: it is settled now, and was not a moment before.
  const quarterPast = Date.parse("2026-10-26T23:15:00Z");
  while ((await settleFinishedDays(campus.worker, new Date(quarterPast - 1))) > 0);
  expect((await settlementsOf(till)).map(({ day }) => day)).toEqual(["2026-10-25", "2026-10-24"]);
  while ((await settleFinishedDays(campus.worker, new Date(quarterPast))) > 0);
  // The quiet days since then are no other test's work.
  await campus.sql`insert into settlement_failures (cafe_id, day, error, try_at) values (${till.cafe.id}, '2026-10-27', 'not today', 'infinity')`;
  expect((await settlementsOf(till)).map(({ day, wallet_sales_minor, status }) => [day, wallet_sales_minor, status])).toEqual([
    ["2026-10-26", 4_000, "due"],
    ["2026-10-25", 2_000, "due"],
    ["2026-10-24", 1_000, "due"],
  ]);
  // The sales were moved in time behind the seals' and the outbox's back.
  await campus.sql`delete from ledger_anchors`;
});

test("a settlement is paid once, by finance alone, and the same key gives the same answer", async () => {
  const till = await money.till();
  // An older account of another currency is not what is settled.
  await campus.sql`select account_of('cafe_payable', null, ${till.cafe.id}, 'EUR')`;
  await sell(till, 5_900);
  await settle();
  const [{ id } = { id: "" }] = await settlementsOf(till);
  const owner = await campus.staff("owner", till.cafe);
  for (const staff of [admin, owner]) expect((await pay(id, staff)).body.error?.code).toBe("INSUFFICIENT_ROLE");
  const other = await campus.staff("finance");
  const answers = await Promise.all([pay(id), pay(id, other)]);
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
  const key = randomUUID();
  const second = await money.till();
  await sell(second, 100);
  await settle();
  const [due] = await settlementsOf(second);
  const first = await pay(due?.id ?? "", finance, key);
  expect(first.body).toMatchObject({ status: "paid", bank_reference: "SEB-2026-0007", paid_by: finance.id });
  expect((await pay(due?.id ?? "", finance, key)).text).toBe(first.text);
  expect((await pay(randomUUID())).body.error?.code).toBe("NOT_FOUND");
  expect(await payableBalance(till)).toBe(0);
  const lines = await campus.sql`select actor_id from audit_log where action = 'settlement.paid' and object_id = ${id}`;
  expect(lines.length).toBe(1);
});

test("the statement is a page to print and a table that adds up", async () => {
  const till = await money.till();
  await charge150(till);
  const order = await sell(till, 5_900);
  await refund(till, order, 1_000);
  await settle();
  const [settlement] = await settlementsOf(till);
  const at = `/admin/settlements/${settlement?.id}/statement`;
  const csv = await finance.api("GET", `${at}?format=csv`);
  const rows = csv.text
    .trimEnd()
    .split("\r\n")
    .map((line) => line.split(","));
  const sumOf = (kind: string) => rows.filter((cells) => cells[2] === kind).reduce((sum, cells) => sum + Number(cells[7]), 0);
  expect(rows.filter((cells) => cells[2] === "transaction").map((cells) => cells[3])).toEqual(["wallet_sale", "wallet_refund"]);
  expect(sumOf("transaction")).toBe(4_900);
  expect(sumOf("line")).toBe(settlement?.payable_minor);
  expect(sumOf("total")).toBe(settlement?.payable_minor);
  const [first, second] = [await finance.api("GET", at), await finance.api("GET", at)];
  expect(first.headers.get("content-type")).toBe("application/pdf");
  expect(first.text.startsWith("%PDF-")).toBe(true);
  expect(second.text).toBe(first.text);
  expect((await finance.api("GET", `/admin/settlements/${randomUUID()}`)).status).toBe(404);
  expect((await finance.api("GET", `/admin/settlements/${settlement?.id}`)).body).toMatchObject({ id: settlement?.id });
});

test("an owner takes home the books of a month, a line for each settled day, in kronor; another month has none", async () => {
  const till = await money.till();
  await sell(till, 5_950);
  await settle();
  const [settlement] = await settlementsOf(till);
  const owner = await campus.staff("owner", till.cafe);
  const csvOf = async (query: string) =>
    (await owner.api<string>("GET", `/admin/settlements?format=csv${query}`)).text.trimEnd().split("\r\n");
  const month = settlement?.day.slice(0, 7);
  const [head = "", line = "", ...more] = await csvOf(`&amounts=major&month=${month}`);
  expect(more).toEqual([]);
  const cells = Object.fromEntries(head.split(",").map((name, place) => [name, line.split(",")[place]]));
  expect(cells).toMatchObject({
    day: settlement?.day,
    sales_count: "1",
    wallet_sales: "59.5",
    payable: String((settlement?.payable_minor ?? 0) / 100),
    currency: "SEK",
  });
  expect((await csvOf(`&month=${month}`))[0]).toContain("wallet_sales_minor");
  expect(await csvOf("&month=2020-01")).toHaveLength(1);
  expect((await owner.api("GET", "/admin/settlements?month=2026-13")).status).toBe(400);
  const listed = await owner.api<{ items: unknown[] }>("GET", `/admin/settlements?month=${month}`);
  expect(listed.body.items).toHaveLength(1);
  expect((await owner.api<{ items: unknown[] }>("GET", "/admin/settlements?month=2020-01")).body.items).toEqual([]);
});

test("an owner reads the settlements of the own café and no other's; nobody else of a café, and no student, reads any", async () => {
  const [till, neighbour] = [await money.till(), await money.till()];
  await sell(till, 5_900);
  await sell(neighbour, 100);
  await settle();
  const owner = await campus.staff("owner", till.cafe);
  const other = await campus.staff("owner", neighbour.cafe);
  const foreign = await owner.api("GET", `/admin/settlements?cafe_id=${neighbour.cafe.id}`);
  expect(foreign).toMatchObject({ status: 403, body: { error: { code: "INSUFFICIENT_ROLE" } } });
  const all = expectOk(await owner.api<{ items: Settlement[] }>("GET", "/admin/settlements")).items;
  expect(all).toMatchObject([{ cafe_id: till.cafe.id, payable_minor: 5_900 }]);
  for (const at of [`/admin/settlements/${all[0]?.id}`, `/admin/settlements/${all[0]?.id}/statement`]) {
    expect((await owner.api("GET", at)).status).toBe(200);
    expect((await other.api("GET", at)).body).toMatchObject({ error: { code: "NOT_FOUND" } });
  }
  expect((await owner.api("GET", "/admin/settlement-terms")).body).toMatchObject({ error: { code: "INSUFFICIENT_ROLE" } });
  const student = await campus.student();
  const cashier = await campus.staff("cashier", till.cafe);
  for (const at of ["/admin/settlements", `/admin/settlements/${all[0]?.id}`])
    for (const { api } of [student, cashier]) expect((await api("GET", at)).body).toMatchObject({ error: { code: "INSUFFICIENT_ROLE" } });
  expect(await settlementsOf(neighbour, admin)).toMatchObject([{ payable_minor: 100 }]);
});

test("a fee is set by an admin, from a later day on, for one café or for all, once for each day", async () => {
  const till = await money.till();
  const later = new Date(Date.now() + 30 * 24 * hourMs).toISOString().slice(0, 10);
  const set = (staff: TestStaff, body: object) => staff.api<{ error?: { code: string } }>("POST", "/admin/settlement-terms", { body });
  const good = { cafe_id: till.cafe.id, from_day: later, fee_basis_points: 200, fee_vat_basis_points: 2_500 };
  expect((await set(finance, good)).body.error?.code).toBe("INSUFFICIENT_ROLE");
  expect((await set(admin, good)).status).toBe(201);
  expect((await set(admin, good)).body.error?.code).toBe("CONFLICT");
  expect((await set(admin, { ...good, from_day: "2026-01-01" })).body.error?.code).toBe("VALIDATION_ERROR");
  expect((await set(admin, { ...good, cafe_id: randomUUID() })).body.error?.code).toBe("NOT_FOUND");
  const listed = expectOk(await finance.api<{ items: object[] }>("GET", `/admin/settlement-terms?cafe_id=${till.cafe.id}`)).items;
  expect(listed).toMatchObject([
    { cafe_id: null, fee_basis_points: 0 },
    { cafe_id: till.cafe.id, fee_basis_points: 200 },
  ]);
  const [held] = await campus.sql`select (settlement_terms_of(${till.cafe.id}, ${later}::date)).fee_basis_points as own,
    (settlement_terms_of(${till.cafe.id}, ${later}::date - 1)).fee_basis_points as before`;
  expect(held).toEqual({ own: 200, before: 0 });
});

/** The zone as the university changes it: the day of each change begins a day later than any day that runs somewhere. */
const setZone = async (till: Till, zone: string) =>
  expectOk(await admin.api("PATCH", `/admin/cafe?cafe_id=${till.cafe.id}`, { body: { time_zone: zone } }));

test("no owner moves the end of a café's day, and whatever its zones were, each sale is settled once and paid once", async () => {
  const till = await money.till();
  const owner = await campus.staff("owner", till.cafe);
  const tried = await owner.api<{ error?: { code: string } }>("PATCH", "/admin/cafe", { body: { time_zone: "Pacific/Kiritimati" } });
  expect(tried.body.error?.code).toBe("INSUFFICIENT_ROLE");
  await sell(till, 10_000);
  // Far west, then far east, in the middle of settling: the second day would end before the first one did.
  await setZone(till, "Pacific/Pago_Pago");
  await settle(1);
  await setZone(till, "Pacific/Kiritimati");
  for (const day of [2, 3, 4]) await settle(day);
  await campus.sql`update cafe_zones set from_day = from_day - 3 where cafe_id = ${till.cafe.id} and from_day > '2000-01-01'`;
  await sell(till, 500);
  for (const day of [5, 6, 7]) await settle(day);
  const found = await settlementsOf(till);
  expect(found.reduce((sum, { wallet_sales_minor }) => sum + wallet_sales_minor, 0)).toBe(10_500);
  expect(await campus.sql`select count(*) as backwards from settlements where until_at <= from_at`).toEqual([{ backwards: 0 }]);
  for (const { id, status } of found) if (status === "due") expect((await pay(id)).status).toBe(200);
  expect(await payableBalance(till)).toBe(0);
  // The days that a test above moved its sales to were never sealed.
  expect((await brokenInvariants()).filter(({ id }) => id !== "I14")).toEqual([]);
});

test("a café that cannot be settled is written down and tried again, and every other café is settled", async () => {
  const bad = await money.till();
  await sell(bad, 900);
  const others: Till[] = [];
  for (const minor of [100, 200, 300, 400, 500, 600]) {
    const till = await money.till();
    await sell(till, minor);
    others.push(till);
  }
  await campus.database.query(`
    create function refuse_one() returns trigger language plpgsql as $f$ begin raise exception 'no room for this café'; end $f$`);
  await campus.database.query(`
    create trigger refuse_one before insert on settlements for each row when (new.cafe_id = '${bad.cafe.id}') execute function refuse_one()`);
  await settle();
  for (const till of others) expect(await settlementsOf(till)).toMatchObject([{ sales_count: 1 }]);
  expect(await settlementsOf(bad)).toEqual([]);
  const failures = await campus.sql`select error, tries from settlement_failures where cafe_id = ${bad.cafe.id}`;
  expect(failures).toEqual([{ error: "no room for this café", tries: 1 }]);
  await campus.database.query("drop trigger refuse_one on settlements; drop function refuse_one()");
  await campus.sql`update settlement_failures set try_at = now()`;
  await settle();
  expect(await settlementsOf(bad)).toMatchObject([{ wallet_sales_minor: 900 }]);
  expect(await campus.sql`select cafe_id from settlement_failures`).toEqual([]);
});

test("a fee goes back at the rate of its sale, however dear the day is on which the money does", async () => {
  const till = await money.till();
  await charge150(till);
  const order = await sell(till, 10_000);
  await settle(1);
  await campus.sql`insert into settlement_terms (cafe_id, from_day, fee_basis_points, fee_vat_basis_points) values (${till.cafe.id}, now()::date + 1, 3000, 2500)`;
  await refund(till, order, 10_000);
  await settle(2);
  const [after, before] = await settlementsOf(till);
  expect([before, after].map((each) => [each?.payable_minor, each?.carried_minor])).toEqual([
    [10_000 - 150 - 38, 0],
    [0, -10_000 + 150 + 38],
  ]);
});

test("cash that lies in the café's own till, or was never there, pays no settlement", async () => {
  const till = await money.till();
  const order = await sell(till, 5_000);
  await settle();
  const [due] = await settlementsOf(till);
  await refund(till, order, 2_000);
  await sellForCash(till, 9_000);
  expect(await pay(due?.id ?? "")).toMatchObject({ status: 409, body: { error: { code: "CONFLICT" } } });
});

test("no more is paid out than the café is owed by now", async () => {
  const till = await money.till();
  const order = await sell(till, 5_000);
  await settle();
  const [due] = await settlementsOf(till);
  await refund(till, order, 2_000);
  const tried = await pay(due?.id ?? "");
  expect(tried).toMatchObject({ status: 409, body: { error: { code: "CONFLICT" } } });
  await sell(till, 2_000);
  expect((await pay(due?.id ?? "")).status).toBe(200);
  expect(await payableBalance(till)).toBe(0);
});
