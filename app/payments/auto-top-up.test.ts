import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { gatewayOf, type TestGateway } from "../testing/gateway.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type Till } from "../testing/money.ts";
import { violations } from "../testing/proof/books.ts";
import { openGateway } from "./open-gateway.ts";
import { runAutoTopUp } from "./run-auto-top-up.ts";

let campus: Campus;
let money: Money;
let gateway: TestGateway;
let till: Till;

beforeAll(async () => {
  campus = await startCampus({ env: { GATEWAY_TIMEOUT_MS: "400" } });
  money = moneyOf(campus);
  gateway = gatewayOf(campus);
  till = await money.till();
});
beforeEach(async () => {
  await campus.setFaults({ gateway: "ok" });
  await gateway.set({ webhook_url: null, saved_methods: "captured" });
});
afterAll(async () => {
  expect(await violations(campus.owner)).toEqual({});
  await campus.end();
});

interface AutoBody {
  readonly below_minor: number | null;
  readonly error?: { readonly code: string };
}

const put = (student: MoneyStudent, below_minor: number, to_minor: number, proof: object = {}) =>
  student.api<AutoBody>("PUT", "/wallet/auto-top-up", { body: { below_minor, to_minor, ...proof } });

const set = async (student: MoneyStudent, below_minor: number, to_minor: number) =>
  put(student, below_minor, to_minor, await student.proof({ purpose: "auto_top_up", below_minor, to_minor }));

/** A student with 10,000, of which the gateway keeps the method. */
async function withMethod(): Promise<MoneyStudent> {
  const student = await money.fundedStudent({ balanceMinor: 0 });
  const checkout = await gateway.pay((await gateway.beginTopUp(student, 10_000, true)).gateway_order_id, { save_method: true });
  expectOk(await gateway.verify(student, checkout));
  return student;
}

async function spend(student: MoneyStudent, totalMinor: number): Promise<void> {
  expectOk(await student.confirm(await student.scannedOrder({ till, totalMinor })));
}
const autoTopUps = (student: MoneyStudent) =>
  campus.sql`select status, amount_minor from gateway_orders where student_id = ${student.id} and purpose = 'auto_top_up' order by id`;

test("a debit below the line fills the wallet up to the target by the saved method, once for the crossing", async () => {
  const student = await withMethod();
  expect(expectOk(await set(student, 4_000, 9_000))).toEqual({ below_minor: 4_000, to_minor: 9_000, has_saved_method: true });
  await spend(student, 5_000);
  await campus.drainOutbox();
  expect(await autoTopUps(student)).toEqual([]);
  await spend(student, 2_000);
  await spend(student, 500);
  await campus.drainOutbox();
  expect(await autoTopUps(student)).toEqual([{ status: "paid", amountMinor: 6_500 }]);
  expect(await student.balanceMinor()).toBe(9_000);
  await spend(student, 6_000);
  await campus.drainOutbox();
  expect(await autoTopUps(student)).toHaveLength(2);
  expect(await student.balanceMinor()).toBe(9_000);
});

test("a worker that repeats the row, or dies between the gateway's answer and the credit, charges once", async () => {
  const student = await withMethod();
  await set(student, 4_000, 9_000);
  await spend(student, 7_000);
  await campus.drainOutbox();
  await campus.sql`update outbox set done_at = null, due_at = now() where topic = 'wallet.auto_top_up' and payload ->> 'student_id' = ${student.id}`;
  await campus.drainOutbox();
  expect(await student.balanceMinor()).toBe(9_000);

  await spend(student, 6_000);
  const [row] = await campus.sql<{ id: string; payload: { wallet_seq: number } }>`
    select id, payload from outbox where topic = 'wallet.auto_top_up' and done_at is null and payload ->> 'student_id' = ${student.id}`;
  const refusal = await campus.owner.connect();
  try {
    await refusal.query("begin");
    await refusal.query("lock table gateway_payments in share row exclusive mode");
    await campus.drainOutbox();
    expect(await student.balanceMinor()).toBe(3_000);
  } finally {
    await refusal.query("rollback");
    refusal.release();
  }
  await campus.sql`update outbox set due_at = now() where id = ${row?.id}`;
  await campus.drainOutbox();
  expect(await student.balanceMinor()).toBe(9_000);
  expect(
    await campus.sql`select count(*) from gateway_payments p join gateway_orders g on g.id = p.order_row_id where g.student_id = ${student.id}`,
  ).toEqual([{ count: 3 }]);
});

