import { createPublicKey, type JsonWebKey, randomUUID, verify } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sql } from "../platform/postgres.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { digestOf } from "../testing/digest.ts";
import { type Money, moneyOf, type Till } from "../testing/money.ts";
import { until } from "../testing/platform.ts";
import type { StudentCharge } from "./schemas.ts";

let campus: Campus;
let money: Money;
let till: Till;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  till = await money.till();
});
afterAll(() => campus.end());

interface Answered {
  readonly status: number;
  readonly body: unknown;
}

const refusal = (answer: Answered) => {
  const { error } = answer.body as { error?: { code: string; details: Record<string, unknown> } };
  return { status: answer.status, code: error?.code, details: error?.details };
};

test("money that comes in while a debit finds too little is no limit that was reached", async () => {
  const student = await money.fundedStudent({ balanceMinor: 10_000 });
  const charge = await student.scannedOrder({ till, totalMinor: 5_900 });
  // What the debit's second look answers when the wallet has got its money after the first.
  const [late] = await campus.sql<{
    outcome: string;
  }>`select outcome from confirm_without_debit(${charge.id}, 'wallet', null, current_date)`;
  expect(late?.outcome).toBe("insufficient");
  expect((await student.confirm(charge)).status).toBe(200);
});

describe("more time", () => {
  const moreTime = (student: Awaited<ReturnType<Money["fundedStudent"]>>, chargeId: string) =>
    student.api<StudentCharge>("POST", `/charges/${chargeId}/more-time`);
  const agedCharge = async () => {
    const student = await money.fundedStudent({ balanceMinor: 10_000 });
    await student.placeOrder({ till, totalMinor: 5_900 });
    const { charge, match_code } = (await student.scan(till)).body;
    // As if thirty of its sixty seconds were over.
    await campus.sql`update charges set expires_at = expires_at - interval '30 s' where id = ${charge.id}`;
    await campus.sql`update charges c set digest = digest_of(c) where id = ${charge.id}`;
    const before = (await student.api<StudentCharge>("GET", `/charges/${charge.id}`)).body;
    return { student, before, match_code };
  };

  test("is given once: the charge lives a minute from now, and asked again it stays as it is", async () => {
    const { student, before } = await agedCharge();
    const given = await moreTime(student, before.id);
    expect([before.more_time, before.expires_in <= 30]).toEqual([true, true]);
    expect(given).toMatchObject({ status: 200, body: { state: "open", more_time: false, expires_in: 60 } });
    const again = await moreTime(student, before.id);
    expect([again.status, again.body.expires_at, again.body.digest]).toEqual([200, given.body.expires_at, given.body.digest]);
  });

  test("makes another question of it: a yes to the old one is refused, one to the new one pays", async () => {
    const { student, before, match_code } = await agedCharge();
    const given = (await moreTime(student, before.id)).body;
    expect(refusal(await student.confirm({ ...before, match_code }))).toMatchObject({
      status: 409,
      code: "CHARGE_CHANGED",
      details: { digest: given.digest },
    });
    expect((await student.confirm({ ...given, match_code })).status).toBe(200);
    expect(await student.statement()).toMatchObject([{ amountMinor: -5_900 }, {}]);
  });

  test("is for the student alone, and for a charge that is still open", async () => {
    const { student, before } = await agedCharge();
    const stranger = await money.fundedStudent({ balanceMinor: 0 });
    expect((await moreTime(stranger, before.id)).status).toBe(404);
    await student.decline(before.id);
    expect(refusal(await moreTime(student, before.id))).toMatchObject({ status: 409, code: "CHARGE_CLOSED" });
    const late = await agedCharge();
    await campus.sql`update charges set expires_at = clock_timestamp() where id = ${late.before.id}`;
    expect(refusal(await moreTime(late.student, late.before.id))).toMatchObject({ status: 410, code: "CHARGE_EXPIRED" });
  });
});

