import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { gatewayOf, paymentNews, type TestGateway } from "../testing/gateway.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf } from "../testing/money.ts";
import type { TestCafe } from "../testing/people.ts";
import { violations } from "../testing/proof/books.ts";

const totalMinor = 5_900;

let campus: Campus;
let money: Money;
let gateway: TestGateway;
let cafe: TestCafe;

beforeAll(async () => {
  campus = await startCampus({ env: { GATEWAY_TIMEOUT_MS: "400" } });
  money = moneyOf(campus);
  gateway = gatewayOf(campus);
  cafe = await campus.cafe();
});
afterEach(() => campus.setFaults({ gateway: "ok" }));
afterAll(async () => {
  expect(await violations(campus.owner)).toEqual({});
  await campus.end();
});

interface OrderPayment {
  readonly gateway_order_id: string;
  readonly amount: number;
  readonly currency: string;
}

const open = (student: MoneyStudent, orderId: string, process: 0 | 1 = 0) =>
  student.api<OrderPayment & { error?: { code: string } }>("POST", `/payments/orders/${orderId}`, { process });

async function unpaid(): Promise<{ student: MoneyStudent; orderId: string; payment: OrderPayment }> {
  const student = await money.fundedStudent({ balanceMinor: 0 });
  const orderId = await gateway.upiOrder(student, cafe, totalMinor);
  return { student, orderId, payment: expectOk(await open(student, orderId)) };
}

async function amend(student: MoneyStudent, orderId: string, priceMinor: number): Promise<void> {
  const dish = await money.dish(cafe, priceMinor);
  expectOk(await student.api("PUT", `/orders/${orderId}`, { body: { items: [{ menu_item_id: dish.id, quantity: 1 }] } }));
}

describe("paying an order by UPI", () => {
  test("opens one gateway order of its total, the same for whoever asks at once and again", async () => {
    const student = await money.fundedStudent({ balanceMinor: 0 });
    const orderId = await gateway.upiOrder(student, cafe, totalMinor);
    const answers = await Promise.all([0, 1, 0, 1].map((process) => open(student, orderId, process as 0 | 1)));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]?.body).toEqual({ gateway_order_id: expect.stringMatching(/^order_/), amount: totalMinor, currency: "SEK" });
  });

  test("marks it paid by one sale to the café and no wallet's money, tells everybody, and leaves the outbox row of a payment", async () => {
    const { student, orderId, payment } = await unpaid();
    const checkout = await gateway.pay(payment.gateway_order_id);
    expect(await gateway.verify(student, checkout)).toMatchObject({
      status: 200,
      body: { credited_to: "order", order_id: orderId, top_up_id: null },
    });
    expect(await student.readOrder(orderId)).toMatchObject({ payment_status: "paid" });
    expect(await student.balanceMinor()).toBe(0);
    expect(
      await campus.sql`select t.kind, t.amount_minor, f.kind as from_kind, a.cafe_id from ledger_transactions t
        join accounts f on f.id = t.from_account_id join accounts a on a.id = t.to_account_id where t.order_id = ${orderId}`,
    ).toEqual([{ kind: "gateway_sale", amountMinor: totalMinor, fromKind: "gateway_clearing", cafeId: cafe.id }]);
    expect(await campus.sql`select channels from events where event = 'order_paid' and data ->> 'order_id' = ${orderId}`).toEqual([
      { channels: [`order:${orderId}`, `cafe:${cafe.id}`, `student:${student.id}`] },
    ]);
    expect(await campus.sql`select count(*) from outbox where topic = 'order.paid' and payload ->> 'order_id' = ${orderId}`).toEqual([
      { count: 1 },
    ]);
    expect((await open(student, orderId)).body.error?.code).toBe("INVALID_TRANSITION");
  });

  test("that failed says so on the order, whatever comes late, and a second attempt pays it", async () => {
    const { student, orderId, payment } = await unpaid();
    const failed = await gateway.pay(payment.gateway_order_id, { outcome: "failed" });
    const failure = paymentNews(
      { id: failed.payment_id, order_id: payment.gateway_order_id, amount: totalMinor, status: "failed" },
      "payment.failed",
    );
    await gateway.send(failure);
    await campus.drainOutbox();
    expect(await student.readOrder(orderId)).toMatchObject({ payment_status: "failed" });
    expectOk(await gateway.verify(student, await gateway.pay(payment.gateway_order_id)));
    await gateway.send(failure.replace(/}$/, ',"created_at":7}'));
    await campus.drainOutbox();
    expect(await student.readOrder(orderId)).toMatchObject({ payment_status: "paid" });
  });

  test("is one's own: another student's order and an unknown one are 404, staff 403, a wallet order 409, without a gateway 503", async () => {
    const { student, orderId } = await unpaid();
    const other = await money.fundedStudent({ balanceMinor: 0 });
    expect((await open(other, orderId)).status).toBe(404);
    expect((await open(student, student.id)).status).toBe(404);
    expect((await (await campus.staff("owner", cafe)).api("POST", `/payments/orders/${orderId}`)).status).toBe(403);
    await campus.sql`update orders set payment_method = 'wallet' where id = ${orderId}`;
    expect((await open(student, orderId)).body.error?.code).toBe("CONFLICT");
    const fresh = await gateway.upiOrder(other, cafe, totalMinor);
    await amend(other, fresh, 6_100);
    await campus.setFaults({ gateway: "hang" });
    expect(await open(other, fresh)).toMatchObject({ status: 503, body: { error: { code: "TEMPORARILY_UNAVAILABLE" } } });
    await campus.setFaults({ gateway: "ok" });
    expect((await open(other, fresh)).status).toBe(200);
  });
});