test("a token alone opens nobody's bank card: a higher line takes a code for these two lines, and a lower one none", async () => {
  const student = await withMethod();
  const refused = { status: 400, body: { error: { code: "INVALID_OTP", details: { step_up: "auto_top_up" } } } };
  expect(await put(student, 4_000, 9_000)).toMatchObject(refused);
  const proof = await student.proof({ purpose: "auto_top_up", below_minor: 4_000, to_minor: 9_000 });
  expect(await put(student, 4_000, 500_000, proof)).toMatchObject(refused);
  expectOk(await put(student, 4_000, 9_000, proof));
  expect(
    await campus.sql`select payload ->> 'kind' as kind from outbox where topic = 'push.notice' and payload ->> 'student_id' = ${student.id}`,
  ).toContainEqual({
    kind: "auto_top_up_set",
  });
  expectOk(await put(student, 3_000, 9_000));
  for (const [below, to] of [
    [3_001, 9_000],
    [3_000, 9_001],
    [4_000, 9_000],
  ] as const)
    expect(await put(student, below, to, proof)).toMatchObject(refused);
});

test("a method is charged by itself so many times a day, however often a wallet is emptied", async () => {
  const student = await withMethod();
  expectOk(await set(student, 9_000, 10_000));
  for (let fall = 0; fall < 7; fall += 1) {
    await spend(student, 1_500);
    await campus.drainOutbox();
  }
  expect(await autoTopUps(student)).toHaveLength(5);
  await campus.sql`update gateway_orders set created_at = created_at - interval '1 day' where student_id = ${student.id}`;
  expectOk(await set(student, 6_900, 10_000));
  await spend(student, 200);
  await campus.drainOutbox();
  expect(await autoTopUps(student)).toHaveLength(6);
});

test("a refused method is tried once for the crossing and shows as failed", async () => {
  const student = await withMethod();
  await set(student, 4_000, 9_000);
  await gateway.set({ saved_methods: "failed" });
  await spend(student, 7_000);
  await campus.drainOutbox();
  await spend(student, 500);
  await campus.drainOutbox();
  expect(await autoTopUps(student)).toEqual([{ status: "failed", amountMinor: 6_000 }]);
  expect(await student.balanceMinor()).toBe(2_500);
});

test("a gateway that hangs delays the top-up and not the debit", async () => {
  const student = await withMethod();
  await set(student, 4_000, 9_000);
  await campus.setFaults({ gateway: "hang" });
  await spend(student, 7_000);
  await campus.drainOutbox();
  expect(await student.balanceMinor()).toBe(3_000);
  await campus.setFaults({ gateway: "ok" });
  await campus.sql`update outbox set due_at = now() where topic = 'wallet.auto_top_up' and done_at is null`;
  await campus.drainOutbox();
  expect(await student.balanceMinor()).toBe(9_000);
});