describe("a scan", () => {
  test("opens a charge that the terminal can show and the phone can find", async () => {
    const student = await money.fundedStudent({ balanceMinor: 10_000, name: "Anna Maria Andersson" });
    const order = await student.placeOrder({ till, totalMinor: 5_900 });
    const scanned = await student.scan(till);
    const open = await student.api<{ items: { id: string; short_code: string; match_code?: string }[] }>("GET", "/charges/open", {
      process: 1,
    });
    expect(scanned.status).toBe(201);
    expect(scanned.body).toMatchObject({
      charge: {
        state: "open",
        order_id: order.id,
        order_number: order.order_number,
        amount_minor: 5_900,
        currency: "SEK",
        student_label: "Anna M.",
      },
      match_code: expect.stringMatching(/^\d\d$/),
      reachable: [],
    });
    expect(scanned.body.charge.expires_in).toBeGreaterThan(50);
    expect(open.body.items.map((item) => item.id)).toEqual([scanned.body.charge.id]);
    expect(open.text).not.toContain("match_code");
    const byCode = await student.api<{ items: unknown[] }>("GET", `/charges/open?short_code=${scanned.body.short_code.toLowerCase()}`);
    expect(byCode.body.items).toHaveLength(1);
    expect((await student.api<{ items: unknown[] }>("GET", "/charges/open?short_code=XXXXXX")).body.items).toEqual([]);
  });

  test("with the same scan_id is the same scan, and with another card's number it is refused", async () => {
    const student = await money.fundedStudent({ balanceMinor: 10_000 });
    const other = await money.fundedStudent({ balanceMinor: 10_000 });
    const order = await student.placeOrder({ till, totalMinor: 1_000 });
    const scanId = randomUUID();
    const answers = await Promise.all([
      student.scan(till, { scanId }),
      student.scan(till, { scanId, process: 1 }),
      student.scan(till, { scanId }),
    ]);
    expect(new Set(answers.map((answer) => answer.body.charge.id)).size).toBe(1);
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 200, 201]);
    expect(refusal(await student.scan(till, { scanId, cardUid: other.cardUid }))).toMatchObject({
      status: 422,
      code: "IDEMPOTENCY_MISMATCH",
    });
    await student.cancel(order.id);
    const later = await student.scan(till, { scanId });
    expect([later.status, later.body.charge.state]).toEqual([200, "voided"]);
  });

  test("with the same scan_id and another order_id is refused, however the first was answered; without one it is the same scan", async () => {
    const student = await money.fundedStudent({ balanceMinor: 10_000 });
    const orders = [await student.placeOrder({ till, totalMinor: 1_000 }), await student.placeOrder({ till, totalMinor: 1_100 })];
    const [orderId, other] = orders.map(({ id }) => id);
    const [scanId, second] = [randomUUID(), randomUUID()];
    const first = await student.scan(till, { scanId, orderId });
    // Another scan that finds the charge of the first one open.
    const found = await student.scan(till, { scanId: second, orderId });
    expect(found).toMatchObject({ status: 200, body: { charge: { id: first.body.charge.id } } });
    for (const id of [scanId, second]) {
      expect(refusal(await student.scan(till, { scanId: id, orderId: other }))).toMatchObject({
        status: 422,
        code: "IDEMPOTENCY_MISMATCH",
      });
      expect(await student.scan(till, { scanId: id })).toMatchObject({ status: 200, body: { charge: { id: first.body.charge.id } } });
    }
    await student.decline(first.body.charge.id);
    // Answered with a charge that has ended since, and never with a second one.
    for (const id of [scanId, second]) {
      const again = await student.scan(till, { scanId: id, orderId });
      expect([again.status, again.body.charge.id, again.body.charge.state]).toEqual([200, first.body.charge.id, "declined"]);
    }
  });

  test("of one scan_id for two orders at one moment asks for one of them", async () => {
    const student = await money.fundedStudent({ balanceMinor: 10_000 });
    const orders = [await student.placeOrder({ till, totalMinor: 1_000 }), await student.placeOrder({ till, totalMinor: 1_100 })];
    for (const { id } of orders) await student.scan(till, { orderId: id });
    const scanId = randomUUID();
    const answers = await Promise.all(orders.map(({ id }, index) => student.scan(till, { scanId, orderId: id, process: index as 0 | 1 })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 422]);
  });

  test.each([
    ["lower case and separators", (uid: string) => (uid.match(/../g) ?? []).join(":")],
    ["upper case", (uid: string) => uid.toUpperCase()],
  ])("reads the card's number with %s", async (_, write) => {
    const student = await money.fundedStudent({ balanceMinor: 1_000 });
    await student.placeOrder({ till, totalMinor: 500 });
    expect((await student.scan(till, { cardUid: write(student.cardUid) })).status).toBe(201);
  });

  test("of an unknown, a frozen and a lost card gets one neutral answer", async () => {
    const [frozen, lost] = [await money.fundedStudent({ balanceMinor: 1_000 }), await money.fundedStudent({ balanceMinor: 1_000 })];
    for (const student of [frozen, lost]) await student.placeOrder({ till, totalMinor: 500 });
    await campus.sql`update cards set status = 'frozen' where id = ${frozen.cardId}`;
    await campus.sql`update cards set status = 'lost' where id = ${lost.cardId}`;
    const answers = [await frozen.scan(till), await lost.scan(till), await frozen.scan(till, { cardUid: "0123456789abcdef" })];
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
    expect(refusal(answers[0] as Answered)).toMatchObject({ status: 403, code: "CARD_NOT_ACCEPTED" });
  });

  test("says when there is nothing to pay, when there are several orders, and pays the one that is picked", async () => {
    const student = await money.fundedStudent({ balanceMinor: 10_000 });
    expect(refusal(await student.scan(till))).toMatchObject({ status: 404, code: "NO_PENDING_ORDER" });
    const orders = [await student.placeOrder({ till, totalMinor: 500 }), await student.placeOrder({ till, totalMinor: 700 })];
    const choice = refusal(await student.scan(till));
    expect(choice).toMatchObject({
      status: 409,
      code: "ORDER_CHOICE_REQUIRED",
      details: { orders: orders.map((order) => expect.objectContaining({ id: order.id })) },
    });
    const picked = await student.scan(till, { orderId: orders[1]?.id ?? "" });
    expect(picked.body.charge.order_id).toBe(orders[1]?.id);
  });

  test("is for enrolled terminals of approved cafés only", async () => {
    const student = await money.fundedStudent({ balanceMinor: 1_000 });
    await student.placeOrder({ till, totalMinor: 500 });
    const body = { scan_id: randomUUID(), card_uid: student.cardUid };
    expect(refusal(await student.api("POST", "/pos/scans", { body }))).toMatchObject({ status: 401, code: "INVALID_TOKEN" });
    const closed = await money.till();
    await student.placeOrder({ till: closed, totalMinor: 500 });
    await campus.sql`update cafes set status = 'suspended' where id = ${closed.cafe.id}`;
    const [known, unknown] = [await student.scan(closed), await student.scan(closed, { cardUid: "0123456789abcdef" })];
    expect(refusal(known)).toMatchObject({ status: 409, code: "RESTAURANT_CLOSED" });
    expect(unknown.text).toBe(known.text);
    await campus.sql`update devices set revoked_at = now() where id = ${till.device.id}`;
    const revoked = refusal(await student.scan(till));
    till = await money.secondTill(till);
    expect(revoked).toMatchObject({ status: 403, code: "DEVICE_REVOKED" });
  });
});

