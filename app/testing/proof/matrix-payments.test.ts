import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import path from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { findMissedJob } from "../../payments/find-missed.ts";
import type { Campus } from "../campus.ts";
import { gatewayOf, paymentNews, type TestGateway } from "../gateway.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type Till } from "../money.ts";
import { until } from "../platform.ts";
import { times, violations } from "./books.ts";
import { type CommitCutter, judgeOnce } from "./commit-cutter.ts";
import { startCutCampus } from "./cut-campus.ts";

const totalMinor = 5_000;
const outboxTries = 20;
/** A process that starts beside other tests. */
const workerWithinMs = 20_000;

let campus: Campus;
let cutter: CommitCutter;
let money: Money;
let gateway: TestGateway;
let till: Till;

beforeAll(async () => {
  ({ campus, cutter } = await startCutCampus({ GATEWAY_TIMEOUT_MS: "400" }));
  money = moneyOf(campus);
  gateway = gatewayOf(campus);
  till = await money.till();
});
afterEach(async () => {
  cutter.judge(undefined);
  await campus.setFaults({ gateway: "ok" });
  await gateway.set({ webhook_url: null, copies: 1, longest_delay_ms: 0, refunds: "processed" });
  expect(await violations(campus.owner)).toEqual({});
});
afterAll(async () => {
  await campus.end();
});

interface Refunded {
  readonly student: MoneyStudent;
  readonly orderId: string;
  readonly paymentId: string;
}

/** A UPI order, paid, and the refund that its café asked for; the worker has not been told yet. */
async function refundAsked(): Promise<Refunded> {
  const student = await money.fundedStudent({ balanceMinor: 20_000 });
  const { orderId, checkout } = await gateway.paidUpiOrder(student, till.cafe, totalMinor);
  await campus.drainOutbox();
  const owner = await campus.staff("owner", till.cafe);
  const body = { reason: "the soup was cold", to: "gateway" };
  expectOk(await owner.api("POST", `/admin/orders/${orderId}/refund`, { body, headers: { "Idempotency-Key": randomUUID() } }));
  return { student, orderId, paymentId: checkout.payment_id };
}

const refundOf = async (orderId: string) =>
  (
    await campus.sql<{
      status: string;
      gatewayRefundId: string | null;
    }>`select status, gateway_refund_id from gateway_refunds where order_id = ${orderId}`
  )[0];
const rowOf = async (orderId: string) =>
  (
    await campus.sql<{ doneAt: Date | null; deadAt: Date | null }>`
      select o.done_at, o.dead_at from outbox o join gateway_refunds f on f.id = (o.payload ->> 'refund_id')::uuid
      where o.topic = 'gateway.refund' and f.order_id = ${orderId} order by o.id limit 1`
  )[0];
const deliverAgain = async () => {
  await campus.sql`update outbox set due_at = now() where done_at is null and dead_at is null`;
  await campus.drainOutbox();
};

