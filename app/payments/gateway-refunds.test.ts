import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { sql } from "../platform/postgres.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { type Checkout, gatewayOf, type TestGateway } from "../testing/gateway.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf } from "../testing/money.ts";
import { oneBehindTheOther } from "../testing/one-behind-the-other.ts";
import type { TestCafe, TestStaff } from "../testing/people.ts";
import { times, violations } from "../testing/proof/books.ts";
import { findMissedJob } from "./find-missed.ts";
import { gatewayOf as openGateway } from "./open-gateway.ts";
import { sendRefund } from "./settle-refund.ts";

const totalMinor = 5_000;

let campus: Campus;
let money: Money;
let gateway: TestGateway;
let cafe: TestCafe;
let owner: TestStaff;

beforeAll(async () => {
  campus = await startCampus({ env: { GATEWAY_TIMEOUT_MS: "400" } });
  money = moneyOf(campus);
  gateway = gatewayOf(campus);
  cafe = await campus.cafe();
  owner = await campus.staff("owner", cafe);
});
beforeEach(async () => {
  await gateway.connect({ refunds: "processed" });
});
afterAll(async () => {
  expect(await violations(campus.owner)).toEqual({});
  await campus.end();
});

interface RefundBody {
  readonly id: string;
  readonly amount_minor: number;
  readonly refunded_minor: number;
  readonly payment_status: string;
  readonly to: string;
  readonly status: string;
  readonly error?: { readonly code: string; readonly details: Record<string, unknown> };
}

async function paidOrder(): Promise<{ student: MoneyStudent; orderId: string; checkout: Checkout }> {
  const student = await money.fundedStudent({ balanceMinor: 0 });
  return { student, ...(await gateway.paidUpiOrder(student, cafe, totalMinor)) };
}

const refund = (orderId: string, body: { amount_minor?: number; to?: "wallet" | "gateway" }, process: 0 | 1 = 0, as: TestStaff = owner) =>
  as.api<RefundBody>("POST", `/admin/orders/${orderId}/refund`, {
    process,
    body: { reason: "the soup was cold", ...body },
    headers: { "Idempotency-Key": randomUUID() },
  });
const statusOf = (orderId: string) =>
  campus.sql`select f.status, f.amount_minor, o.refunded_minor, o.payment_status from gateway_refunds f join orders o on o.id = f.order_id where o.id = ${orderId}`;
async function settle(): Promise<void> {
  await campus.drainOutbox();
  await gateway.quiet();
  await campus.drainOutbox();
}

