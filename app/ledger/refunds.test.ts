import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type Till } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";
import { codeOf } from "../testing/refusal.ts";
import { checkLedger } from "./check-ledger.ts";

let campus: Campus;
let money: Money;
let till: Till;
let owner: TestStaff;
let cashier: TestStaff;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  till = await money.till();
  [owner, cashier] = await Promise.all([campus.staff("owner", till.cafe), campus.staff("cashier", till.cafe)]);
});
afterAll(async () => {
  expect((await checkLedger(campus.worker.db)).invariants.filter((invariant) => !invariant.ok)).toEqual([]);
  await campus.end();
});

interface RefundBody {
  readonly amount_minor: number;
  readonly refunded_minor: number;
  readonly payment_status: string;
  readonly transaction_id: string;
  readonly error?: { readonly code: string; readonly details: Record<string, unknown> };
}

const refund = (orderId: string, amountMinor?: number, as: TestStaff = owner, key: string = randomUUID(), process: 0 | 1 = 0) =>
  as.api<RefundBody>("POST", `/admin/orders/${orderId}/refund`, {
    process,
    body: { reason: "the soup was cold", ...(amountMinor === undefined ? {} : { amount_minor: amountMinor }) },
    headers: { "Idempotency-Key": key },
  });
async function paidOrder(totalMinor = 5_000): Promise<{ student: MoneyStudent; orderId: string }> {
  const student = await money.fundedStudent({ balanceMinor: 10_000 });
  const charge = await student.scannedOrder({ till, totalMinor });
  expectOk(await student.confirm(charge));
  return { student, orderId: charge.order_id };
}

describe("a refund", () => {
  test("gives the whole debit back by default, as a new transaction that points at the old one", async () => {
    const { student, orderId } = await paidOrder();
    const made = await refund(orderId);
    expect(made).toMatchObject({
      status: 201,
      body: { order_id: orderId, amount_minor: 5_000, refunded_minor: 5_000, payment_status: "refunded", currency: "SEK" },
    });
    expect(await student.balanceMinor()).toBe(10_000);
    expect((await student.readOrder(orderId)).payment_status).toBe("refunded");
    expect(
      await campus.sql`
      select t.kind, t.corrects_id = o.paid_transaction_id as points_back, a.cafe_id from ledger_transactions t
        join orders o on o.id = t.order_id join accounts a on a.id = t.from_account_id where t.id = ${made.body.transaction_id}`,
    ).toEqual([{ kind: "refund", pointsBack: true, cafeId: till.cafe.id }]);
    expect(await campus.sql`select actor_id, cafe_id from audit_log where action = 'order.refunded' and object_id = ${orderId}`).toEqual([
      { actorId: owner.id, cafeId: till.cafe.id },
    ]);
    const [event] = await campus.sql<{ channels: string[]; data: object }>`
      select channels, data from events where event = 'refunded' and data ->> 'order_id' = ${orderId}`;
    expect(event?.channels).toEqual([`order:${orderId}`, `student:${student.id}`, `cafe:${till.cafe.id}`]);
    expect(event?.data).toMatchObject({ amount_minor: 5_000, refunded_minor: 5_000, payment_status: "refunded" });
  });

  test("in parts leaves the order paid until the last part, and the default is then the rest", async () => {
    const { student, orderId } = await paidOrder();
    expect((await refund(orderId, 1_200, cashier)).body).toMatchObject({
      amount_minor: 1_200,
      refunded_minor: 1_200,
      payment_status: "paid",
    });
    expect((await refund(orderId)).body).toMatchObject({ amount_minor: 3_800, refunded_minor: 5_000, payment_status: "refunded" });
    expect(await student.statement()).toMatchObject([
      { kind: "refund", amountMinor: 3_800 },
      { kind: "refund", amountMinor: 1_200 },
      { kind: "debit", amountMinor: -5_000 },
      { kind: "adjustment" },
    ]);
  });

  test("above what is left is refused and says what is left", async () => {
    const { student, orderId } = await paidOrder();
    await refund(orderId, 4_000);
    expect(await refund(orderId, 1_001)).toMatchObject({
      status: 409,
      body: { error: { code: "CONFLICT", details: { refundable_minor: 1_000, refunded_minor: 4_000 } } },
    });
    expect((await refund(orderId, 1_000)).status).toBe(201);
    expect(codeOf(await refund(orderId))).toBe("CONFLICT");
    expect(await student.balanceMinor()).toBe(10_000);
  });

  test("row 36: asked for fifty times at once over two processes never gives back more than was debited", async () => {
    const { student, orderId } = await paidOrder();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => refund(orderId, 300, index % 2 ? owner : cashier, randomUUID(), index % 2 ? 1 : 0)),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(16);
    expect(answers.filter((answer) => codeOf(answer) === "CONFLICT")).toHaveLength(34);
    expect(await student.balanceMinor()).toBe(10_000 - 5_000 + 16 * 300);
  });

  test("repeated with the same key is one refund with the same answer", async () => {
    const { student, orderId } = await paidOrder();
    const key = randomUUID();
    const first = await refund(orderId, 100, owner, key);
    const again = await refund(orderId, 100, owner, key, 1);
    expect(again.text).toBe(first.text);
    expect(again.headers.get("Idempotency-Hit")).toBe("true");
    expect(codeOf(await refund(orderId, 200, owner, key))).toBe("IDEMPOTENCY_MISMATCH");
    expect(await student.balanceMinor()).toBe(5_100);
  });

  test("does not raise what may be spent today", async () => {
    const student = await money.fundedStudent({ balanceMinor: 10_000, dailyLimitMinor: 5_000 });
    const charge = await student.scannedOrder({ till, totalMinor: 5_000 });
    expectOk(await student.confirm(charge));
    await refund(charge.order_id);
    const next = await student.scannedOrder({ till, totalMinor: 1 });
    expect(await student.confirm(next)).toMatchObject({ status: 409, body: { error: { code: "SPEND_LIMIT_REACHED" } } });
  });

  test("reaches a frozen wallet and is refused for a closed one", async () => {
    const { student, orderId } = await paidOrder();
    await student.api("POST", "/wallet/freeze");
    expect((await refund(orderId, 500)).status).toBe(201);
    await campus.sql`update wallets set status = 'closed' where student_id = ${student.id}`;
    expect(codeOf(await refund(orderId, 500))).toBe("CONFLICT");
    expect(await student.balanceMinor()).toBe(5_500);
    expect(await campus.sql`select refunded_minor from orders where id = ${orderId}`).toEqual([{ refundedMinor: 500 }]);
  });
});

