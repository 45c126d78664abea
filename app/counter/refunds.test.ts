import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkLedger } from "../ledger/check-ledger.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { patient } from "../testing/configure.ts";
import { addDish } from "../testing/menus.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, newCardUid, type Till } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";
import { codeOf } from "../testing/refusal.ts";

let campus: Campus;
let money: Money;
let till: Till;
let cashier: TestStaff;
let soup: string;

beforeAll(async () => {
  // Forty that wait for one order may take longer on a busy machine than the two seconds that a session waits for a lock.
  campus = await startCampus({ env: patient });
  money = moneyOf(campus);
  till = await money.till();
  cashier = await campus.staff("cashier", till.cafe);
  soup = await addDish(campus, till.cafe, { priceMinor: 5_000 });
});
afterAll(async () => {
  expect((await checkLedger(campus.worker.db)).invariants.filter((invariant) => !invariant.ok)).toEqual([]);
  await campus.end();
});

interface Refund {
  readonly order_id: string;
  readonly amount_minor: number;
  readonly transaction_id: string;
  readonly error?: { readonly code: string; readonly details: Record<string, unknown> };
}

interface Asked {
  readonly by?: Pick<TestStaff, "token">;
  readonly at?: Till;
  readonly process?: 0 | 1;
}

const refund = (body: object, { by = cashier, at = till, process = 0 }: Asked = {}) =>
  at.device.api<Refund>("POST", "/pos/refunds", {
    process,
    body: { scan_id: randomUUID(), reason: "the soup was cold", ...body },
    headers: { "X-Staff-Authorization": `Bearer ${by.token}` },
  });
async function paidByCard(): Promise<{ student: MoneyStudent; orderId: string }> {
  const student = await money.fundedStudent({ balanceMinor: 10_000 });
  const charge = await student.scannedOrder({ till, totalMinor: 5_000 });
  expectOk(await student.confirm(charge));
  return { student, orderId: charge.order_id };
}

async function paidInCash(at = till, item = soup): Promise<string> {
  const sold = await at.device.api<{ order: { id: string } }>("POST", "/pos/sales", {
    body: { payment: "cash", items: [{ menu_item_id: item, quantity: 1 }] },
    headers: { "Idempotency-Key": randomUUID() },
  });
  return expectOk(sold).order.id;
}

describe("a refund to a card", () => {
  test("puts the money into the wallet it came from, and names who answered for it and where", async () => {
    const { student, orderId } = await paidByCard();
    const made = await refund({ order_id: orderId, card_uid: student.cardUid, amount_minor: 1_200 });
    expect(made).toMatchObject({
      status: 201,
      body: { order_id: orderId, amount_minor: 1_200, refunded_minor: 1_200, payment_status: "paid", to: "wallet", currency: "SEK" },
    });
    expect(await student.balanceMinor()).toBe(6_200);
    expect(
      await campus.sql`
        select f.requested_by, c.device_id, l.actor_id from refunds f join counter_refunds c on c.transaction_id = f.transaction_id
          join audit_log l on l.object_id = f.order_id and l.action = 'order.refunded' where f.order_id = ${orderId}`,
    ).toEqual([{ requestedBy: cashier.id, deviceId: till.device.id, actorId: cashier.id }]);
  });

  test("is one refund for one scan_id, with the same bytes from either process, and another request under it is refused", async () => {
    const { student, orderId } = await paidByCard();
    const input = { scan_id: randomUUID(), order_id: orderId, card_uid: student.cardUid, amount_minor: 100 };
    const first = await refund(input);
    const again = await refund({ ...input, reason: "said again" }, { process: 1 });
    expect([again.status, again.text]).toEqual([201, first.text]);
    expect(again.headers.get("Idempotency-Hit")).toBe("true");
    expect(codeOf(await refund({ ...input, amount_minor: 200 }))).toBe("IDEMPOTENCY_MISMATCH");
    expect(codeOf(await refund({ ...input, card_uid: newCardUid() }))).toBe("IDEMPOTENCY_MISMATCH");
    expect(await student.balanceMinor()).toBe(5_100);
  });

  test("asked for at the terminal and in the portal at once, forty times, never gives back more than was paid", async () => {
    const { student, orderId } = await paidByCard();
    const owner = await campus.staff("owner", till.cafe);
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, turn) => {
        const process = turn % 2 === 0 ? (0 as const) : (1 as const);
        if (turn % 4 !== 0) return refund({ order_id: orderId, card_uid: student.cardUid, amount_minor: 300 }, { process });
        const headers = { "Idempotency-Key": randomUUID() };
        return owner.api<Refund>("POST", `/admin/orders/${orderId}/refund`, {
          process,
          headers,
          body: { amount_minor: 300, reason: "cold" },
        });
      }),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(16);
    expect(answers.filter((answer) => codeOf(answer) === "CONFLICT")).toHaveLength(24);
    expect(await student.balanceMinor()).toBe(5_000 + 16 * 300);
  });

  test("needs the card of the student who paid: another one finds no order, a frozen or missing one is not accepted", async () => {
    const { student, orderId } = await paidByCard();
    const other = await money.fundedStudent({ balanceMinor: 100 });
    expect(codeOf(await refund({ order_id: orderId, card_uid: other.cardUid }))).toBe("NOT_FOUND");
    expect(codeOf(await refund({ order_id: orderId, card_uid: newCardUid() }))).toBe("CARD_NOT_ACCEPTED");
    expect(codeOf(await refund({ order_id: orderId }))).toBe("CARD_NOT_ACCEPTED");
    await campus.sql`update cards set status = 'frozen' where id = ${student.cardId}`;
    expect(codeOf(await refund({ order_id: orderId, card_uid: student.cardUid }))).toBe("CARD_NOT_ACCEPTED");
    expect(await student.balanceMinor()).toBe(5_000);
    expect(await other.balanceMinor()).toBe(100);
  });
});

