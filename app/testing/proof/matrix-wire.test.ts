import { randomUUID } from "node:crypto";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createApi } from "../api-client.ts";
import type { Campus } from "../campus.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type ScannedCharge, type Till } from "../money.ts";
import { until } from "../platform.ts";
import { startTcpProxy, type TcpProxy } from "../tcp-proxy.ts";
import { debitsOf, expireIn, times, violations } from "./books.ts";
import { type CommitCutter, commitStatement, confirmStatement, judgeOnce, openStatement } from "./commit-cutter.ts";
import { startCutCampus } from "./cut-campus.ts";

const poolSize = 4;
const totalMinor = 5_900;
const funds = 20_000;

let cutter: CommitCutter;
let campus: Campus;
let money: Money;
let till: Till;
let anna: MoneyStudent;
let charge: ScannedCharge;
/** The network between a client and the first API process. */
let network: TcpProxy;

beforeAll(async () => {
  ({ campus, cutter } = await startCutCampus({
    DATABASE_POOL_SIZE: String(poolSize),
    DATABASE_CONNECT_TIMEOUT_MS: "500",
    DATABASE_STATEMENT_TIMEOUT_MS: "2500",
    DATABASE_LOCK_TIMEOUT_MS: "2000",
  }));
  network = await startTcpProxy(Number(new URL(campus.processes[0].url).port));
  money = moneyOf(campus);
  till = await money.till();
});

beforeEach(async () => {
  anna = await money.fundedStudent({ balanceMinor: funds });
  charge = await anna.scannedOrder({ till, totalMinor });
});

afterEach(async () => {
  cutter.judge(undefined);
  cutter.onCutAfter(undefined);
  cutter.rewrite(undefined);
  cutter.refuse(false);
  cutter.delay(0);
  network.hold(false);
  expect(await violations(campus.owner)).toEqual({});
});

afterAll(async () => {
  await campus.end();
  await network.stop();
});

test("row 2: a confirm that a deadlock threw out is run again and pays once", async () => {
  await resetSessions("deadlock_timeout", "100ms");
  const [wallet, order] = [await campus.owner.connect(), await campus.owner.connect()];
  try {
    await wallet.query("begin");
    await wallet.query("select from wallets where student_id = $1 for update", [anna.id]);
    await order.query("begin");
    await order.query("select from orders where id = $1 for update", [charge.order_id]);
    const confirmed = anna.confirm(charge);
    await until("the confirm waits for the order", () => waitsFor(order));
    const cycle = wallet.query("select from orders where id = $1 for update", [charge.order_id]);
    await until("the other side waits for the order too", async () => (await lockWaiters()) === 2);
    await order.query("rollback");
    // Given only when the confirm, which holds the order and waits for the wallet, was thrown out.
    await cycle;
    await wallet.query("rollback");
    expect((await confirmed).status).toBe(200);
  } finally {
    wallet.release();
    order.release();
    await resetSessions("deadlock_timeout", undefined);
  }
  expect(await debitsOf(campus.owner, charge.id)).toBe(1);
});

test("row 2: a serialization failure is run again; after the third the answer is 503, and the same confirm then pays", async () => {
  await resetSessions("default_transaction_isolation", "repeatable read");
  const rival = await campus.owner.connect();
  const touch = "begin; update orders set updated_at = clock_timestamp() where id = '";
  try {
    await rival.query(`${touch}${charge.order_id}'`);
    const confirmed = anna.confirm(charge);
    for (const attempt of times(3, (index) => index + 1)) {
      await until(`attempt ${attempt} waits for the rival`, () => waitsFor(rival));
      await rival.query(`commit; ${touch}${charge.order_id}'`);
    }
    const answer = await confirmed;
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    const again = anna.confirm(charge);
    await until("one more confirm waits for the rival", () => waitsFor(rival));
    await rival.query("commit");
    expect((await again).status).toBe(200);
  } finally {
    await rival.query("rollback");
    rival.release();
    await resetSessions("default_transaction_isolation", undefined);
  }
  expect(await debitsOf(campus.owner, charge.id)).toBe(1);
});