describe("a refund of a UPI order", () => {
  test("goes back through the gateway, pending until its word comes, and the order counts it from the start", async () => {
    const { student, orderId } = await paidOrder();
    const made = await refund(orderId, { to: "gateway" });
    expect(made).toMatchObject({
      status: 201,
      body: { amount_minor: totalMinor, refunded_minor: totalMinor, payment_status: "refunded", to: "gateway", status: "pending" },
    });
    await settle();
    expect(await statusOf(orderId)).toEqual([
      { status: "processed", amountMinor: totalMinor, refundedMinor: totalMinor, paymentStatus: "refunded" },
    ]);
    expect(await student.balanceMinor()).toBe(0);
    expect(
      await campus.sql`select data ->> 'status' as status from events where event = 'refund_settled' and data ->> 'order_id' = ${orderId}`,
    ).toEqual([{ status: "processed" }]);
  });

  test("goes to the wallet unless told, and opens one where the student has none", async () => {
    const { student, orderId } = await paidOrder();
    await campus.sql`delete from wallets where student_id = ${student.id}`;
    expect((await refund(orderId, {})).body).toMatchObject({ to: "wallet", status: "done", refunded_minor: totalMinor });
    expect(await student.balanceMinor()).toBe(totalMinor);
  });

  test("over both ways at once never gives back more than was paid", async () => {
    const { student, orderId } = await paidOrder();
    const answers = await Promise.all(
      times(40, (index) => refund(orderId, { amount_minor: 300, to: index % 2 ? "wallet" : "gateway" }, (index % 4 < 2 ? 0 : 1) as 0 | 1)),
    );
    const made = answers.filter(({ status }) => status === 201);
    expect(made).toHaveLength(16);
    expect(answers.filter(({ body }) => body.error?.code === "CONFLICT")).toHaveLength(24);
    await settle();
    const byGateway = made.filter(({ body }) => body.to === "gateway").length;
    expect(await campus.sql`select count(*) from gateway_refunds where order_id = ${orderId} and status = 'processed'`).toEqual([
      { count: byGateway },
    ]);
    expect(await student.balanceMinor()).toBe((16 - byGateway) * 300);
  });

  test("that the gateway fails returns to the order, which can then be refunded to the wallet", async () => {
    const { student, orderId } = await paidOrder();
    await gateway.set({ refunds: "failed" });
    await refund(orderId, { amount_minor: 2_000, to: "gateway" });
    await settle();
    expect(
      await campus.sql`select sum(case when t.to_account_id = a.id then t.amount_minor else -t.amount_minor end)::bigint as minor
        from ledger_transactions t join accounts a on a.kind = 'cafe_payable' and a.id in (t.from_account_id, t.to_account_id) where t.order_id = ${orderId}`,
    ).toEqual([{ minor: totalMinor }]);
    expect(await statusOf(orderId)).toEqual([{ status: "failed", amountMinor: 2_000, refundedMinor: 0, paymentStatus: "paid" }]);
    expect((await refund(orderId, {})).body).toMatchObject({ amount_minor: totalMinor, status: "done" });
    expect(await student.balanceMinor()).toBe(totalMinor);
  });

  test("that fails while somebody holds its order, who wants the refund next, locks nothing crosswise", async () => {
    const { orderId } = await paidOrder();
    await gateway.set({ refunds: "pending" });
    const { id } = (await refund(orderId, { to: "gateway" })).body;
    await oneBehindTheOther(
      campus.owner,
      (tx) => tx.run(sql`select from orders where id = ${orderId} for update`),
      (tx) => tx.run(sql`select finish_refund(${id}, null, 'failed')`),
      (tx) => tx.run(sql`select from gateway_refunds where id = ${id} for update nowait`),
    );
    expect(await statusOf(orderId)).toMatchObject([{ status: "failed", refundedMinor: 0, paymentStatus: "paid" }]);
  });

  test("whose answer was lost is asked again under the same key and stays one refund", async () => {
    const { orderId } = await paidOrder();
    await gateway.set({ refunds: "pending" });
    await refund(orderId, { to: "gateway" });
    await campus.drainOutbox();
    await campus.sql`update gateway_refunds set gateway_refund_id = null where order_id = ${orderId}`;
    await campus.sql`update outbox set done_at = null, due_at = now() where topic = 'gateway.refund'`;
    await campus.drainOutbox();
    const [row] = await campus.sql<{ gatewayRefundId: string }>`select gateway_refund_id from gateway_refunds where order_id = ${orderId}`;
    await gateway.door("POST", `/refunds/${row?.gatewayRefundId}/processed`);
    await settle();
    expect(await statusOf(orderId)).toMatchObject([{ status: "processed", refundedMinor: totalMinor }]);
  });

  test("stays pending where the gateway does not know our key: that is no answer to the refund, and it goes out with the right one", async () => {
    const { orderId } = await paidOrder();
    const made = expectOk(await refund(orderId, { to: "gateway" }));
    const wrong = await campus.release({ GATEWAY_KEY_SECRET: randomUUID() });
    await expect(sendRefund(wrong.platform, openGateway(wrong.platform), made.id)).rejects.toMatchObject({
      code: "TEMPORARILY_UNAVAILABLE",
    });
    await wrong.rollBack();
    expect(await statusOf(orderId)).toMatchObject([{ status: "pending", refundedMinor: totalMinor }]);
    await settle();
    expect(await statusOf(orderId)).toMatchObject([{ status: "processed", refundedMinor: totalMinor }]);
  });

  test("waits out a gateway that hangs, and what no webhook told is found by the poller", async () => {
    const { orderId } = await paidOrder();
    await gateway.set({ webhook_url: null, refunds: "pending" });
    await campus.setFaults({ gateway: "hang" });
    await refund(orderId, { to: "gateway" });
    await campus.drainOutbox();
    expect(await statusOf(orderId)).toMatchObject([{ status: "pending" }]);
    await campus.setFaults({ gateway: "ok" });
    await campus.sql`update outbox set due_at = now() where topic = 'gateway.refund' and done_at is null`;
    await campus.drainOutbox();
    const [row] = await campus.sql<{ gatewayRefundId: string }>`select gateway_refund_id from gateway_refunds where order_id = ${orderId}`;
    await gateway.door("POST", `/refunds/${row?.gatewayRefundId}/processed`);
    await campus.sql`update gateway_refunds set look_at = now() where status = 'pending'`;
    await campus.worker.db.transaction(findMissedJob(campus.worker).run);
    await campus.drainOutbox();
    expect(await statusOf(orderId)).toMatchObject([{ status: "processed" }]);
  });

  test("is refused for an order that the gateway did not bring, for another café and for other roles", async () => {
    const student = await money.fundedStudent({ balanceMinor: 10_000 });
    const till = await money.till();
    const charge = await student.scannedOrder({ till, totalMinor });
    expectOk(await student.confirm(charge));
    const boss = await campus.staff("owner", till.cafe);
    expect((await refund(charge.order_id, { to: "gateway" }, 0, boss)).body.error?.code).toBe("CONFLICT");
    expect(await campus.sql`select refunded_minor from orders where id = ${charge.order_id}`).toEqual([{ refundedMinor: 0 }]);
    const { orderId } = await paidOrder();
    expect((await refund(orderId, { to: "gateway" }, 0, boss)).status).toBe(404);
    expect((await refund(orderId, { to: "gateway" }, 0, await campus.staff("kitchen", cafe))).status).toBe(403);
  });
});
