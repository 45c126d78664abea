import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { type Money, moneyOf } from "../testing/money.ts";

let campus: Campus;
let money: Money;
let superuser: pg.Client;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  superuser = new pg.Client({ connectionString: campus.database.superuserUrl });
  await superuser.connect();
});
afterAll(async () => {
  await superuser.end();
  await campus.end();
});

const open = 500;
const fewRows = 10;

const readSoFar = async (): Promise<number> => {
  const { rows } = await superuser.query<{ read: string }>(
    "select seq_tup_read + idx_tup_fetch as read from pg_stat_xact_user_tables where relname = 'charges'",
  );
  return Number(rows[0]?.read);
};

/** How many rows of the charges the statement looked at, and what it answered first. */
async function rowsRead(text: string, values: readonly unknown[]): Promise<{ readonly read: number; readonly answer: unknown }> {
  await superuser.query("begin");
  // What the statistics have not been told yet of earlier transactions is among it.
  const before = await readSoFar();
  const { rows } = await superuser.query(text, [...values]);
  const read = (await readSoFar()) - before;
  await superuser.query("rollback");
  return { read, answer: rows[0] };
}

/** Lunch, by the statistics of the night: at their moment no charge was open. */
async function lunchAfterNight(chargeId: string): Promise<void> {
  await superuser.query("update charges set state = 'declined', ended_at = now() where id = $1", [chargeId]);
  await superuser.query("vacuum analyze charges");
  await superuser.query("set session_replication_role = replica");
  await superuser.query(
    `insert into charges select (jsonb_populate_record(c, jsonb_build_object('id', uuidv7(), 'order_id', gen_random_uuid(), 'student_id', gen_random_uuid(),
       'state', 'open', 'ended_at', null, 'expires_at', now() + interval '1 minute'))).* from charges c, generate_series(1, $2) where c.id = $1`,
    [chargeId, open],
  );
  await superuser.query("set session_replication_role = origin");
}

test("whoever looks for one open charge reads that one, however many others are open and whatever the statistics of the night say", async () => {
  const till = await money.till();
  const [earlier, student] = [await money.fundedStudent({ balanceMinor: 10_000 }), await money.fundedStudent({ balanceMinor: 10_000 })];
  const order = await student.placeOrder({ till, totalMinor: 5_900 });
  await lunchAfterNight((await earlier.scannedOrder({ till, totalMinor: 5_900 })).id);
  const [card] = await campus.sql<{ uidHash: Buffer }>`select uid_hash from cards where student_id = ${student.id}`;
  const scanned = await rowsRead(`select (open_charge($1, $2, $3, null, 60, 'nonce', '42', 'ABCDEF', row(9, 9, 9)::scan_limits)).outcome`, [
    randomUUID(),
    till.device.id,
    card?.uidHash,
  ]);
  const ofOrder = await rowsRead("select from charges where order_id = $1 and state = 'open' for update", [order.id]);
  const ofStudent = await rowsRead("select from charges where student_id = $1 and state = 'open' and expires_at > clock_timestamp()", [
    student.id,
  ]);
  const due = await rowsRead(
    "select from charges where state = 'open' and ended_at is null and expires_at <= now() order by expires_at limit 500 for update skip locked",
    [],
  );
  expect(scanned.answer).toEqual({ outcome: "opened" });
  const read = [scanned.read, ofOrder.read, ofStudent.read, due.read];
  expect(Math.max(...read), `rows read by the scan, of an order, of a student, of those that are due: ${read}`).toBeLessThan(fewRows);
});