describe("a refund in cash", () => {
  test("goes back to the till's own account, in parts and never beyond what was paid", async () => {
    const orderId = await paidInCash();
    const first = await refund({ order_id: orderId, amount_minor: 1_500 });
    expect(first.body).toMatchObject({ amount_minor: 1_500, refunded_minor: 1_500, payment_status: "paid", to: "cash" });
    expect(
      await campus.sql`
        select t.kind, a.kind as from_kind, b.kind as to_kind, t.corrects_id = o.paid_transaction_id as points_back from ledger_transactions t
          join accounts a on a.id = t.from_account_id join accounts b on b.id = t.to_account_id join orders o on o.id = t.order_id
        where t.id = ${first.body.transaction_id}`,
    ).toEqual([{ kind: "refund", fromKind: "cafe_payable", toKind: "cash", pointsBack: true }]);
    expect(await refund({ order_id: orderId, amount_minor: 3_501 })).toMatchObject({
      status: 409,
      body: { error: { code: "CONFLICT", details: { refundable_minor: 3_500, refunded_minor: 1_500 } } },
    });
    expect((await refund({ order_id: orderId })).body).toMatchObject({
      amount_minor: 3_500,
      refunded_minor: 5_000,
      payment_status: "refunded",
    });
    expect(codeOf(await refund({ order_id: orderId }))).toBe("CONFLICT");
  });

  test("and a cancel in the portal at once give the money back exactly once", async () => {
    const orders = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const sold = await till.device.api<{ order: { id: string } }>("POST", "/pos/sales", {
          body: { payment: "cash", items: [{ menu_item_id: soup, quantity: 1 }], prepare: true },
          headers: { "Idempotency-Key": randomUUID() },
        });
        return expectOk(sold).order.id;
      }),
    );
    for (const orderId of orders) {
      await Promise.all([
        refund({ order_id: orderId, amount_minor: 2_000 }),
        cashier.api("PATCH", `/admin/orders/${orderId}/status`, { body: { status: "cancelled" }, process: 1 }),
      ]);
      expect(await campus.sql`select sum(amount_minor)::integer as given from refunds where order_id = ${orderId}`).toEqual([
        { given: 5_000 },
      ]);
    }
  });
});

describe("a terminal alone", () => {
  test("gives no money away: nobody's word, and that of a student, a cook, another café's cashier or the university is not enough", async () => {
    const orderId = await paidInCash();
    const body = { scan_id: randomUUID(), order_id: orderId, reason: "none" };
    expect((await till.device.api("POST", "/pos/refunds", { body })).status).toBe(400);
    const others = await Promise.all([
      campus.student(),
      campus.staff("kitchen", till.cafe),
      campus.staff("delivery", till.cafe),
      campus.staff("cashier", await campus.cafe()),
      campus.staff("finance"),
      campus.staff("admin"),
    ]);
    for (const by of others)
      expect(await refund(body, { by })).toMatchObject({ status: 403, body: { error: { code: "INSUFFICIENT_ROLE" } } });
    for (const token of [`${cashier.token}x`, "", "a b"]) expect(codeOf(await refund(body, { by: { token } }))).toBe("INVALID_TOKEN");
    expect(await campus.sql`select refunded_minor from orders where id = ${orderId}`).toEqual([{ refundedMinor: 0 }]);
  });

  test("and a member of staff without a terminal cannot ask either", async () => {
    const headers = { "X-Staff-Authorization": `Bearer ${cashier.token}` };
    const asked = await cashier.api<Refund>("POST", "/pos/refunds", {
      headers,
      body: { scan_id: randomUUID(), order_id: randomUUID(), reason: "x" },
    });
    expect([asked.status, codeOf(asked)]).toEqual([401, "INVALID_TOKEN"]);
  });

  test("gives neither cash nor money to a card while the café is suspended", async () => {
    const own = await money.till();
    const by = await campus.staff("cashier", own.cafe);
    const item = await addDish(campus, own.cafe, { priceMinor: 5_000 });
    const inCash = await paidInCash(own, item);
    const student = await money.fundedStudent({ balanceMinor: 10_000 });
    const charge = await student.scannedOrder({ till: own, totalMinor: 5_000 });
    expectOk(await student.confirm(charge));
    await campus.sql`update cafes set status = 'suspended' where id = ${own.cafe.id}`;
    for (const body of [{ order_id: inCash }, { order_id: charge.order_id, card_uid: student.cardUid }])
      expect(await refund(body, { by, at: own })).toMatchObject({
        status: 409,
        body: { error: { details: { because: "cafe_not_approved" } } },
      });
  });

  test("sees no order of another café, none that is not there, and refuses what was not paid", async () => {
    const other = await money.till();
    const dish = await addDish(campus, other.cafe);
    expect(codeOf(await refund({ order_id: await paidInCash(other, dish) }))).toBe("NOT_FOUND");
    expect(codeOf(await refund({ order_id: randomUUID() }))).toBe("NOT_FOUND");
    const student = await money.fundedStudent({ balanceMinor: 100 });
    const unpaid = await student.placeOrder({ till, totalMinor: 700 });
    expect(codeOf(await refund({ order_id: unpaid.id, card_uid: student.cardUid }))).toBe("INVALID_TRANSITION");
  });
});