test("row 2: with the pool exhausted the answer is 503 in time, and the same confirm then pays once", async () => {
  const { db } = campus.processes[0].platform;
  const taken = await Promise.all(times(poolSize, () => db.connect()));
  const answer = await anna.confirm(charge);
  for (const client of taken) client.release();
  expect(answer).toMatchObject({ status: 503, body: { error: { code: "TEMPORARILY_UNAVAILABLE" } } });
  expect(answer.headers.get("retry-after")).toBe("1");
  expect(await anna.balanceMinor()).toBe(funds);
  expect((await anna.confirm(charge)).status).toBe(200);
  expect(await debitsOf(campus.owner, charge.id)).toBe(1);
});

test("row 3: a debit whose answer was cut off is looked up on another connection: 200, one debit, the same bytes afterwards", async () => {
  cutter.judge(judgeOnce(confirmStatement, "cut after"));
  const before = cutter.cuts().after;
  const answer = await anna.confirm(charge);
  expect([answer.status, cutter.cuts().after - before]).toEqual([200, 1]);
  expect((await anna.confirm(charge, { process: 1 })).text).toBe(answer.text);
  expect(await debitsOf(campus.owner, charge.id)).toBe(1);
});

test("row 3: a debit whose answer never comes is looked up once the wait is over", async () => {
  cutter.judge(judgeOnce(confirmStatement, "hold answer"));
  expect((await anna.confirm(charge)).status).toBe(200);
  expect(await debitsOf(campus.owner, charge.id)).toBe(1);
});

test("row 3: with the database out of reach after the cut the answer is 202; its status_url and a retry then give the receipt", async () => {
  cutter.judge(judgeOnce(confirmStatement, "cut after"));
  cutter.onCutAfter(() => {
    cutter.refuse(true);
    cutter.cutAll();
  });
  const pending = await anna.confirm(charge);
  expect(pending).toMatchObject({ status: 202, body: { status: "pending", status_url: `/api/v1/charges/${charge.id}` } });
  cutter.refuse(false);
  const looked = await until("the look-up answers", async () => {
    const answer = await anna.api<ScannedCharge>("GET", `/charges/${charge.id}`);
    return answer.status === 200 && answer.body;
  });
  const retried = await anna.confirm(charge, { process: 1 });
  expect(looked).toMatchObject({ state: "confirmed", receipt: retried.body.receipt });
  expect(await debitsOf(campus.owner, charge.id)).toBe(1);
});

test("row 3: with every answer of the database lost on the way the answer is 202 in time, and the debit is made once", async () => {
  cutter.judge((statement) => (confirmStatement.test(statement) ? "hold answer" : "pass"));
  expect((await anna.confirm(charge)).status).toBe(202);
  cutter.judge(undefined);
  cutter.cutAll();
  await until("a retry is answered with the receipt", async () => (await anna.confirm(charge, { process: 1 })).body.receipt);
  expect(await debitsOf(campus.owner, charge.id)).toBe(1);
});

test("row 3: a receipt whose key this process lacks is 202 and never a failure, the look-up says paid, and the receipt comes with the key", async () => {
  const first = await anna.confirm(charge);
  const keyed = (keyId: string) => campus.sql`update receipts set key_id = ${keyId} where charge_id = ${charge.id}`;
  await keyed("receipt-0");
  expect((await anna.confirm(charge)).status).toBe(202);
  expect(await anna.readCharge(charge.id)).toMatchObject({ state: "confirmed", receipt: null });
  await keyed("receipt-1");
  expect((await anna.readCharge(charge.id)).receipt).toBe(first.body.receipt);
  expect((await anna.confirm(charge, { process: 1 })).text).toBe(first.text);
});