test("needs a saved method, lines that fit, and a student; switched off it forgets the method and fills nothing", async () => {
  const bare = await money.fundedStudent({ balanceMinor: 10_000 });
  expect((await set(bare, 4_000, 9_000)).body.error?.code).toBe("CONFLICT");
  const student = await withMethod();
  for (const [below, to] of [
    [4_000, 4_000],
    [4_000, 600_000],
    [0, 5_000],
  ] as const)
    expect((await put(student, below, to)).body.error?.code).toBe("VALIDATION_ERROR");
  expect((await (await campus.staff("admin")).api("GET", "/wallet/auto-top-up")).status).toBe(403);
  expectOk(await set(student, 4_000, 9_000));
  await spend(student, 7_000);
  expect(expectOk(await student.api("DELETE", "/wallet/auto-top-up"))).toEqual({
    below_minor: null,
    to_minor: null,
    has_saved_method: false,
  });
  await campus.drainOutbox();
  expect(await autoTopUps(student)).toEqual([]);
  expect(expectOk(await student.api("GET", "/wallet/auto-top-up"))).toMatchObject({ has_saved_method: false });
});

test("whoever disputes a payment is not charged again by itself", async () => {
  const student = await withMethod();
  expectOk(await set(student, 4_000, 9_000));
  const [payment] = await campus.sql<{ id: string }>`
    select p.payment_id as id from gateway_payments p join gateway_orders g on g.id = p.order_row_id where g.student_id = ${student.id}`;
  await gateway.connect();
  const dispute = await gateway.door("POST", "/disputes", { payment_id: payment?.id });
  await gateway.door("POST", `/disputes/${dispute.id}/lost`);
  await gateway.quiet();
  await campus.drainOutbox();
  expect(await student.balanceMinor()).toBe(0);
  expect(await autoTopUps(student)).toEqual([]);
  expect(expectOk(await student.api("GET", "/wallet/auto-top-up"))).toMatchObject({ below_minor: null });
});

test("a wallet that is closed keeps neither the method nor the links into it", async () => {
  const student = await withMethod();
  expectOk(await student.api("POST", "/wallet/gift-link", { body: { limit_minor: 5_000 } }));
  await campus.sql`update wallets set status = 'closed' where student_id = ${student.id}`;
  expect(await campus.sql`select token from saved_methods where student_id = ${student.id}`).toEqual([]);
  expect(await campus.sql`select revoked_at is null as is_open from gift_links where student_id = ${student.id}`).toEqual([
    { isOpen: false },
  ]);
});

test("a balance that falls below the alert's line rings once for the crossing, in the student's language", async () => {
  const student = await money.fundedStudent({ balanceMinor: 10_000, language: "sv" });
  const pushToken = `phone-of-${student.id}`;
  expectOk(await student.api("POST", "/users/device-token", { body: { token: pushToken, platform: "android" } }));
  expectOk(await student.api("PUT", "/wallet/limits", { body: { daily_limit_minor: null, low_balance_alert_minor: 5_000 } }));
  const alerts = async () => (await campus.messages(pushToken, "push")).filter(({ data }) => data.type === "low_balance");
  await spend(student, 4_000);
  await campus.drainOutbox();
  expect(await alerts()).toEqual([]);
  await spend(student, 2_000);
  await spend(student, 500);
  await campus.drainOutbox();
  expect((await alerts()).map(({ text }) => text)).toEqual([expect.stringMatching(/35,00/)]);
});

test("falls that follow each other while one charge is under way are one gap, and charged once", async () => {
  const student = await withMethod();
  await set(student, 4_000, 9_000);
  await spend(student, 7_000);
  await student.topUp(2_000);
  await spend(student, 2_000);
  const lows = await campus.sql<{ walletSeq: number }>`
    select (payload ->> 'wallet_seq')::integer as wallet_seq from outbox where topic = 'wallet.auto_top_up' and payload ->> 'student_id' = ${student.id}`;
  expect(lows).toHaveLength(2);
  const to = openGateway(campus.worker);
  if (!to) throw new Error("There is no gateway.");
  await Promise.all(lows.map(({ walletSeq }) => runAutoTopUp(campus.worker, to, { studentId: student.id, walletSeq })));
  expect(await autoTopUps(student)).toHaveLength(1);
  expect(await student.balanceMinor()).toBe(9_000);
});
