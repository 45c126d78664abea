import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { expireChargesJob } from "../../charges/end-charges.ts";
import { sql } from "../../platform/postgres.ts";
import { type Campus, startCampus } from "../campus.ts";
import { type Money, moneyOf, newCardUid, type Till } from "../money.ts";
import { until } from "../platform.ts";
import { debitsOf, expireIn, times, violations } from "./books.ts";

let campus: Campus;
let money: Money;
let till: Till;
beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  till = await money.till();
});
afterEach(async () => expect(await violations(campus.owner)).toEqual({}));
afterAll(() => campus.end());

const student = (balanceMinor = 20_000) => money.fundedStudent({ balanceMinor });
const totalMinor = 5_900;

test("row 1: too little money is 402 and leaves the charge open; after a top-up the same charge pays once", async () => {
  const poor = await student(1_000);
  const charge = await poor.scannedOrder({ till, totalMinor });
  const refused = await poor.confirm(charge);
  expect(refused).toMatchObject({
    status: 402,
    body: { error: { code: "INSUFFICIENT_FUNDS", details: { balance_minor: 1_000, needed_minor: totalMinor } } },
  });
  expect(await poor.readOrder(charge.order_id)).toMatchObject({ payment_status: "pending" });
  expect(await poor.readCharge(charge.id)).toMatchObject({ state: "open" });
  await poor.topUp(10_000);
  const answers = await Promise.all(times(6, (index) => poor.confirm(charge, { process: (index % 2) as 0 | 1 })));
  expect(answers.map(({ status }) => status)).toEqual(times(6, () => 200));
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  expect(await poor.balanceMinor()).toBe(11_000 - totalMinor);
});

test("row 9: a scan that is repeated with its own id after the charge has ended gives that charge, not a new one", async () => {
  const anna = await student();
  const scanId = randomUUID();
  await anna.placeOrder({ till, totalMinor });
  const scanned = await anna.scan(till, { scanId });
  await anna.decline(scanned.body.charge.id);
  expect(await anna.scan(till, { scanId, process: 1 })).toMatchObject({
    status: 200,
    body: { charge: { id: scanned.body.charge.id, state: "declined" } },
  });
});

test("row 12: a card scanned twice at one till within seconds is one charge and one request to the phone", async () => {
  const anna = await student();
  await anna.placeOrder({ till, totalMinor });
  const first = await anna.scan(till);
  const again = await Promise.all(times(4, (index) => anna.scan(till, { process: (index % 2) as 0 | 1 })));
  expect(first.status).toBe(201);
  expect(again.map(({ status, body }) => [status, body.charge.id])).toEqual(times(4, () => [200, first.body.charge.id]));
  expect(await requestsTo(anna.id)).toBe(1);
});

test("row 12: the second scan, repeated with its own id after the charge has ended, gives that charge and opens no other", async () => {
  const anna = await student();
  await anna.placeOrder({ till, totalMinor });
  const [first, second] = [randomUUID(), randomUUID()];
  const opened = await anna.scan(till, { scanId: first });
  await anna.scan(till, { scanId: second });
  await anna.decline(opened.body.charge.id);
  for (const scanId of [first, second])
    expect(await anna.scan(till, { scanId, process: 1 })).toMatchObject({
      status: 200,
      body: { charge: { id: opened.body.charge.id, state: "declined" } },
    });
  expect(await requestsTo(anna.id)).toBe(1);
});