test("a payment commits twice: its scan and its debit, and nothing for its receipt", async () => {
  const bert = await money.fundedStudent({ balanceMinor: funds });
  const paid = await bert.scannedOrder({ till, totalMinor });
  expectOk(await bert.confirm(paid));
  // Who wrote each row last: whatever was touched again after the debit would name a third transaction.
  const written = await campus.sql<{ what: string; xid: string }>`
    select 'scan' as what, xmin::text as xid from scans where charge_id = ${paid.id}
    union all select 'debit', xmin::text from ledger_transactions where charge_id = ${paid.id}
    union all select 'receipt', xmin::text from receipts where charge_id = ${paid.id}
    union all select 'charge', xmin::text from charges where id = ${paid.id}
    union all select 'order', xmin::text from orders where id = ${paid.order_id}`;
  const xids = new Map(written.map(({ what, xid }) => [what, xid]));
  expect(new Set(xids.values()).size).toBe(2);
  expect([xids.get("receipt"), xids.get("charge"), xids.get("order")]).toEqual(Array(3).fill(xids.get("debit")));
});

test("row 4: a debit that was cut off before the database had it is run again once", async () => {
  cutter.judge(judgeOnce(confirmStatement, "cut before"));
  const before = cutter.cuts().before;
  expect((await anna.confirm(charge)).status).toBe(200);
  expect(cutter.cuts().before - before).toBe(1);
  expect(await debitsOf(campus.owner, charge.id)).toBe(1);
});

test("row 4: cut off twice the answer is 202 and nothing moved; the retry pays once", async () => {
  cutter.judge((statement) => (confirmStatement.test(statement) ? "cut before" : "pass"));
  expect((await anna.confirm(charge)).status).toBe(202);
  cutter.judge(undefined);
  expect(await anna.balanceMinor()).toBe(funds);
  expect((await anna.confirm(charge)).status).toBe(200);
  expect(await debitsOf(campus.owner, charge.id)).toBe(1);
});

test.each(["cut before", "cut after"] as const)(
  "rows 3 and 4: a refund under a key whose commit is %s is answered, and made once however often it is asked for",
  async (verdict) => {
    await anna.confirm(charge);
    const boss = await campus.staff("owner", till.cafe);
    const key = randomUUID();
    const refund = () =>
      boss.api("POST", `/admin/orders/${charge.order_id}/refund`, {
        body: { amount_minor: 900, reason: "cold" },
        headers: { "Idempotency-Key": key },
      });
    cutter.judge(judgeOnce(commitStatement, verdict));
    const [first, again] = [await refund(), await refund()];
    expect([first.status, again.text]).toEqual([201, first.text]);
    expect(await anna.balanceMinor()).toBe(funds - totalMinor + 900);
  },
);

test("row 16: with the database a slow network away, confirms from two phones are one debit and the same bytes", async () => {
  const token = await anna.otherSession();
  cutter.delay(10);
  const answers = await Promise.all([anna.confirm(charge), anna.confirm(charge, { process: 1, token })]);
  expect(answers.map(({ status, text }) => [status, text === answers[0]?.text])).toEqual([
    [200, true],
    [200, true],
  ]);
  expect(await debitsOf(campus.owner, charge.id)).toBe(1);
});

test("row 9: a scan that never reached the server leaves no charge, and its repetition makes one", async () => {
  const bert = await money.fundedStudent({ balanceMinor: funds });
  await bert.placeOrder({ till, totalMinor });
  const scanId = randomUUID();
  network.hold(true);
  const lost = overTheNetwork("POST", "/pos/scans", {
    body: { scan_id: scanId, card_uid: bert.cardUid },
    authorization: till.device.authorization,
  });
  await loseOnTheWay(lost);
  expect(await chargesOf(bert.id)).toBe(0);
  network.hold(false);
  expect((await bert.scan(till, { scanId })).status).toBe(201);
  expect(await chargesOf(bert.id)).toBe(1);
});

test("row 10: a scan whose answer was lost is repeated into the same charge, and the phone is asked once", async () => {
  const bert = await money.fundedStudent({ balanceMinor: funds });
  await bert.placeOrder({ till, totalMinor });
  const scanId = randomUUID();
  cutter.judge(judgeOnce(openStatement, "hold answer"));
  const lost = overTheNetwork("POST", "/pos/scans", {
    body: { scan_id: scanId, card_uid: bert.cardUid },
    authorization: till.device.authorization,
  });
  const refused = expect(lost).rejects.toThrow();
  await until("the server took the scan", async () => (await chargesOf(bert.id)) === 1);
  network.cutAll();
  await refused;
  const again = await bert.scan(till, { scanId, process: 1 });
  expect(again.status).toBe(200);
  expect(await chargesOf(bert.id)).toBe(1);
  expect(await requestsTo(bert.id)).toBe(1);
});