describe("who and what can be refunded", () => {
  test("is not given by the people of a café that is suspended, and is once it is approved again", async () => {
    const { student, orderId } = await paidOrder();
    await campus.sql`update cafes set status = 'suspended' where id = ${till.cafe.id}`;
    const refused = { status: 409, body: { error: { details: { because: "cafe_not_approved" } } } };
    expect(await refund(orderId)).toMatchObject(refused);
    // A cancel gives back too.
    expect(await owner.api("PATCH", `/admin/orders/${orderId}/status`, { body: { status: "cancelled" } })).toMatchObject(refused);
    expect(await student.balanceMinor()).toBe(5_000);
    await campus.sql`update cafes set status = 'approved' where id = ${till.cafe.id}`;
    expect((await refund(orderId)).status).toBe(201);
  });

  test("an order of another café, or none at all, is not there", async () => {
    const { orderId } = await paidOrder();
    const stranger = await campus.staff("owner", await campus.cafe());
    expect(codeOf(await refund(orderId, 100, stranger))).toBe("NOT_FOUND");
    expect(codeOf(await refund(randomUUID()))).toBe("NOT_FOUND");
  });

  test("an order that was not paid, or not from a wallet, gives nothing back", async () => {
    const student = await money.fundedStudent({ balanceMinor: 10_000 });
    const unpaid = await student.placeOrder({ till, totalMinor: 1_000 });
    expect(await refund(unpaid.id)).toMatchObject({
      status: 409,
      body: { error: { code: "INVALID_TRANSITION", details: { payment_status: "pending" } } },
    });
    await campus.sql`
      with sale as (
        insert into ledger_transactions (kind, from_account_id, to_account_id, amount_minor, currency, order_id)
        values ('cash_sale', account_of('cash', null, ${till.cafe.id}, 'SEK'), account_of('cafe_payable', null, ${till.cafe.id}, 'SEK'), 1000, 'SEK', ${unpaid.id}) returning id)
      update orders set payment_method = 'cash', payment_status = 'paid', paid_transaction_id = sale.id from sale where orders.id = ${unpaid.id}`;
    expect(codeOf(await refund(unpaid.id))).toBe("CONFLICT");
  });

  test("kitchen, delivery, admin and students cannot refund; amounts and reasons must fit; a key is needed", async () => {
    const { student, orderId } = await paidOrder();
    for (const role of ["kitchen", "delivery", "admin"] as const) {
      const staff = await campus.staff(role, role === "kitchen" || role === "delivery" ? till.cafe : undefined);
      expect(codeOf(await refund(orderId, 100, staff))).toBe("INSUFFICIENT_ROLE");
    }
    expect((await student.api("POST", `/admin/orders/${orderId}/refund`, { body: { reason: "please" } })).status).toBe(403);
    for (const amount of [0, -1, 1.5]) expect(codeOf(await refund(orderId, amount))).toBe("VALIDATION_ERROR");
    for (const body of [{}, { reason: "" }, { reason: "x", other: 1 }]) {
      const headers = { "Idempotency-Key": randomUUID() };
      expect((await owner.api("POST", `/admin/orders/${orderId}/refund`, { body, headers })).status).toBe(400);
    }
    expect((await owner.api("POST", `/admin/orders/${orderId}/refund`, { body: { reason: "no key" } })).status).toBe(400);
    expect(await student.balanceMinor()).toBe(5_000);
  });

  test("a cancel by the student gives the whole debit back once", async () => {
    const { student, orderId } = await paidOrder();
    expectOk(await student.cancel(orderId));
    expect(await student.balanceMinor()).toBe(10_000);
    expect(codeOf(await refund(orderId))).toBe("CONFLICT");
  });
});
