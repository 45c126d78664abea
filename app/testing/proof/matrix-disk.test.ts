import { renameSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type Campus, startCampus } from "../campus.ts";
import { type Money, type MoneyStudent, moneyOf, type ScannedCharge, type Till } from "../money.ts";
import { until } from "../platform.ts";
import { debitsOf, violations } from "./books.ts";

const totalMinor = 5_900;
const funds = 20_000;

let campus: Campus;
let money: Money;
let till: Till;
let anna: MoneyStudent;
let charge: ScannedCharge;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  till = await money.till();
});

beforeEach(async () => {
  anna = await money.fundedStudent({ balanceMinor: funds });
  charge = await anna.scannedOrder({ till, totalMinor });
});

afterEach(async () => {
  await until("the same charge pays once the database writes again", async () => (await anna.confirm(charge)).status === 200);
  expect(await debitsOf(campus.owner, charge.id)).toBe(1);
  expect(await anna.balanceMinor()).toBe(funds - totalMinor);
  expect(await violations(campus.owner)).toEqual({});
});

afterAll(() => campus.end());

test("row 34: with the disk full a confirm is 503 before the debit, nothing moves, and the health says so", async () => {
  const mend = await fillDiskUnder("receipts");
  try {
    const refused = await anna.confirm(charge);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(campus.logLines.some((line) => line.includes("53100"))).toBe(true);
    expect(await anna.balanceMinor()).toBe(funds);
    expect(await anna.readCharge(charge.id)).toMatchObject({ state: "open" });
    expect(await campus.api("GET", "root:/health")).toMatchObject({ body: { status: "degraded", database: "full" } });
  } finally {
    await mend();
  }
});

test("row 34: a database that only reads is 503 before the debit, not ready, degraded, and still shows charges", async () => {
  await onlyRead(true);
  try {
    await until("no process is ready", async () => (await campus.api("GET", "root:/ready")).status === 503);
    const refused = await anna.confirm(charge);
    expect(refused).toMatchObject({ status: 503, body: { error: { code: "READ_ONLY_REGION" } } });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await campus.api("GET", "root:/health")).toMatchObject({ body: { status: "degraded", database: "read_only" } });
    expect(await anna.readCharge(charge.id)).toMatchObject({ state: "open" });
  } finally {
    await onlyRead(false);
  }
  await until("the process is ready again", async () => (await campus.api("GET", "root:/ready")).status === 200);
});

/**
 * Puts /dev/full in the place of a table's file, empty so far: the kernel then answers each write of PostgreSQL with "no
 * space left on device", as a full disk does, and needs no disk of its own to be filled. Returns the way back.
 */
async function fillDiskUnder(table: string): Promise<() => Promise<void>> {
  const [place] = await campus.database.query<{ folder: string; file: string; size: string }>(
    "select current_setting('data_directory') as folder, pg_relation_filepath($1::regclass) as file, pg_relation_size($1::regclass)::text as size",
    [table],
  );
  if (place?.size !== "0") throw new Error(`${table} is not empty: its rows would be out of reach.`);
  const file = path.join(place.folder, place.file);
  await endSessions();
  renameSync(file, `${file}.kept`);
  symlinkSync("/dev/full", file);
  return async () => {
    rmSync(file);
    renameSync(`${file}.kept`, file);
    await endSessions();
  };
}

async function onlyRead(isOn: boolean): Promise<void> {
  const what = isOn ? "set default_transaction_read_only = on" : "reset default_transaction_read_only";
  await campus.database.query(`alter role campus_app in database ${campus.database.name} ${what}`);
  await endSessions();
}

/** Sessions keep files open and settings in force: the next ones see what is there now. */
async function endSessions(): Promise<void> {
  await campus.database.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
  );
  await until("the pools have dropped what was ended", async () => {
    const answers = await Promise.all([campus.api("GET", "root:/health"), campus.api("GET", "root:/health", { process: 1 })]);
    const own = await campus.sql`select 1`.catch(() => []);
    return own.length === 1 && answers.every(({ text }) => !text.includes("disconnected"));
  });
}