test("row 12: two first scans of one card at the same instant open one charge", async () => {
  const anna = await student();
  await anna.placeOrder({ till, totalMinor });
  const scans = await Promise.all(times(6, (index) => anna.scan(till, { process: (index % 2) as 0 | 1 })));
  expect(new Set(scans.map(({ body }) => body.charge.id)).size).toBe(1);
  expect(scans.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(await requestsTo(anna.id)).toBe(1);
});

test("row 13: one card at two cafés at once shows each café its own order, and each is paid once", async () => {
  const anna = await student();
  const other = await money.till();
  const [here, there] = [await anna.placeOrder({ till, totalMinor }), await anna.placeOrder({ till: other, totalMinor: 3_100 })];
  const scans = await Promise.all([anna.scan(till), anna.scan(other, { process: 1 })]);
  expect(scans.map(({ body }) => body.charge.order_id)).toEqual([here.id, there.id]);
  for (const { body } of scans) {
    const charge = await anna.readCharge(body.charge.id);
    expect((await anna.confirm({ ...charge, match_code: body.match_code })).status).toBe(200);
  }
  expect(await anna.balanceMinor()).toBe(20_000 - totalMinor - 3_100);
});

test("row 13: of two tills of one café the second supersedes the first, the first is told, and one debit is made", async () => {
  const anna = await student();
  const second = await money.secondTill(till);
  const charge = await anna.scannedOrder({ till, totalMinor });
  const taken = await anna.scan(second, { process: 1 });
  expect(taken.status).toBe(201);
  expect(taken.body.charge.id).not.toBe(charge.id);
  expect(await endingsTold(`device:${till.device.id}`, charge.id)).toEqual(["superseded"]);
  expect(await anna.confirm(charge)).toMatchObject({ status: 409, body: { error: { code: "CHARGE_SUPERSEDED" } } });
  const latest = await anna.readCharge(taken.body.charge.id);
  expect((await anna.confirm({ ...latest, match_code: taken.body.match_code })).status).toBe(200);
  expect(await anna.balanceMinor()).toBe(20_000 - totalMinor);
});

test("row 13: two tills of one café that scan at the same instant leave one open charge", async () => {
  const anna = await student();
  const second = await money.secondTill(till);
  await anna.placeOrder({ till, totalMinor });
  const scans = await Promise.all([anna.scan(till), anna.scan(second, { process: 1 })]);
  expect(scans.map(({ status }) => status)).toEqual([201, 201]);
  expect(await campus.sql`select state from charges where student_id = ${anna.id} order by state`).toEqual([
    { state: "open" },
    { state: "superseded" },
  ]);
});

test("row 14: of two unpaid orders none is taken silently: both are listed, and the one that is picked is charged", async () => {
  const anna = await student();
  const orders = [await anna.placeOrder({ till, totalMinor }), await anna.placeOrder({ till, totalMinor: 3_100 })];
  const asked = await anna.scan(till);
  expect(asked).toMatchObject({ status: 409, body: { error: { code: "ORDER_CHOICE_REQUIRED" } } });
  expect(asked.body.error?.details.orders).toMatchObject(orders.map(({ id, total_minor }) => ({ id, amount_minor: total_minor })));
  expect((await anna.scan(till, { orderId: orders[1]?.id ?? "" })).body.charge).toMatchObject({ order_id: orders[1]?.id });
});

test("row 15: a confirm repeated with the same key, at once and later, is one debit and the same bytes", async () => {
  const anna = await student();
  const charge = await anna.scannedOrder({ till, totalMinor });
  const atOnce = await Promise.all(times(10, (index) => anna.confirm(charge, { process: (index % 2) as 0 | 1 })));
  const later = await anna.confirm(charge, { process: 1 });
  expect(new Set([...atOnce, later].map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  expect(later.headers.get("idempotency-hit")).toBe("true");
  expect(await debitsOf(campus.owner, charge.id)).toBe(1);
});

test("row 16: a confirm from two phones of one student is one debit, and both get the same receipt", async () => {
  const anna = await student();
  const charge = await anna.scannedOrder({ till, totalMinor });
  const token = await anna.otherSession();
  const [one, other] = await Promise.all([anna.confirm(charge), anna.confirm(charge, { process: 1, token })]);
  expect([one.status, other.status, one.text]).toEqual([200, 200, other.text]);
  expect(await debitsOf(campus.owner, charge.id)).toBe(1);
});

test("row 17: of a confirm and a decline the first commit wins, and the other is told the final state", async () => {
  const anna = await student(200_000);
  const outcomes = new Set<string>();
  for (const round of times(12, (index) => index)) {
    const charge = await anna.scannedOrder({ till, totalMinor });
    const decline = () => anna.decline(charge.id, { process: 1 });
    const confirm = () => anna.confirm(charge);
    const [yes, no] =
      round % 2 === 0
        ? await Promise.all([confirm(), decline()])
        : await Promise.all([decline(), confirm()]).then(([first, second]) => [second, first] as const);
    const { state } = await anna.readCharge(charge.id);
    outcomes.add(state);
    expect([yes.status, no.status].sort()).toEqual([200, 409]);
    const loser = yes.status === 409 ? yes : no;
    expect(loser.body.error).toMatchObject({ code: "CHARGE_CLOSED", details: { state } });
    expect(await debitsOf(campus.owner, charge.id)).toBe(state === "confirmed" ? 1 : 0);
    await campus.sql`update charges set ended_at = ended_at - interval '11 minutes' where id = ${charge.id} and state = 'declined'`;
  }
  expect([...outcomes].every((state) => state === "confirmed" || state === "declined")).toBe(true);
});

test("row 18: an order cancelled between scan and confirm is 409 and no debit", async () => {
  const anna = await student();
  const charge = await anna.scannedOrder({ till, totalMinor });
  expect((await anna.cancel(charge.order_id)).status).toBe(200);
  expect(await anna.confirm(charge)).toMatchObject({ status: 409, body: { error: { code: "ORDER_CANCELLED" } } });
  expect(await anna.balanceMinor()).toBe(20_000);
});

test("row 18: an order cancelled after the debit gives the money back once, however often it is cancelled", async () => {
  const anna = await student();
  const charge = await anna.scannedOrder({ till, totalMinor });
  await anna.confirm(charge);
  const cancels = await Promise.all(times(4, () => anna.cancel(charge.order_id)));
  expect(cancels.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(await anna.statement()).toMatchObject([{ kind: "refund", amountMinor: totalMinor }, { kind: "debit" }, { kind: "adjustment" }]);
});

test("row 18: whichever of confirm and cancel is first, the student ends with the money or with the meal", async () => {
  const anna = await student(200_000);
  for (const round of times(10, (index) => index)) {
    const before = await anna.balanceMinor();
    const charge = await anna.scannedOrder({ till, totalMinor });
    await Promise.all(
      round % 2 === 0
        ? [anna.confirm(charge), anna.cancel(charge.order_id)]
        : [anna.cancel(charge.order_id), anna.confirm(charge, { process: 1 })],
    );
    expect(await anna.readOrder(charge.order_id)).toMatchObject({ status: "cancelled" });
    expect(await anna.balanceMinor()).toBe(before);
  }
});

test("row 19: an order changed after the scan is 409 with the new digest, and only that one pays", async () => {
  const anna = await student();
  const charge = await anna.scannedOrder({ till, totalMinor });
  await anna.amend(charge.order_id, 7_200);
  const refused = await anna.confirm(charge);
  expect(refused).toMatchObject({ status: 409, body: { error: { code: "CHARGE_CHANGED", details: { amount_minor: 7_200 } } } });
  const changed = await anna.readCharge(charge.id);
  expect(changed.digest).toBe(refused.body.error?.details.digest);
  expect(changed.digest).not.toBe(charge.digest);
  expect((await anna.confirm(charge)).status).toBe(409);
  expect((await anna.confirm({ ...changed, match_code: charge.match_code })).status).toBe(200);
  expect(await anna.balanceMinor()).toBe(20_000 - 7_200);
});

test("row 19: a price changed on the menu after the order changes nothing of what is paid", async () => {
  const anna = await student();
  const charge = await anna.scannedOrder({ till, totalMinor: 4_400 });
  await campus.sql`update menu_items set price_minor = 9_900 where cafe_id = ${till.cafe.id} and price_minor = 4_400`;
  expect((await anna.confirm(charge)).status).toBe(200);
  expect(await anna.balanceMinor()).toBe(20_000 - 4_400);
});

test("row 20: confirms at the moment of expiry are paid or 410, never both, with the sweeper at work", async () => {
  const people = await Promise.all(times(24, () => student()));
  const charges = await Promise.all(people.map((one) => one.scannedOrder({ till, totalMinor })));
  const soon = await Promise.all(charges.map((charge, index) => expireIn(campus.owner, charge.id, index * 8)));
  const sweep = () => campus.worker.db.transaction((tx) => expireChargesJob(campus.worker).run(tx));
  const answers = await Promise.all([
    ...people.map((one, index) =>
      one.confirm({ ...charges[index], digest: soon[index] } as never, { process: (index % 2) as 0 | 1 }).then(({ status }) => status),
    ),
    ...times(6, () => sweep().then(() => undefined)),
  ]);
  for (const [index, one] of people.entries()) {
    const status = answers[index];
    expect([200, 410]).toContain(status);
    expect(await one.balanceMinor()).toBe(status === 200 ? 20_000 - totalMinor : 20_000);
  }
});

test("row 20: a confirm that waits for its wallet until the charge has expired is 410 and no debit", async () => {
  const anna = await student();
  const charge = await anna.scannedOrder({ till, totalMinor });
  const digest = await expireIn(campus.owner, charge.id, 1_000);
  const { confirmed } = await campus.owner.transaction(async (tx) => {
    await tx.run(sql`select from wallets where student_id = ${anna.id} for update`);
    const confirming = anna.confirm({ ...charge, digest });
    await until("the confirm waits for the wallet and its time passes", async () => {
      const [seen] = await campus.database.query<{ late: boolean }>(
        `select clock_timestamp() > expires_at and exists (
           select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') as late
         from charges where id = $1`,
        [charge.id],
      );
      return seen?.late;
    });
    return { confirmed: confirming };
  });
  expect(await confirmed).toMatchObject({ status: 410, body: { error: { code: "CHARGE_EXPIRED" } } });
  expect(await anna.balanceMinor()).toBe(20_000);
});

test("row 26: a request that is opened after its end shows how it ended, and a confirm then does nothing", async () => {
  const anna = await student();
  const charge = await anna.scannedOrder({ till, totalMinor });
  await anna.decline(charge.id);
  expect(await anna.readCharge(charge.id)).toMatchObject({ state: "declined", expires_in: expect.any(Number) });
  expect(await anna.confirm(charge)).toMatchObject({
    status: 409,
    body: { error: { code: "CHARGE_CLOSED", details: { state: "declined" } } },
  });
  expect((await anna.api<{ items: unknown[] }>("GET", "/charges/open")).body.items).toEqual([]);
  expect(await anna.balanceMinor()).toBe(20_000);
});

test("row 27: another student's confirm is 404, one without valid proof is 401; both are audited and nothing moves", async () => {
  const [anna, thief] = [await student(), await student()];
  await anna.registerKey();
  const charge = await anna.scannedOrder({ till, totalMinor });
  expect((await anna.confirm(charge, { token: thief.token })).status).toBe(404);
  expect(await anna.confirm(charge)).toMatchObject({ status: 401, body: { error: { code: "INVALID_SIGNATURE" } } });
  expect(await refusalsAudited(charge.id)).toEqual([
    { actorId: thief.id, because: "not_found" },
    { actorId: anna.id, because: "signature" },
  ]);
  expect([await anna.balanceMinor(), await thief.balanceMinor()]).toEqual([20_000, 20_000]);
});

test("row 28: not me freezes the card, and the counter hears the same of a frozen, a lost and an unknown card", async () => {
  const [anna, loser] = [await student(), await student()];
  const charge = await anna.scannedOrder({ till, totalMinor });
  await loser.placeOrder({ till, totalMinor });
  expect((await anna.decline(charge.id, { notMe: true })).status).toBe(200);
  expect((await loser.api("POST", `/cards/${loser.cardId}/report-lost`)).status).toBe(200);
  const answers = await Promise.all([anna.scan(till), loser.scan(till), anna.scan(till, { cardUid: newCardUid() })]);
  expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  expect(answers[0]?.body.error?.code).toBe("CARD_NOT_ACCEPTED");
});

test("row 28: a card reported lost after the scan pays nothing", async () => {
  const anna = await student();
  const charge = await anna.scannedOrder({ till, totalMinor });
  expect((await anna.api("POST", `/cards/${anna.cardId}/report-lost`)).status).toBe(200);
  expect(await anna.confirm(charge)).toMatchObject({
    status: 409,
    body: { error: { code: "CHARGE_CLOSED", details: { state: "voided" } } },
  });
  expect(await anna.balanceMinor()).toBe(20_000);
});

test("row 29: a wallet frozen after the scan is 423, and pays once it is thawed", async () => {
  const anna = await student();
  const charge = await anna.scannedOrder({ till, totalMinor });
  expect((await anna.api("POST", "/wallet/freeze")).status).toBe(200);
  expect(await anna.confirm(charge)).toMatchObject({ status: 423, body: { error: { code: "WALLET_FROZEN" } } });
  expect(await anna.balanceMinor()).toBe(20_000);
  const body = await anna.proof({ purpose: "thaw_wallet" });
  expect((await anna.api("POST", "/wallet/unfreeze", { body })).status).toBe(200);
  expect((await anna.confirm(charge)).status).toBe(200);
});

test("row 29: freezes that race confirms leave no debit inside a frozen time", async () => {
  const people = await Promise.all(times(12, () => student()));
  const charges = await Promise.all(people.map((one) => one.scannedOrder({ till, totalMinor })));
  const answers = await Promise.all(
    people.flatMap((one, index) => {
      const charge = charges[index];
      if (!charge) return [];
      const steps = [() => one.confirm(charge, { process: 1 }), () => one.api("POST", "/wallet/freeze")];
      return (index % 2 === 0 ? steps : steps.reverse()).map((step) => step());
    }),
  );
  expect(answers.every(({ status }) => status === 200 || status === 423)).toBe(true);
});

test("row 30: a till revoked after the scan ends the charge at the confirm", async () => {
  const anna = await student();
  const own = await money.secondTill(till);
  const charge = await anna.scannedOrder({ till: own, totalMinor });
  const boss = await campus.staff("owner", till.cafe);
  expect((await boss.api("DELETE", `/admin/devices/${own.device.id}`)).status).toBeLessThan(300);
  expect(await anna.confirm(charge)).toMatchObject({
    status: 409,
    body: { error: { code: "CHARGE_CLOSED", details: { state: "voided" } } },
  });
  expect(await anna.balanceMinor()).toBe(20_000);
});

test("row 30: a café suspended after the scan is 409 and no debit, and pays once it is open again", async () => {
  const own = await money.till();
  const anna = await student();
  const charge = await anna.scannedOrder({ till: own, totalMinor });
  await campus.sql`update cafes set status = 'suspended' where id = ${own.cafe.id}`;
  expect(await anna.confirm(charge)).toMatchObject({ status: 409, body: { error: { code: "RESTAURANT_CLOSED" } } });
  await campus.sql`update cafes set status = 'approved' where id = ${own.cafe.id}`;
  expect((await anna.confirm(charge)).status).toBe(200);
});

test("row 30: tills revoked while confirms are under way leave no debit after the revocation", async () => {
  const own = await Promise.all(times(8, () => money.secondTill(till)));
  const people = await Promise.all(times(8, () => student()));
  const charges = await Promise.all(people.map((one, index) => one.scannedOrder({ till: own[index] ?? till, totalMinor })));
  const boss = await campus.staff("owner", till.cafe);
  const answers = await Promise.all(
    people.flatMap((one, index) => {
      const [charge, mine] = [charges[index], own[index]];
      if (!charge || !mine) return [];
      const steps = [() => one.confirm(charge, { process: 1 }), () => boss.api("DELETE", `/admin/devices/${mine.device.id}`)];
      return (index % 2 === 0 ? steps : steps.reverse()).map((step) => step());
    }),
  );
  expect(answers.every(({ status }) => status < 300 || status === 409)).toBe(true);
});

const requestsTo = async (studentId: string): Promise<number> =>
  (await campus.sql`select id from outbox where topic = 'push.charge' and payload ->> 'student_id' = ${studentId}`).length;

async function endingsTold(channel: string, chargeId: string): Promise<unknown[]> {
  const told = await campus.sql<{ state: string }>`
    select data ->> 'state' as state from events where event = 'charge_ended' and ${channel} = any(channels) and data ->> 'charge_id' = ${chargeId}`;
  return told.map(({ state }) => state);
}

const refusalsAudited = (chargeId: string) =>
  campus.sql`select actor_id, details ->> 'because' as because from audit_log
    where action = 'charge.confirm_refused' and object_id = ${chargeId} order by id`;
