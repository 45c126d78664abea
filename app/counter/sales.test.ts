import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { checkLedger } from "../ledger/check-ledger.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { addDish } from "../testing/menus.ts";
import { type Money, moneyOf, newCardUid, type Till } from "../testing/money.ts";
import { codeOf } from "../testing/refusal.ts";

let campus: Campus;
let money: Money;
let till: Till;
let soup: string;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  till = await money.till();
  soup = await addDish(campus, till.cafe, { priceMinor: 5_900 });
});
afterAll(async () => {
  expect((await checkLedger(campus.worker.db)).invariants.filter((invariant) => !invariant.ok)).toEqual([]);
  await campus.end();
});

interface Sale {
  readonly order: {
    readonly id: string;
    readonly order_number: string;
    readonly status: string;
    readonly payment_status: string;
    readonly payment_method: string;
    readonly total_minor: number;
  };
  readonly charge: { readonly id: string; readonly order_id: string; readonly amount_minor: number; readonly student_label: string };
  readonly match_code: string;
  readonly short_code: string;
  readonly qr_url: string;
  readonly reachable: readonly string[];
  readonly cash_tendered_minor: number;
  readonly change_minor: number;
  readonly error?: { readonly code: string; readonly details: Record<string, unknown> };
}

interface Asked {
  readonly at?: Till;
  readonly key?: string;
  readonly process?: 0 | 1;
}

const sell = (body: object, { at = till, key = randomUUID(), process = 0 }: Asked = {}) =>
  at.device.api<Sale>("POST", "/pos/sales", { body, process, headers: { "Idempotency-Key": key } });
const cash = (items = [{ menu_item_id: soup, quantity: 1 }], more: object = {}) => ({ payment: "cash", items, ...more });
const toCard = (cardUid: string, more: object = {}) => ({
  payment: "card",
  card_uid: cardUid,
  items: [{ menu_item_id: soup, quantity: 1 }],
  ...more,
});
const ordersOf = async (cafeId: string) =>
  (await campus.sql<{ orders: number }>`select count(*)::integer as orders from orders where cafe_id = ${cafeId}`)[0]?.orders;

