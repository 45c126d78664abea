import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkLedger } from "../../ledger/check-ledger.ts";
import { type Campus, startCampus } from "../../testing/campus.ts";
import { openBooks } from "../sandbox/books-file.ts";
import type { Demo } from "./demo.ts";

let campus: Campus;
let demo: Demo;
const folder = mkdtempSync(path.join(tmpdir(), "campus-past-"));
const booksFile = path.join(folder, "gateway.books");

beforeAll(async () => {
  campus = await startCampus();
  demo = await seed();
}, 180_000);
afterAll(async () => {
  await campus.end();
  rmSync(folder, { recursive: true });
});

async function seed(): Promise<Demo> {
  const env = { PATH: process.env.PATH, ...campus.env, GATEWAY_BOOKS_FILE: booksFile };
  const { stdout } = await promisify(execFile)(process.execPath, [new URL("./seed.ts", import.meta.url).pathname], { env });
  return JSON.parse(stdout) as Demo;
}

test("the books of a month that was lived before the start are sound, by every invariant", async () => {
  expect((await checkLedger(campus.worker.db)).invariants.filter(({ ok }) => !ok)).toEqual([]);
});

test("each café sold on most days of four weeks, and no order is of a time to come", async () => {
  for (const { id } of demo.cafes) {
    const [sold] = await campus.sql<{ days: number; orders: number; late: number }>`
      select count(distinct order_day)::integer as days, count(*)::integer as orders, (count(*) filter (where updated_at > now()))::integer as late
      from orders where cafe_id = ${id} and payment_status = 'paid' and status = 'completed'`;
    expect(sold?.days).toBeGreaterThanOrEqual(18);
    expect(sold?.orders).toBeGreaterThan(50);
    expect(sold?.late).toBe(0);
  }
});

test("order numbers of a day have no gap, and the next order of today takes the next one", async () => {
  const gaps = await campus.sql`
    select o.cafe_id, o.order_day, count(*), max(c.last_number) from orders o
      left join order_counters c on c.cafe_id = o.cafe_id and c.day = o.order_day
    group by o.cafe_id, o.order_day having count(*) <> max(c.last_number) or max(c.last_number) is null`;
  expect(gaps).toEqual([]);
  expect(await campus.sql`select from order_counters where last_number = 0`).toEqual([]);
});

test("every top-up is in the stand-in gateway's books with its amount and its second", async () => {
  const { books } = openBooks(booksFile);
  const topUps = await campus.sql<{ paymentId: string; amountMinor: number; createdAt: number }>`
    select payment_id, amount_minor, (gateway_response ->> 'created_at')::bigint as created_at from gateway_payments`;
  expect(topUps.length).toBeGreaterThan(50);
  expect(books.payments.size).toBe(topUps.length);
  for (const { paymentId, amountMinor, createdAt } of topUps)
    expect(books.payments.get(paymentId)).toMatchObject({ amount: amountMinor, created_at: createdAt });
});

test("cafés were paid for whole weeks, and each till has a Z-report with what was missing in its drawer", async () => {
  const paid = await campus.sql`select cafe_id from settlements where status = 'paid' group by cafe_id having count(*) >= 10`;
  expect(paid).toHaveLength(demo.cafes.length);
  const reports = await campus.sql<{ missing: number }>`select (report #>> '{cash,difference_minor}')::integer as missing from z_reports`;
  expect(reports).toHaveLength(demo.devices.length);
  for (const { missing } of reports) expect(missing).toBe(-500);
});

test("a receipt of the past is signed for the time and the number that its order has", async () => {
  const wrong = await campus.sql`
    select r.id from receipts r join orders o on o.id = r.order_id
    where r.payload::json ->> 'order_number' <> o.order_number or (r.payload::json ->> 'paid_at')::timestamptz <> date_trunc('milliseconds', o.paid_at)`;
  expect(wrong).toEqual([]);
});

test("nothing of the past waits to be sent, and nobody has less than the first money", async () => {
  const waiting = await campus.sql`select topic, count(*) from outbox where done_at is null and topic <> 'ledger.anchor' group by topic`;
  expect(waiting).toEqual([]);
  for (const student of demo.students) expect(student.balance_minor).toBeGreaterThanOrEqual(50_000);
});

test("what a wallet has spent today is what it paid today, and no more", async () => {
  const wrong = await campus.sql`
    select w.student_id from wallets w where w.spent_minor <> (select coalesce(sum(t.amount_minor), 0) from ledger_transactions t
      where t.wallet_student_id = w.student_id and t.kind = 'debit' and (t.at at time zone 'Europe/Stockholm')::date = w.spent_day)`;
  expect(wrong).toEqual([]);
});

test("a second start lives through nothing again", async () => {
  const count = () => campus.sql`select (select count(*) from orders) as orders, (select count(*) from ledger_transactions) as moved`;
  const before = await count();
  expect(await seed()).toEqual(demo);
  expect(await count()).toEqual(before);
});