describe("a confirm", () => {
  test("answers with a receipt that the published keys verify, and the same bytes again on the other process", async () => {
    const student = await money.fundedStudent({ balanceMinor: 10_000 });
    const charge = await student.scannedOrder({ till, totalMinor: 5_900 });
    const paid = await student.confirm(charge);
    const again = await student.confirm(charge, { process: 1, token: await student.otherSession() });
    expect(paid.status).toBe(200);
    expect(paid.body).toMatchObject({ order_id: charge.order_id, balance_minor_after: 4_100 });
    expect(again.text).toBe(paid.text);
    expect(again.headers.get("Idempotency-Hit")).toBe("true");
    expect(await verifiedPayload(paid.body.receipt ?? "")).toMatchObject({
      version: 1,
      receipt_id: paid.body.receipt_id,
      order_id: charge.order_id,
      student_id: student.id,
      amount_minor: 5_900,
      currency: "SEK",
      region: "local",
      epoch: 1,
    });
    expect(await student.statement()).toMatchObject([{ kind: "debit", amountMinor: -5_900 }, { kind: "adjustment" }]);
    expect((await student.readCharge(charge.id)).receipt).toBe(paid.body.receipt);
    expect(await student.readOrder(charge.order_id)).toMatchObject({ payment_status: "paid" });
  });

  test("of something else than what was paid is told that the request is over, and gets no receipt", async () => {
    const student = await money.fundedStudent({ balanceMinor: 10_000 });
    const charge = await student.scannedOrder({ till, totalMinor: 5_900 });
    expect((await student.confirm(charge)).status).toBe(200);
    const other = await student.scannedOrder({ till, totalMinor: 700 });
    const answer = await student.confirm({ ...charge, digest: other.digest });
    expect(refusal(answer)).toMatchObject({ status: 409, code: "CHARGE_CLOSED", details: { state: "confirmed" } });
    expect(await student.balanceMinor()).toBe(4_100);
  });

  test("agrees to what the phone can compute for itself", async () => {
    const student = await money.fundedStudent({ balanceMinor: 10_000 });
    const charge = await student.scannedOrder({ till, totalMinor: 5_900 });
    const { body: seen } = await student.api<StudentCharge>("GET", `/charges/${charge.id}`);
    const computed = digestOf({
      digestVersion: seen.digest_version,
      chargeId: seen.id,
      orderId: seen.order_id,
      orderVersion: seen.order_version,
      cafeId: seen.cafe.id,
      deviceId: seen.device_id,
      amountMinor: seen.amount_minor,
      currency: seen.currency,
      nonce: seen.nonce,
      expiresAtMs: Date.parse(seen.expires_at),
    });
    expect(computed).toBe(charge.digest);
  });

  test("with a wrong number is refused, and the third ends the charge", async () => {
    const student = await money.fundedStudent({ balanceMinor: 10_000 });
    const charge = await student.scannedOrder({ till, totalMinor: 500 });
    const wrong = charge.match_code === "11" ? "12" : "11";
    for (const state of ["open", "open", "declined"]) {
      expect(refusal(await student.confirm(charge, { number_match: wrong }))).toMatchObject({
        status: 409,
        code: "NUMBER_MISMATCH",
        details: { state },
      });
    }
    expect(refusal(await student.confirm(charge))).toMatchObject({ status: 409, code: "CHARGE_CLOSED", details: { state: "declined" } });
    expect(await student.balanceMinor()).toBe(10_000);
  });

  test("with twelve wrong numbers at once gets no more tries than three, and the right one comes too late", async () => {
    const student = await money.fundedStudent({ balanceMinor: 10_000 });
    const charge = await student.scannedOrder({ till, totalMinor: 500 });
    const wrong = Array.from({ length: 12 }, (_, index) => String((Number(charge.match_code) + 1 + index) % 100).padStart(2, "0"));
    const answers = await Promise.all(
      wrong.map((number_match, index) => student.confirm(charge, { number_match, process: index % 2 === 0 ? 0 : 1 })),
    );
    const codes = answers.map((answer) => refusal(answer).code);
    expect(codes.filter((code) => code === "NUMBER_MISMATCH")).toHaveLength(3);
    expect(codes.filter((code) => code === "CHARGE_CLOSED")).toHaveLength(9);
    expect(refusal(await student.confirm(charge))).toMatchObject({ status: 409, code: "CHARGE_CLOSED" });
    expect(await student.balanceMinor()).toBe(10_000);
  });

  test("needs no number where the café has switched it off", async () => {
    const relaxed = await money.till();
    await campus.sql`update cafes set number_match_required = false where id = ${relaxed.cafe.id}`;
    const student = await money.fundedStudent({ balanceMinor: 10_000 });
    const charge = await student.scannedOrder({ till: relaxed, totalMinor: 500 });
    const paid = await student.api("POST", `/charges/${charge.id}/confirm`, { body: { digest: charge.digest } });
    expect(paid.status).toBe(200);
  });

  test("keeps to the daily limit", async () => {
    const student = await money.fundedStudent({ balanceMinor: 10_000, dailyLimitMinor: 1_000 });
    expect((await student.confirm(await student.scannedOrder({ till, totalMinor: 600 }))).status).toBe(200);
    const over = await student.scannedOrder({ till, totalMinor: 500 });
    expect(refusal(await student.confirm(over))).toMatchObject({
      status: 409,
      code: "SPEND_LIMIT_REACHED",
      details: { limit_minor: 1_000, spent_minor: 600 },
    });
    expect(await student.balanceMinor()).toBe(9_400);
  });

  test("that waited while its charge ended is told how it ended", async () => {
    const student = await money.fundedStudent({ balanceMinor: 10_000 });
    const charge = await student.scannedOrder({ till, totalMinor: 600 });
    const { confirming } = await campus.owner.transaction(async (tx) => {
      await tx.run(sql`select end_charge(${charge.id}, 'declined', 'student')`);
      const confirming = student.confirm(charge);
      await until("the confirm waits for the charge", async () => {
        const waiting = await campus.database.query(
          "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%confirm_charge%'",
        );
        return waiting.length > 0;
      });
      return { confirming };
    });
    expect(refusal(await confirming)).toMatchObject({ status: 409, code: "CHARGE_CLOSED", details: { state: "declined" } });
  });
});