/** Ends a worker the hard way once it has done what the row asked for and before it could say so. */
async function killWorkerBeforeDone(hasHappened: () => Promise<boolean>): Promise<void> {
  await campus.database.query(`
    create function hold_done() returns trigger language plpgsql as $$ begin perform pg_sleep(15); return new; end $$;
    create trigger hold_done before update of done_at on outbox for each row when (new.topic = 'gateway.refund' and new.done_at is not null)
      execute function hold_done()`);
  const worker = spawn(process.execPath, [path.join(import.meta.dirname, "../../worker.ts")], {
    env: { PATH: process.env.PATH, ...campus.env, LOG_LEVEL: "silent" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = new Promise((resolve) => worker.once("close", resolve));
  try {
    const told = () => {
      if (worker.exitCode !== null) throw new Error(`The worker ended with code ${worker.exitCode}.`);
      return hasHappened();
    };
    await until("the worker to have told the gateway", told, workerWithinMs);
  } finally {
    worker.kill("SIGKILL");
    await ended;
    // Its session would finish the statement that it was killed in, as if the answer alone had been lost.
    await campus.database.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'",
    );
    await campus.database.query("drop trigger hold_done on outbox; drop function hold_done()");
  }
}

test("row 31: a worker killed after the gateway took the refund, before the row was done, is followed by another, and it is one refund", async () => {
  const { orderId } = await refundAsked();
  await gateway.set({ refunds: "pending" });
  await killWorkerBeforeDone(async () => (await refundOf(orderId))?.gatewayRefundId != null);
  expect(await rowOf(orderId)).toEqual({ doneAt: null, deadAt: null });
  const first = (await refundOf(orderId))?.gatewayRefundId;
  await campus.sql`update gateway_refunds set gateway_refund_id = null where order_id = ${orderId}`;
  await deliverAgain();
  expect(await refundOf(orderId)).toEqual({ status: "pending", gatewayRefundId: first });
  await gateway.connect({ refunds: "pending" });
  await gateway.door("POST", `/refunds/${first}/processed`);
  await gateway.quiet();
  await campus.drainOutbox();
  expect(await refundOf(orderId)).toMatchObject({ status: "processed" });
});

test("row 32: a gateway that fails for good leaves a dead letter, payments go on meanwhile, and the letter sent again is one refund", async () => {
  const { student, orderId } = await refundAsked();
  await campus.setFaults({ gateway: "500" });
  for (let round = 0; round < outboxTries; round += 1) await deliverAgain();
  expect((await rowOf(orderId))?.deadAt).not.toBeNull();
  expect(await refundOf(orderId)).toMatchObject({ status: "pending" });
  expect((await student.confirm(await student.scannedOrder({ till, totalMinor }))).status).toBe(200);
  await campus.setFaults({ gateway: "ok" });
  await until("the gateway to be asked again and to have given the money back", async () => {
    await campus.sql`update outbox set dead_at = null, tries = 0, due_at = now() where topic = 'gateway.refund' and done_at is null`;
    await campus.drainOutbox();
    return (await refundOf(orderId))?.status === "processed";
  });
});

test("row 33: a top-up's webhook thrice, shuffled, forged, and racing the browser and the poller, is one credit for each payment id", async () => {
  const students = await Promise.all(times(6, () => money.fundedStudent({ balanceMinor: 0 })));
  await gateway.connect({ copies: 3, longest_delay_ms: 200 });
  await Promise.all(
    students.map(async (student, index) => {
      for (const round of times(5, (at) => at)) {
        const topUp = await gateway.beginTopUp(student, 1_000 + round);
        const checkout = await gateway.pay(topUp.gateway_order_id);
        const forged = paymentNews({ id: `pay_forged_${topUp.id}`, order_id: topUp.gateway_order_id, amount: 1_000_000 });
        expect((await gateway.send(forged, { signature: "0".repeat(64) })).status).toBe(401);
        await campus.sql`update gateway_orders set look_at = now() where id = ${topUp.id}`;
        await Promise.all([
          gateway.verify(student, checkout, (index % 2) as 0 | 1),
          gateway.verify(student, checkout, (round % 2) as 0 | 1),
          campus.worker.db.transaction(findMissedJob(campus.worker).run).then(() => campus.drainOutbox()),
        ]);
      }
    }),
  );
  await gateway.quiet();
  await campus.drainOutbox();
  for (const student of students) {
    expect((await student.statement()).map(({ amountMinor }) => amountMinor)).toEqual([1_004, 1_003, 1_002, 1_001, 1_000]);
    expect(await student.balanceMinor()).toBe(5_010);
  }
  expect(await campus.sql`select id from gateway_events where event::text like '%pay_forged%'`).toEqual([]);
});

test("row 33: what no webhook told is found by the poller, also where every webhook was lost", async () => {
  const student = await money.fundedStudent({ balanceMinor: 0 });
  await gateway.set({ webhook_url: "http://127.0.0.1:9/nobody" });
  const topUp = await gateway.beginTopUp(student, totalMinor);
  await gateway.pay(topUp.gateway_order_id);
  await campus.sql`update gateway_orders set look_at = now() where id = ${topUp.id}`;
  await campus.worker.db.transaction(findMissedJob(campus.worker).run);
  await campus.drainOutbox();
  expect(await student.balanceMinor()).toBe(totalMinor);
});

test("row 33: a credit whose answer was cut off, having happened or not, is pending to the phone and one credit in the end", async () => {
  for (const verdict of ["cut after", "cut before"] as const) {
    const student = await money.fundedStudent({ balanceMinor: 0 });
    const topUp = await gateway.beginTopUp(student, totalMinor);
    const checkout = await gateway.pay(topUp.gateway_order_id);
    const before = cutter.cuts();
    cutter.judge(judgeOnce(/credit_payment\(/, verdict));
    expect(await gateway.verify(student, checkout)).toMatchObject({ status: 202, body: { status: "pending" } });
    cutter.judge(undefined);
    expect([cutter.cuts().after - before.after, cutter.cuts().before - before.before]).toEqual(verdict === "cut after" ? [1, 0] : [0, 1]);
    await campus.drainOutbox();
    expect(await student.statement()).toEqual([{ kind: "top_up", amountMinor: totalMinor }]);
    expect(await gateway.verify(student, checkout, 1)).toMatchObject({ status: 200, body: { status: "credited" } });
  }
});

test("row 33: a webhook whose keeping was cut off is 503, and sent again it is one credit", async () => {
  for (const verdict of ["cut after", "cut before"] as const) {
    const student = await money.fundedStudent({ balanceMinor: 0 });
    const topUp = await gateway.beginTopUp(student, totalMinor);
    const news = paymentNews({ id: `pay_${topUp.id}`, order_id: topUp.gateway_order_id, amount: totalMinor });
    cutter.judge(judgeOnce(/insert into gateway_events/, verdict));
    expect((await gateway.send(news)).status).toBe(503);
    cutter.judge(undefined);
    expect((await gateway.send(news, { process: 1 })).status).toBe(200);
    await campus.drainOutbox();
    expect(await student.statement()).toEqual([{ kind: "top_up", amountMinor: totalMinor }]);
  }
});
