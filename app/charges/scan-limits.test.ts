import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { ApiAnswer } from "../testing/api-client.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { addDish } from "../testing/menus.ts";
import { type Money, type MoneyStudent, moneyOf, type Till } from "../testing/money.ts";

let campus: Campus;
let money: Money;
let till: Till;
let student: MoneyStudent;

beforeAll(async () => {
  campus = await startCampus({ env: { RATE_LIMIT_SCALE: "1", RATE_CARDS_REFUSED_PER_10_MINUTES: "4" } });
  money = moneyOf(campus);
});
beforeEach(async () => {
  till = await money.till();
  student = await money.fundedStudent({ balanceMinor: 10_000 });
});
afterAll(() => campus.end());

const codeOf = ({ status, body }: ApiAnswer<unknown>) => [status, (body as { error?: { code: string } }).error?.code];
const limited = [429, "RATE_LIMITED"];
const strangersCard = () => randomUUID().replaceAll("-", "").slice(0, 14);
const sale = async (at: Till, cardUid: string, dish?: string) =>
  at.device.api("POST", "/pos/sales", {
    body: { items: [{ menu_item_id: dish ?? (await addDish(campus, at.cafe)), quantity: 1 }], payment: "card", card_uid: cardUid },
    headers: { "Idempotency-Key": randomUUID() },
  });

test("three requests that ended declined or expired in ten minutes, and the café asks the phone no more; another café may", async () => {
  const order = await student.placeOrder({ till, totalMinor: 500 });
  for (const turn of [1, 2, 3]) {
    const { body } = await student.scan(till, { orderId: order.id });
    if (turn < 3) await student.decline(body.charge.id);
    else await campus.sql`update charges set expires_at = now() - interval '1 second' where id = ${body.charge.id}`;
  }
  const capped = await student.scan(till, { orderId: order.id });
  expect(codeOf(capped)).toEqual(limited);
  expect(Number(capped.headers.get("Retry-After"))).toBeGreaterThan(500);
  const elsewhere = await money.till();
  await student.placeOrder({ till: elsewhere, totalMinor: 500 });
  expect((await student.scan(elsewhere)).status).toBe(201);
  await campus.sql`update charges set ended_at = ended_at - interval '10 minutes' where student_id = ${student.id} and state = 'declined'`;
  expect((await student.scan(till, { orderId: order.id })).status).toBe(201);
});

test("ten requests that ended without a payment in any way, by sale and void too, and the café asks the phone no more", async () => {
  const second = await money.secondTill(till);
  for (let turn = 0; turn < 8; turn += 1) {
    const sold = await sale(till, student.cardUid);
    expect(sold.status).toBe(201);
    const { charge } = sold.body as { charge: { id: string } };
    expect((await till.device.api("POST", `/pos/charges/${charge.id}/void`)).status).toBe(200);
  }
  await campus.sql`update orders set status = 'cancelled', cancelled_at = now(), cancel_reason = 'test' where student_id = ${student.id}`;
  await student.placeOrder({ till, totalMinor: 500 });
  for (const at of [till, second, till]) expect((await student.scan(at)).status).toBe(201);
  const capped = await student.scan(second);
  expect(codeOf(capped)).toEqual(limited);
  expect(Number(capped.headers.get("Retry-After"))).toBeGreaterThan(500);
  const dish = await addDish(campus, till.cafe, { stock: 5 });
  expect(codeOf(await sale(till, student.cardUid, dish))).toEqual(limited);
  expect(await campus.sql`select stock from menu_items where id = ${dish}`).toEqual([{ stock: 5 }]);
  // What was open when the limit was reached stays so.
  expect(await campus.sql`select device_id from charges where student_id = ${student.id} and state = 'open'`).toEqual([
    { deviceId: till.device.id },
  ]);
});

test("cards that are not good are counted for their café, by scan and sale; past the limit a good one tells nothing either", async () => {
  await student.placeOrder({ till, totalMinor: 500 });
  for (const turn of [1, 2, 3, 4]) {
    const answer = turn % 2 === 0 ? await sale(till, strangersCard()) : await student.scan(till, { cardUid: strangersCard() });
    expect(codeOf(answer)).toEqual([403, "CARD_NOT_ACCEPTED"]);
  }
  const second = await money.secondTill(till);
  const answers = [
    await student.scan(second, { cardUid: strangersCard() }),
    await student.scan(second),
    await sale(second, strangersCard()),
    await sale(second, student.cardUid),
  ];
  expect(answers.map(codeOf)).toEqual([limited, limited, limited, limited]);
  expect(await campus.sql`select cards from refused_cards where cafe_id = ${till.cafe.id}`).toEqual([{ cards: 4 }]);
  expect(await campus.processes[0].platform.metrics.text()).toContain("card_refusals_total 4");
  const elsewhere = await money.till();
  await student.placeOrder({ till: elsewhere, totalMinor: 500 });
  expect((await student.scan(elsewhere)).status).toBe(201);
});

test("a sale at a café that is not approved says nothing of the card", async () => {
  await campus.sql`update cafes set status = 'suspended' where id = ${till.cafe.id}`;
  const answers = [await sale(till, student.cardUid), await sale(till, strangersCard())];
  expect(answers.map(codeOf)).toEqual([
    [409, "RESTAURANT_CLOSED"],
    [409, "RESTAURANT_CLOSED"],
  ]);
});
