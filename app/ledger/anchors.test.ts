import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { expectOk, moneyOf } from "../testing/money.ts";
import { settled } from "../testing/settled.ts";
import { sealFinishedDays } from "./anchors.ts";
import { checkLedger } from "./check-ledger.ts";

let campus: Campus;
beforeAll(async () => {
  campus = await startCampus();
  const money = moneyOf(campus);
  const till = await money.till();
  const student = await money.fundedStudent({ balanceMinor: 20_000 });
  for (const totalMinor of [1_000, 2_000]) expectOk(await student.confirm(await student.scannedOrder({ till, totalMinor })));
});
afterAll(() => campus.end());

const seal = () => campus.worker.db.transaction((tx) => sealFinishedDays(tx));
const seals = () => campus.sql<{ day: string; transactions: number; debitsWithoutOutbox: number }>`
  select to_char(day, 'YYYY-MM-DD') as day, transactions, debits_without_outbox from ledger_anchors order by day`;
const daysAgo = async (days: number) =>
  (await campus.sql<{ day: string }>`select to_char((now() at time zone 'UTC')::date - ${days}::integer, 'YYYY-MM-DD') as day`)[0]?.day;
const age = async (days: number) => {
  await campus.database.query("update ledger_transactions set at = at - make_interval(days => $1)", [days]);
  await campus.database.query("update outbox set created_at = created_at - make_interval(days => $1)", [days]);
};
const i14 = async () => (await checkLedger(campus.worker.db)).invariants.find(({ id }) => id === "I14");

// One story on one book: each test goes on where the one before ended.
test("a day that is not over is not sealed", async () => {
  await seal();
  expect(await seals()).toEqual([]);
});

test("a day is not sealed while a transaction still runs that may have written into it", async () => {
  await age(3);
  const running = await campus.owner.connect();
  try {
    await running.query("begin");
    await running.query("select pg_current_xact_id()");
    // The day's rows are younger than that transaction.
    await campus.sql`update ledger_transactions set xid = pg_current_xact_id()`;
    await seal();
    expect(await seals()).toEqual([]);
  } finally {
    running.release(true);
  }
});

test("every finished day is sealed once, also an empty one, with what was there and whether each debit was told", async () => {
  const [missing] = await campus.sql<{ id: string }>`
    delete from outbox where id = (select id from outbox where topic = 'order.paid' limit 1) returning id`;
  expect(missing).toBeDefined();
  await settled(campus.owner);
  await seal();
  await seal();
  const days = await Promise.all([3, 2, 1].map(daysAgo));
  expect((await seals()).slice(0, 3)).toEqual([
    { day: days[0], transactions: 3, debitsWithoutOutbox: 1 },
    { day: days[1], transactions: 0, debitsWithoutOutbox: 0 },
    ...((await seals()).length === 3 ? [{ day: days[2], transactions: 0, debitsWithoutOutbox: 0 }] : []),
  ]);
  expect(await i14()).toMatchObject({ ok: true });
});

test("a row that a superuser changed in a sealed day is found, and the day is named", async () => {
  await campus.database.query("update ledger_transactions set at = at + interval '1 microsecond' where kind = 'adjustment'");
  expect(await i14()).toMatchObject({
    ok: false,
    violations: 1,
    sample: [{ day: await daysAgo(3), problem: "a transaction was changed after the seal" }],
  });
  await campus.database.query("update ledger_transactions set at = at - interval '1 microsecond' where kind = 'adjustment'");
  expect(await i14()).toMatchObject({ ok: true });
});

test("a day that was sealed anew after a change breaks the chain behind it", async () => {
  await campus.database.query("update ledger_transactions set kind = 'top_up' where kind = 'adjustment'");
  const first = await daysAgo(3);
  await campus.database.query("create temp table later as select * from ledger_anchors where day > $1::date", [first]);
  await campus.database.query("delete from ledger_anchors");
  await seal();
  await campus.database.query("delete from ledger_anchors where day > $1::date", [first]);
  await campus.database.query("insert into ledger_anchors select * from later");
  expect(await i14()).toMatchObject({ ok: false, sample: [{ day: await daysAgo(2), problem: "the seal does not follow the one before" }] });
});

test("the app's role can neither change nor remove a transaction or a seal", async () => {
  for (const table of ["ledger_transactions", "ledger_anchors"]) {
    const client = await campus.worker.db.connect();
    await expect(client.query(`delete from ${table}`)).rejects.toMatchObject({ code: "42501" });
    await expect(client.query(`update ${table} set ${table === "ledger_anchors" ? "day = day" : "kind = kind"}`)).rejects.toMatchObject({
      code: "42501",
    });
    await expect(client.query(`truncate ${table}`)).rejects.toMatchObject({ code: "42501" });
    client.release();
  }
});