test("row 10: a scan whose commit was cut off is 503 at worst, and the repetition finds its charge", async () => {
  const bert = await money.fundedStudent({ balanceMinor: funds });
  await bert.placeOrder({ till, totalMinor });
  const scanId = randomUUID();
  cutter.judge(judgeOnce(openStatement, "cut after"));
  const first = await bert.scan(till, { scanId });
  expect([200, 201, 503]).toContain(first.status);
  expect((await bert.scan(till, { scanId, process: 1 })).status).toBe(200);
  expect([await chargesOf(bert.id), await requestsTo(bert.id)]).toEqual([1, 1]);
});

test("row 11: a phone that was offline at its confirm sends it again and pays once", async () => {
  network.hold(true);
  const lost = confirmOverTheNetwork();
  await loseOnTheWay(lost);
  network.hold(false);
  expect(await anna.readCharge(charge.id)).toMatchObject({ state: "open" });
  expect((await confirmOverTheNetwork()).status).toBe(200);
  expect(await debitsOf(campus.owner, charge.id)).toBe(1);
});

test("row 11: a phone that comes back after the expiry gets 410 and no receipt", async () => {
  const digest = await expireIn(campus.owner, charge.id, 0);
  charge = { ...charge, digest };
  expect(await confirmOverTheNetwork()).toMatchObject({ status: 410, body: { error: { code: "CHARGE_EXPIRED" } } });
  expect(await anna.readCharge(charge.id)).toMatchObject({ state: "expired", receipt: null });
  expect(await anna.balanceMinor()).toBe(funds);
});

const overTheNetwork: ReturnType<typeof createApi> = (method, path, options) =>
  createApi([`http://127.0.0.1:${network.port}`])(method, path, options);

/** The wire is held, so the server never sees what was sent; then it breaks. */
async function loseOnTheWay(request: Promise<unknown>): Promise<void> {
  const state = { isLost: false };
  request.catch(() => {
    state.isLost = true;
  });
  await until("the request is lost", () => {
    network.cutAll();
    return state.isLost;
  });
}

const confirmOverTheNetwork = () =>
  overTheNetwork("POST", `/charges/${charge.id}/confirm`, {
    token: anna.token,
    body: { digest: charge.digest, number_match: charge.match_code },
  });

const chargesOf = async (studentId: string): Promise<number> =>
  (await campus.sql`select id from charges where student_id = ${studentId}`).length;

const requestsTo = async (studentId: string): Promise<number> =>
  (await campus.sql`select id from outbox where topic = 'push.charge' and payload ->> 'student_id' = ${studentId}`).length;

/** Whether a session waits for the transaction that this one is in now. */
async function waitsFor(holder: pg.PoolClient): Promise<boolean> {
  const { rows } = await holder.query<{ waited: boolean }>(`
    select exists (select from pg_locks where locktype = 'transactionid' and not granted
      and transactionid::text = (pg_current_xact_id()::text::bigint % 4294967296)::text) as waited`);
  return rows[0]?.waited === true;
}

const lockWaiters = async (): Promise<number> =>
  (
    await campus.database.query(
      "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and usename like 'campus%'",
    )
  ).length;

/** A setting of the app's sessions in this database, and sessions that have it. */
async function resetSessions(setting: string, value: string | undefined): Promise<void> {
  const what = value === undefined ? `reset ${setting}` : `set ${setting} = '${value}'`;
  await campus.database.query(`alter role campus_app in database ${campus.database.name} ${what}`);
  cutter.cutAll();
  await until("the pool has dropped the old sessions", async () => (await anna.api("GET", "/users/me")).status === 200);
}