describe("money that no longer fits its order goes into the student's wallet", () => {
  test("when the order was cancelled while the phone paid", async () => {
    const { student, orderId, payment } = await unpaid();
    const checkout = await gateway.pay(payment.gateway_order_id);
    expectOk(await student.cancel(orderId));
    expect(await gateway.verify(student, checkout)).toMatchObject({ status: 200, body: { credited_to: "wallet", order_id: orderId } });
    expect(await student.balanceMinor()).toBe(totalMinor);
    expect(await student.readOrder(orderId)).toMatchObject({ status: "cancelled", payment_status: "pending" });
  });

  test("when the order became another one, and the new total can still be paid", async () => {
    const { student, orderId, payment } = await unpaid();
    await amend(student, orderId, 7_000);
    const after = expectOk(await open(student, orderId));
    expect([after.amount, after.gateway_order_id === payment.gateway_order_id]).toEqual([7_000, false]);
    expect((await gateway.verify(student, await gateway.pay(payment.gateway_order_id))).body.credited_to).toBe("wallet");
    expect((await gateway.verify(student, await gateway.pay(after.gateway_order_id))).body.credited_to).toBe("order");
    expect(await student.balanceMinor()).toBe(totalMinor);
  });

  test("when the order had another total meanwhile and has the old one again: the student is told, and is not sent to a payment that is made", async () => {
    const { student, orderId, payment } = await unpaid();
    await amend(student, orderId, 7_000);
    expect((await gateway.verify(student, await gateway.pay(payment.gateway_order_id))).body.credited_to).toBe("wallet");
    await amend(student, orderId, totalMinor);
    expect((await open(student, orderId)).body.error?.code).toBe("INVALID_TRANSITION");
    expect(await student.balanceMinor()).toBe(totalMinor);
  });

  test("when it is paid twice: the first pays the order, the second is kept for the student", async () => {
    const { student, orderId, payment } = await unpaid();
    const second = paymentNews({ id: `pay_second_${orderId}`, order_id: payment.gateway_order_id, amount: totalMinor });
    const checkout = await gateway.pay(payment.gateway_order_id);
    await Promise.all([gateway.send(second), gateway.verify(student, checkout, 1)]);
    await campus.drainOutbox();
    expect(await student.readOrder(orderId)).toMatchObject({ payment_status: "paid" });
    expect(await student.balanceMinor()).toBe(totalMinor);
  });

  test("when cancel and payment race: it is paid and given back, or never paid; the wallet holds the money either way", async () => {
    for (let round = 0; round < 6; round += 1) {
      const { student, orderId, payment } = await unpaid();
      const checkout = await gateway.pay(payment.gateway_order_id);
      const [cancelled, verified] = await Promise.all([student.cancel(orderId), gateway.verify(student, checkout, 1)]);
      expect([cancelled.status, verified.status]).toEqual([200, 200]);
      expect(await student.balanceMinor()).toBe(totalMinor);
    }
  });
});

test("where no gateway is set up, UPI orders, top-ups and gifts are METHOD_UNAVAILABLE, and so is its webhook", async () => {
  const without = await startCampus({ env: { CAMPUS_ENV: "staging", RATE_LIMIT_SCALE: "1", STAFF_SECOND_FACTOR: "required" } });
  try {
    const student = await moneyOf(without).fundedStudent({ balanceMinor: 0 });
    const link = expectOk(await student.api<{ token: string }>("POST", "/wallet/gift-link", { body: { limit_minor: 50_000 } }));
    const answers = await Promise.all([
      student.api("POST", "/wallet/top-ups", { body: { amount_minor: 20_000 }, headers: { "Idempotency-Key": "k" } }),
      student.api("POST", "/payments/verify", { body: { gateway_order_id: "o", payment_id: "p", signature: "s" } }),
      without.api("POST", `/gifts/${link.token}`, { body: { amount_minor: 20_000 } }),
      without.api("POST", "/payments/webhook", { body: "{}" }),
    ]);
    for (const answer of answers) expect(answer).toMatchObject({ status: 409, body: { error: { code: "METHOD_UNAVAILABLE" } } });
  } finally {
    await without.end();
  }
});
