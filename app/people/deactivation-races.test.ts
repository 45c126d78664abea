import { afterAll, beforeAll, expect, test } from "vitest";
import { checkLedger } from "../ledger/check-ledger.ts";
import { sql } from "../platform/postgres.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { keyIsAwaited } from "../testing/database.ts";
import { type Money, moneyOf, type Till } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";
import { until } from "../testing/platform.ts";

let campus: Campus;
let money: Money;
let till: Till;
let admin: TestStaff;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  till = await money.till();
  admin = await campus.staff("admin");
});
afterAll(async () => {
  expect((await checkLedger(campus.owner)).invariants.filter((invariant) => !invariant.ok)).toEqual([]);
  await campus.end();
});

const deactivate = (id: string) => admin.api("PATCH", `/admin/students/${id}`, { body: { is_active: false } });

test("a scan and a deactivation at one moment leave no charge open, and none can be confirmed", async () => {
  for (let round = 0; round < 12; round += 1) {
    const student = await money.fundedStudent({ balanceMinor: 10_000 });
    await student.placeOrder({ till, totalMinor: 500 });
    const [scanned, changed] = await Promise.all([student.scan(till, { process: 1 }), deactivate(student.id)]);
    expect(changed.status).toBe(200);
    expect([201, 403]).toContain(scanned.status);
    expect(await campus.sql`select id from charges where student_id = ${student.id} and state = 'open'`).toEqual([]);
  }
});

test("a session that a process still knows pays nothing for a student who is deactivated", async () => {
  const student = await money.fundedStudent({ balanceMinor: 10_000 });
  const charge = await student.scannedOrder({ till, totalMinor: 500 });
  await campus.sql`update students set is_active = false where id = ${student.id}`;
  expect(await student.confirm(charge)).toMatchObject({
    status: 409,
    body: { error: { code: "CHARGE_CLOSED", details: { state: "voided" } } },
  });
  expect(await student.balanceMinor()).toBe(10_000);
});

test("a deactivation waits for the debit that has looked, and the next one sees it", async () => {
  const student = await money.fundedStudent({ balanceMinor: 10_000 });
  const [first, second] = [await student.scannedOrder({ till, totalMinor: 500 }), await student.scannedOrder({ till, totalMinor: 600 })];
  // The debit waits for its wallet, past all that it looks at.
  const { paying, changing } = await campus.owner.transaction(async (tx) => {
    await tx.run(sql`select from wallets where student_id = ${student.id} for update`);
    const paying = student.confirm(first);
    await until("the debit waits for the wallet", async () => {
      const waiting = await campus.database.query(
        "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query ~ 'confirm_charge'",
      );
      return waiting.length > 0;
    });
    const changing = deactivate(student.id);
    await until("the deactivation waits for the debit", () => keyIsAwaited(campus.database));
    return { paying, changing };
  });
  expect((await paying).status).toBe(200);
  expect((await changing).status).toBe(200);
  expect(await campus.sql`select id, state from charges where student_id = ${student.id} order by id`).toEqual([
    { id: first.id, state: "confirmed" },
    { id: second.id, state: "voided" },
  ]);
});