describe("a sale for cash", () => {
  test("is paid at once, handed over, and tells the change", async () => {
    const sold = await sell(cash([{ menu_item_id: soup, quantity: 2 }], { cash_tendered_minor: 20_000 }));
    expect(sold).toMatchObject({
      status: 201,
      body: {
        order: { status: "completed", payment_status: "paid", payment_method: "cash", total_minor: 11_800, order_type: "pickup" },
        cash_tendered_minor: 20_000,
        change_minor: 8_200,
      },
    });
    expect(
      await campus.sql`
        select t.kind, t.amount_minor, a.kind as from_kind, b.kind as to_kind, o.student_id from orders o join ledger_transactions t on t.id = o.paid_transaction_id
          join accounts a on a.id = t.from_account_id join accounts b on b.id = t.to_account_id where o.id = ${sold.body.order.id}`,
    ).toEqual([{ kind: "cash_sale", amountMinor: 11_800, fromKind: "cash", toKind: "cafe_payable", studentId: null }]);
  });

  test("waits for the kitchen where it is to be prepared, and needs no more than the total", async () => {
    const sold = await sell(cash(undefined, { prepare: true }));
    expect(sold.body).toMatchObject({
      order: { status: "received", payment_status: "paid" },
      cash_tendered_minor: 5_900,
      change_minor: 0,
    });
    const cook = await campus.staff("kitchen", till.cafe);
    expect(await cook.api("GET", `/admin/orders/${sold.body.order.id}`)).toMatchObject({ status: 200, body: { can_start: true } });
  });

  test("sent again with its key gives the same bytes from either process, one order and one payment", async () => {
    const key = randomUUID();
    const before = (await ordersOf(till.cafe.id)) ?? 0;
    const first = await sell(cash(), { key });
    const again = await sell(cash(), { key, process: 1 });
    expect([again.status, again.text]).toEqual([201, first.text]);
    expect(again.headers.get("Idempotency-Hit")).toBe("true");
    expect(await ordersOf(till.cafe.id)).toBe(before + 1);
    expect(codeOf(await sell(cash(undefined, { prepare: true }), { key }))).toBe("IDEMPOTENCY_MISMATCH");
    expect(await campus.sql`select expires_at from idempotency_answers where key = ${key}`).toEqual([{ expiresAt: null }]);
  });

  test("sent twenty times at once over two processes happens once", async () => {
    const key = randomUUID();
    const before = (await ordersOf(till.cafe.id)) ?? 0;
    const answers = await Promise.all(Array.from({ length: 20 }, (_, turn) => sell(cash(), { key, process: turn % 2 === 0 ? 0 : 1 })));
    const won = answers.filter(({ status }) => status === 201);
    expect(new Set(won.map(({ text }) => text)).size).toBe(1);
    expect(answers.filter(({ status }) => status !== 201).every((answer) => codeOf(answer) === "CONFLICT")).toBe(true);
    expect(await ordersOf(till.cafe.id)).toBe(before + 1);
  });

  test("with too little cash sells nothing and names the total, and the key is still free", async () => {
    const key = randomUUID();
    const before = await ordersOf(till.cafe.id);
    const refused = await sell(cash(undefined, { cash_tendered_minor: 5_899 }), { key });
    expect(refused).toMatchObject({ status: 400, body: { error: { code: "VALIDATION_ERROR" } } });
    expect(refused.text).toContain("5900");
    expect(await ordersOf(till.cafe.id)).toBe(before);
    expect((await sell(cash(undefined, { cash_tendered_minor: 5_900 }), { key })).status).toBe(201);
  });

  test("is numbered in one row with the students' own orders, and takes counted portions once", async () => {
    const own = await money.till();
    const dish = await addDish(campus, own.cafe, { stock: 30 });
    const student = await money.fundedStudent({ balanceMinor: 10_000 });
    await student.placeOrder({ till: own, totalMinor: 700 });
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, turn) =>
        sell(cash([{ menu_item_id: dish, quantity: 1 }]), { at: own, process: turn % 2 === 0 ? 0 : 1 }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(30);
    expect(answers.filter((answer) => codeOf(answer) === "ITEM_UNAVAILABLE")).toHaveLength(10);
    const numbers = await campus.sql<{
      orderNumber: string;
    }>`select order_number from orders where cafe_id = ${own.cafe.id} order by order_number`;
    expect(numbers.map(({ orderNumber }) => Number(orderNumber.slice(13)))).toEqual(Array.from({ length: 31 }, (_, index) => index + 1));
  });
});

