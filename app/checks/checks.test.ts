import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sealFinishedDays } from "../ledger/anchors.ts";
import { brokenIn, checkRecent } from "../ledger/check-ledger.ts";
import { openAnchorStore } from "../ledger/kept-anchors.ts";
import { sql } from "../platform/postgres.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf } from "../testing/money.ts";
import { settled } from "../testing/settled.ts";
import { checkJobs } from "./background.ts";
import type { CheckName } from "./check.ts";

let objects: string;
let campus: Campus;
let money: Money;
let student: MoneyStudent;

beforeAll(async () => {
  // Seals of another test's days would be there already.
  objects = mkdtempSync(path.join(tmpdir(), "campus-objects-"));
  campus = await startCampus({ env: { OBJECT_FOLDER: objects } });
  money = moneyOf(campus);
  student = await money.fundedStudent({ balanceMinor: 20_000 });
  const till = await money.till();
  expectOk(await student.confirm(await student.scannedOrder({ till, totalMinor: 5_900 })));
  await settled(campus.owner);
});
afterAll(async () => {
  await campus.end();
  rmSync(objects, { recursive: true });
});

interface Check {
  readonly name: CheckName;
  readonly ok: boolean;
  readonly findings: number;
  readonly broken_since: string | null;
  readonly result: {
    readonly broken?: readonly { readonly id: string }[];
    readonly problems?: readonly string[];
    readonly compared?: number;
  };
}

/** What the worker's clock does: each job asks, the outbox answers. */
async function look(): Promise<Record<string, Check>> {
  // A day later: those of the night are due whatever the hour.
  await campus.sql`update checks set checked_at = checked_at - interval '27 hours'`;
  for (const job of checkJobs(campus.worker)) await campus.worker.db.transaction((tx) => job.run(tx));
  await campus.drainOutbox();
  const finance = await campus.staff("finance");
  const { items } = expectOk(await finance.api<{ items: Check[] }>("GET", "/admin/checks"));
  return Object.fromEntries(items.map((check) => [check.name, check]));
}

const gauge = async (name: string) => new RegExp(`^campus_${name} (\\S+)$`, "m").exec(await campus.worker.metrics.text())?.[1];

test("each check runs by itself and finds sound books sound", async () => {
  const found = await look();
  expect(Object.keys(found).sort()).toEqual(["anchors", "dead_letters", "ledger_recent", "ledger_whole", "reconciliation"]);
  expect(Object.values(found).filter(({ ok }) => !ok)).toEqual([]);
  expect([await gauge("ledger_drift"), await gauge("double_debits"), await gauge("reconciliation_unexplained")]).toEqual(["0", "0", "0"]);
});

test("what one look found is told until it is mended, also by the looks that come after its time", async () => {
  await campus.sql`update wallets set balance_minor = balance_minor + 1 where student_id = ${student.id}`;
  const first = await look();
  expect(first.ledger_recent).toMatchObject({ ok: false, findings: 2, broken_since: expect.any(String) });
  expect(first.ledger_recent?.result.broken?.map(({ id }) => id)).toEqual(["I2", "I3"]);
  expect(await gauge("ledger_drift")).toBe("2");
  expect((await look()).ledger_recent).toMatchObject({ ok: false, broken_since: first.ledger_recent?.broken_since });
  await campus.sql`update wallets set balance_minor = balance_minor - 1 where student_id = ${student.id}`;
  expect((await look()).ledger_recent).toMatchObject({ ok: true, broken_since: null });
});

test("an order that is debited twice rings its own alarm", async () => {
  const [debit] = await campus.sql<{ id: string }>`select id from ledger_transactions where kind = 'debit'`;
  await campus.sql`update ledger_transactions set kind = 'debit', charge_id = (select charge_id from ledger_transactions where id = ${debit?.id}),
    order_id = (select order_id from ledger_transactions where id = ${debit?.id}) where kind = 'adjustment'`;
  await look();
  expect(await gauge("double_debits")).toBe("1");
  await campus.sql`update ledger_transactions set kind = 'adjustment', charge_id = null, order_id = null where id <> ${debit?.id} and kind = 'debit'`;
  await look();
  expect(await gauge("double_debits")).toBe("0");
});

test("each seal is kept outside the database once, and one that was forged here with all that follow does not fit it", async () => {
  await campus.sql`update ledger_transactions set at = at - interval '3 days'`;
  await campus.sql`update outbox set created_at = created_at - interval '3 days'`;
  await campus.worker.db.transaction((tx) => sealFinishedDays(tx));
  await campus.drainOutbox();
  const days = (await campus.sql`select day from ledger_anchors`).length;
  expect(days).toBeGreaterThan(1);
  expect((await look()).anchors).toMatchObject({ ok: true, result: { compared: days } });
  // The whole chain anew, as whoever owns the database could.
  await campus.sql`update ledger_transactions set at = at + interval '1 second' where kind = 'adjustment'`;
  await campus.sql`delete from ledger_anchors`;
  await campus.worker.db.transaction((tx) => sealFinishedDays(tx));
  await campus.drainOutbox();
  const found = await look();
  expect(found.anchors?.ok).toBe(false);
  expect(found.anchors?.result.problems?.length).toBe(days);
  expect(await gauge("ledger_drift")).toBe(String(days));
  const [day] = await campus.sql<{ day: string }>`select to_char(min(day), 'YYYY-MM-DD') as day from ledger_anchors`;
  await openAnchorStore(campus.worker.config).delete(`receipts/anchors/${day?.day}.json`);
  await campus.owner.run(sql`update ledger_anchors set created_at = created_at - interval '3 hours'`);
  expect((await look()).anchors?.result.problems?.at(-1)).toContain("never kept outside");
});

test("only finance and admins read it", async () => {
  expect((await student.api("GET", "/admin/checks")).status).toBe(403);
  expect((await (await campus.staff("owner", await campus.cafe())).api("GET", "/admin/checks")).status).toBe(403);
});

test("a refund of a payment that an earlier look has seen is sound to the next one", async () => {
  const till = await money.till();
  const charge = await student.scannedOrder({ till, totalMinor: 1_500 });
  expectOk(await student.confirm(charge));
  const [now] = await campus.sql<{ at: Date }>`select clock_timestamp() as at`;
  const owner = await campus.staff("owner", till.cafe);
  const refund = { headers: { "Idempotency-Key": randomUUID() }, body: { reason: "too cold", amount_minor: 100 } };
  expectOk(await owner.api("POST", `/admin/orders/${charge.order_id}/refund`, refund));
  expect(brokenIn(await checkRecent(campus.worker.db, now?.at ?? new Date()))).toBe("");
});