describe("an end without money", () => {
  test("a declined charge stays declined, and a paid one cannot be declined", async () => {
    const student = await money.fundedStudent({ balanceMinor: 10_000 });
    const declined = await student.scannedOrder({ till, totalMinor: 500 });
    const answers = [await student.decline(declined.id), await student.decline(declined.id, { process: 1 })];
    expect(answers.map((answer) => [answer.status, answer.body.state])).toEqual(Array(2).fill([200, "declined"]));
    const paid = await student.scannedOrder({ till, totalMinor: 500 });
    await student.confirm(paid);
    expect(refusal(await student.decline(paid.id))).toMatchObject({ status: 409, code: "CHARGE_CLOSED", details: { state: "confirmed" } });
  });

  test('"not me" freezes the card, also when it comes after the debit', async () => {
    const student = await money.fundedStudent({ balanceMinor: 10_000 });
    const charge = await student.scannedOrder({ till, totalMinor: 500 });
    await student.confirm(charge);
    expect(refusal(await student.decline(charge.id, { notMe: true }))).toMatchObject({ status: 409 });
    await student.placeOrder({ till, totalMinor: 500 });
    expect(refusal(await student.scan(till))).toMatchObject({ code: "CARD_NOT_ACCEPTED" });
  });

  test("the counter takes a request back, once and for good; another café cannot see it", async () => {
    const student = await money.fundedStudent({ balanceMinor: 10_000 });
    const charge = await student.scannedOrder({ till, totalMinor: 500 });
    const stranger = await money.till();
    const path = `/pos/charges/${charge.id}`;
    expect((await stranger.device.api("POST", `${path}/void`)).status).toBe(404);
    expect((await stranger.device.api("GET", path)).status).toBe(404);
    const voided = [await till.device.api("POST", `${path}/void`), await till.device.api("POST", `${path}/void`, { process: 1 })];
    expect(voided.map((answer) => answer.status)).toEqual([200, 200]);
    expect(refusal(await student.confirm(charge))).toMatchObject({ code: "CHARGE_CLOSED", details: { state: "voided" } });
    const paid = await student.scannedOrder({ till, totalMinor: 500 });
    await student.confirm(paid);
    expect(refusal(await till.device.api("POST", `/pos/charges/${paid.id}/void`))).toMatchObject({ code: "CHARGE_CLOSED" });
    expect(await campus.sql`select action from audit_log where object_id = ${charge.id}`).toMatchObject([{ action: "charge.void" }]);
  });

  test("a charge of somebody else cannot be read, confirmed or declined", async () => {
    const [student, other] = [await money.fundedStudent({ balanceMinor: 10_000 }), await money.fundedStudent({ balanceMinor: 10_000 })];
    const charge = await student.scannedOrder({ till, totalMinor: 500 });
    const tries = [
      await other.api("GET", `/charges/${charge.id}`),
      await other.confirm(charge),
      await other.decline(charge.id, { notMe: true }),
    ];
    expect(tries.map((answer) => answer.status)).toEqual([404, 404, 404]);
    expect((await student.confirm(charge)).status).toBe(200);
  });
});

/** The payload of a receipt, after its signature was checked with the key that the campus publishes. */
async function verifiedPayload(receipt: string): Promise<unknown> {
  const [header = "", payload = "", signature = ""] = receipt.split(".");
  const { kid, alg } = JSON.parse(Buffer.from(header, "base64url").toString()) as { kid: string; alg: string };
  const { body } = await campus.api<{ keys: (JsonWebKey & { kid: string })[] }>("GET", "root:/.well-known/jwks.json", { process: 1 });
  const jwk = body.keys.find((key) => key.kid === kid);
  if (!jwk || alg !== "EdDSA") throw new Error("The receipt's key is not published.");
  const key = createPublicKey({ key: jwk, format: "jwk" });
  const fits = verify(null, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, "base64url"));
  if (!fits) throw new Error("The receipt's signature does not fit.");
  return JSON.parse(Buffer.from(payload, "base64url").toString());
}