describe("a sale to a card", () => {
  test("asks the phone to pay this very order, also where the student has another unpaid one here", async () => {
    const student = await money.fundedStudent({ balanceMinor: 20_000, name: "Åsa Öberg" });
    const own = await student.placeOrder({ till, totalMinor: 4_000 });
    const sold = await sell(toCard(student.cardUid));
    expect(sold).toMatchObject({
      status: 201,
      body: {
        order: { status: "received", payment_status: "pending", payment_method: "wallet", total_minor: 5_900 },
        charge: { state: "open", amount_minor: 5_900, currency: "SEK", student_label: "Åsa Ö." },
        reachable: [],
      },
    });
    const { charge, order, match_code, short_code, qr_url } = sold.body;
    expect(charge.order_id).toBe(order.id);
    expect(qr_url.endsWith(`/?charge=${short_code}`)).toBe(true);
    const read = await student.readCharge(charge.id);
    expect(await student.confirm({ ...read, match_code })).toMatchObject({ status: 200, body: { order_id: order.id } });
    expect((await student.readOrder(own.id)).payment_status).toBe("pending");
    expect(await student.balanceMinor()).toBe(14_100);
  });

  test("that is paid was handed over: its student cannot take it back, as one that is not paid", async () => {
    const student = await money.fundedStudent({ balanceMinor: 20_000 });
    const paid = (await sell(toCard(student.cardUid))).body;
    expect((await student.confirm({ ...(await student.readCharge(paid.charge.id)), match_code: paid.match_code })).status).toBe(200);
    const refused = await student.cancel(paid.order.id);
    expect([refused.status, codeOf(refused)]).toEqual([409, "INVALID_TRANSITION"]);
    expect(refused.text).toContain("it was sold at the counter, ask there");
    expect(await student.balanceMinor()).toBe(14_100);
    const owner = await campus.staff("owner", till.cafe);
    const cancelled = await owner.api("PATCH", `/admin/orders/${paid.order.id}/status`, { body: { status: "cancelled" } });
    expect([cancelled.status, await student.balanceMinor()]).toEqual([200, 20_000]);
    const unpaid = (await sell(toCard(student.cardUid))).body;
    expect((await student.cancel(unpaid.order.id)).status).toBe(200);
  });

  test("says that it was rung up at a till; an order of the student's own does not", async () => {
    const student = await money.fundedStudent({ balanceMinor: 20_000 });
    const { order } = (await sell(toCard(student.cardUid))).body;
    const own = await student.placeOrder({ till, totalMinor: 1_000 });
    const isAtCounter = async (id: string) => (await student.api<{ at_counter: boolean }>("GET", `/orders/${id}`)).body.at_counter;
    expect([await isAtCounter(order.id), await isAtCounter(own.id)]).toEqual([true, false]);
  });

  test("holds what the cashier rang up: its student cannot change it", async () => {
    const student = await money.fundedStudent({ balanceMinor: 20_000 });
    const { order } = (await sell(toCard(student.cardUid))).body;
    const cheap = await money.dish(till.cafe, 100);
    const refused = await student.api("PUT", `/orders/${order.id}`, { body: { items: [{ menu_item_id: cheap.id, quantity: 1 }] } });
    expect([refused.status, codeOf(refused)]).toEqual([409, "INVALID_TRANSITION"]);
    expect((await student.readOrder(order.id)).total_minor).toBe(5_900);
  });

  test("gives what the terminal then reads of its charge, and a second scan of the card finds the same charge", async () => {
    const student = await money.fundedStudent({ balanceMinor: 20_000 });
    const { charge } = (await sell(toCard(student.cardUid))).body;
    const { expires_in: _, ...told } = charge as typeof charge & { expires_in: number };
    expect((await till.device.api("GET", `/pos/charges/${charge.id}`)).body).toMatchObject(told);
    expect(await student.scan(till)).toMatchObject({ status: 200, body: { charge: { id: charge.id } } });
  });

  test("says how the phone can be reached", async () => {
    const student = await money.fundedStudent({ balanceMinor: 20_000 });
    await student.api("POST", "/users/device-token", { body: { token: `push-${student.id}`, platform: "android" } });
    expect((await sell(toCard(student.cardUid))).body.reachable).toEqual(["push"]);
  });

  test("sent again with its key gives the same bytes and opens no second charge", async () => {
    const student = await money.fundedStudent({ balanceMinor: 20_000 });
    const key = randomUUID();
    const first = await sell(toCard(student.cardUid), { key });
    const again = await sell(toCard(student.cardUid), { key, process: 1 });
    expect([again.status, again.text]).toEqual([201, first.text]);
    expect(await campus.sql`select count(*)::integer as charges from charges where student_id = ${student.id}`).toEqual([{ charges: 1 }]);
    expect(codeOf(await sell(toCard(newCardUid()), { key }))).toBe("IDEMPOTENCY_MISMATCH");
  });

  test("leaves no card's number and no plain hash of its body in the database", async () => {
    const { createHash } = await import("node:crypto");
    const student = await money.fundedStudent({ balanceMinor: 20_000 });
    const key = randomUUID();
    const body = toCard(student.cardUid);
    await sell(body, { key });
    const plain = createHash("sha256").update("/api/v1/pos/sales").update("\n").update(JSON.stringify(body)).digest();
    expect(
      await campus.sql`select body_hash = ${plain} as is_plain, strpos(body, ${student.cardUid}) as place from idempotency_answers where key = ${key}`,
    ).toEqual([{ isPlain: false, place: 0 }]);
    expect(campus.logLines.some((line) => line.includes(student.cardUid))).toBe(false);
  });

  test("tells nothing more of a student who was erased", async () => {
    const student = await money.fundedStudent({ balanceMinor: 0, name: "Torgny Raderlund" });
    const key = randomUUID();
    const sold = await sell(toCard(student.cardUid), { key });
    expect(sold.text).toContain("Torgny R.");
    await till.device.api("POST", `/pos/sales/${sold.body.order.id}/void`);
    const otp = await campus.requestOtp(student.phone);
    expect((await student.api("DELETE", "/users/me", { body: { otp } })).status).toBeLessThan(300);
    expect((await sell(toCard(student.cardUid), { key })).text).not.toContain("Torgny");
    expect(await campus.sql`select count(*)::integer as named from idempotency_answers where body like '%Torgny%'`).toEqual([{ named: 0 }]);
  });

  test("is refused in the same neutral way for an unknown, a lost and a frozen card, and nothing is ordered", async () => {
    const [lost, frozen] = [await money.fundedStudent({ balanceMinor: 100 }), await money.fundedStudent({ balanceMinor: 100 })];
    await campus.sql`update cards set status = 'lost' where id = ${lost.cardId}`;
    await campus.sql`update cards set status = 'frozen' where id = ${frozen.cardId}`;
    const before = await ordersOf(till.cafe.id);
    const texts = [];
    for (const uid of [newCardUid(), lost.cardUid, frozen.cardUid]) {
      const refused = await sell(toCard(uid));
      expect(refused.status).toBe(403);
      texts.push(refused.text);
    }
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]).toContain("CARD_NOT_ACCEPTED");
    expect(await ordersOf(till.cafe.id)).toBe(before);
  });
});

test("a sale for cash takes one round trip to the database and one to a card two, the Idempotency-Key included", async () => {
  const student = await money.fundedStudent({ balanceMinor: 20_000 });
  const query = vi.spyOn(pg.Client.prototype, "query");
  const fewest = async (body: object) => {
    const counts: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      query.mockClear();
      expect((await sell(body)).status).toBe(201);
      counts.push(query.mock.calls.length);
    }
    // What else the processes ask now and then can only add to a count.
    return Math.min(...counts);
  };
  expect([await fewest(cash()), await fewest(toCard(student.cardUid))]).toEqual([1, 2]);
  query.mockRestore();
});

describe("what a terminal cannot sell", () => {
  test("nothing, a dish of another café, and at a café that is closed or takes no cash", async () => {
    const other = await money.till();
    expect(codeOf(await sell(cash([])))).toBe("CART_EMPTY");
    expect(codeOf(await sell(cash(), { at: other }))).toBe("ITEM_UNAVAILABLE");
    const dish = await addDish(campus, other.cafe);
    const owner = await campus.staff("owner", other.cafe);
    await owner.api("PUT", "/admin/config/cash_payment_enabled", { body: { value: false } });
    expect(codeOf(await sell(cash([{ menu_item_id: dish, quantity: 1 }]), { at: other }))).toBe("METHOD_UNAVAILABLE");
    await owner.api("PUT", "/admin/config/restaurant_open", { body: { value: false } });
    expect(codeOf(await sell(cash([{ menu_item_id: dish, quantity: 1 }]), { at: other }))).toBe("RESTAURANT_CLOSED");
  });

  test.each([
    ["a card's number with cash", { payment: "cash", card_uid: "04A22F1B" }],
    ["no card's number with a card", { payment: "card" }],
    ["cash handed over with a card", { payment: "card", card_uid: "04A22F1B", cash_tendered_minor: 100 }],
    ["another way to pay", { payment: "upi" }],
    ["an unknown field", { payment: "cash", discount: 1 }],
  ])("%s is refused", async (_, part) => {
    expect(await sell({ items: [{ menu_item_id: soup, quantity: 1 }], ...part })).toMatchObject({
      status: 400,
      body: { error: { code: "VALIDATION_ERROR" } },
    });
  });

  test("without an Idempotency-Key, with a revoked terminal's key, and as anybody who is no terminal", async () => {
    expect((await till.device.api("POST", "/pos/sales", { body: cash() })).status).toBe(400);
    const gone = await campus.device(till.cafe);
    await campus.sql`update devices set revoked_at = now() where id = ${gone.id}`;
    expect(codeOf(await sell(cash(), { at: { ...till, device: gone } }))).toBe("DEVICE_REVOKED");
    const [owner, student] = [await campus.staff("owner", till.cafe), await campus.student()];
    for (const { token } of [owner, student]) {
      const headers = { "Idempotency-Key": randomUUID() };
      expect(await campus.api("POST", "/pos/sales", { token, headers, body: cash() })).toMatchObject({
        status: 401,
        body: { error: { code: "INVALID_TOKEN" } },
      });
    }
  });
});

describe("a sale whose answer was lost", () => {
  test("is found by its key, with the same bytes, by its own terminal only", async () => {
    const key = randomUUID();
    const sold = await sell(cash(), { key });
    const found = await till.device.api("GET", `/pos/sales?key=${key}`, { process: 1 });
    expect([found.status, found.text]).toEqual([200, sold.text]);
    const neighbour = await money.secondTill(till);
    expect((await neighbour.device.api("GET", `/pos/sales?key=${key}`)).status).toBe(404);
    expect((await till.device.api("GET", `/pos/sales?key=${randomUUID()}`)).status).toBe(404);
  });
});

describe("a void", () => {
  const voidSale = (orderId: string, at = till, process: 0 | 1 = 0) =>
    at.device.api<Sale["order"]>("POST", `/pos/sales/${orderId}/void`, { process });

  test("ends the request on the phone, gives the portions back, and said twice it is still void", async () => {
    const dish = await addDish(campus, till.cafe, { stock: 5 });
    const student = await money.fundedStudent({ balanceMinor: 20_000 });
    const { order, charge } = (await sell(toCard(student.cardUid, { items: [{ menu_item_id: dish, quantity: 2 }] }))).body;
    expect(await voidSale(order.id)).toMatchObject({ status: 200, body: { status: "cancelled", cancel_reason: "voided at the counter" } });
    expect(await voidSale(order.id, till, 1)).toMatchObject({ status: 200, body: { status: "cancelled" } });
    expect((await student.readCharge(charge.id)).state).toBe("voided");
    expect(await campus.sql`select change, reason from stock_movements where order_id = ${order.id} order by id`).toEqual([
      { change: -2, reason: "ordered" },
      { change: 2, reason: "sale_voided" },
    ]);
    expect(await campus.sql`select actor_kind, actor_id from audit_log where action = 'sale.void' and object_id = ${order.id}`).toEqual([
      { actorKind: "device", actorId: till.device.id },
    ]);
  });

  test("is refused once it is paid, in cash or from the wallet", async () => {
    const paid = await sell(cash());
    expect(await voidSale(paid.body.order.id)).toMatchObject({ status: 409, body: { error: { code: "INVALID_TRANSITION" } } });
  });

  test("racing the student's yes ends in one of the two: paid and kept, or void and nothing debited", async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const student = await money.fundedStudent({ balanceMinor: 5_900 });
        const { order, charge, match_code } = (await sell(toCard(student.cardUid))).body;
        const read = await student.readCharge(charge.id);
        const [confirmed, voided] = await Promise.all([student.confirm({ ...read, match_code }), voidSale(order.id, till, 1)]);
        return [confirmed.status === 200, voided.status === 200, (await student.balanceMinor()) === 0];
      }),
    );
    for (const [isPaid, isVoid, isDebited] of outcomes) expect([isVoid, isDebited]).toEqual([!isPaid, isPaid]);
  });

  test("reaches no order that a student placed, none of another café, and none that is not there", async () => {
    const student = await money.fundedStudent({ balanceMinor: 20_000 });
    const own = await student.placeOrder({ till, totalMinor: 700 });
    const sold = await sell(toCard(student.cardUid));
    const other = await money.till();
    expect(codeOf((await voidSale(own.id)) as never)).toBe("NOT_FOUND");
    expect(codeOf((await voidSale(sold.body.order.id, other)) as never)).toBe("NOT_FOUND");
    expect(codeOf((await voidSale(randomUUID())) as never)).toBe("NOT_FOUND");
    expect((await student.readOrder(own.id)).status).toBe("received");
  });
});
