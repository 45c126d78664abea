import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { checkLedger } from "../ledger/check-ledger.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { gatewayOf, paymentNews, type TestGateway } from "../testing/gateway.ts";
import { expectOk, type Money, moneyOf } from "../testing/money.ts";
import { codeOf } from "../testing/refusal.ts";

let campus: Campus;
let money: Money;
let gateway: TestGateway;

beforeAll(async () => {
  campus = await startCampus({ env: { GATEWAY_TIMEOUT_MS: "400", GATEWAY_POLL_SECONDS: "1" } });
  money = moneyOf(campus);
  gateway = gatewayOf(campus);
});
beforeEach(async () => {
  await gateway.set({ webhook_url: null });
});
afterAll(async () => {
  expect((await checkLedger(campus.worker.db)).invariants.filter(({ ok }) => !ok)).toEqual([]);
  await campus.end();
});

interface TopUpBody {
  readonly id: string;
  readonly status: string;
  readonly transaction_id: string | null;
  readonly gateway_order_id: string;
  readonly error?: { readonly code: string; readonly details: Record<string, unknown> };
}

const student = (balanceMinor = 0) => money.fundedStudent({ balanceMinor });
const creditsOf = (studentId: string) =>
  campus.sql<{ count: number }>`select count(*) from ledger_transactions where kind = 'top_up' and wallet_student_id = ${studentId}`;
/** The worker's next look at what is unpaid, now. */
async function poll(): Promise<void> {
  await campus.sql`update gateway_orders set look_at = now() where status in ('created', 'failed')`;
  const { findMissedJob } = await import("./find-missed.ts");
  await campus.worker.db.transaction(findMissedJob(campus.worker).run);
  await campus.drainOutbox();
}

test("a student who wanted the method kept, and whose gateway kept none, has the money all the same", async () => {
  const someone = await student();
  await gateway.connect();
  await gateway.pay((await gateway.beginTopUp(someone, 10_000, true)).gateway_order_id);
  await gateway.quiet();
  await campus.drainOutbox();
  expect(await someone.balanceMinor()).toBe(10_000);
  expect(await campus.sql`select from saved_methods where student_id = ${someone.id}`).toEqual([]);
});

describe("beginning a top-up", () => {
  test("with a key that the gateway does not know is our fault and not the amount's: 503, which counts against the promise", async () => {
    const someone = await student();
    const wrong = await campus.release({ GATEWAY_KEY_SECRET: randomUUID() });
    const answer = await fetch(`${wrong.url}/api/v1/wallet/top-ups`, {
      method: "POST",
      headers: { Authorization: `Bearer ${someone.token}`, "Content-Type": "application/json", "Idempotency-Key": randomUUID() },
      body: JSON.stringify({ amount_minor: 20_000 }),
    });
    await wrong.rollBack();
    expect([answer.status, await answer.json()]).toMatchObject([503, { error: { code: "TEMPORARILY_UNAVAILABLE" } }]);
    expect(campus.logLines.some((line) => line.includes("The gateway does not know our key"))).toBe(true);
  });

  test("gives the gateway's order, and the same bytes to the same key", async () => {
    const someone = await student();
    const request = { body: { amount_minor: 20_000 }, headers: { "Idempotency-Key": randomUUID() } };
    const first = await someone.api<TopUpBody>("POST", "/wallet/top-ups", request);
    expect(first).toMatchObject({
      status: 201,
      body: { amount_minor: 20_000, currency: "SEK", gateway: "razorpay", gateway_order_id: expect.stringMatching(/^order_/) },
    });
    const again = await someone.api<TopUpBody>("POST", "/wallet/top-ups", { ...request, process: 1 });
    expect([again.text, again.headers.get("Idempotency-Hit")]).toEqual([first.text, "true"]);
    const other = await someone.api<TopUpBody>("POST", "/wallet/top-ups", { ...request, body: { amount_minor: 30_000 } });
    expect(codeOf(other)).toBe("IDEMPOTENCY_MISMATCH");
    expect(await someone.balanceMinor()).toBe(0);
  });

  test("is refused outside the limits, above what a wallet holds, and for a closed wallet", async () => {
    const someone = await student(900_000);
    const ask = (amount_minor: number) =>
      someone.api<TopUpBody>("POST", "/wallet/top-ups", { body: { amount_minor }, headers: { "Idempotency-Key": randomUUID() } });
    expect(codeOf(await ask(999))).toBe("VALIDATION_ERROR");
    expect(codeOf(await ask(500_001))).toBe("VALIDATION_ERROR");
    expect(await ask(100_001)).toMatchObject({
      status: 409,
      body: { error: { code: "SPEND_LIMIT_REACHED", details: { max_minor: 1_000_000 } } },
    });
    expect((await ask(100_000)).status).toBe(201);
    await campus.sql`update wallets set status = 'closed' where student_id = ${someone.id}`;
    expect(codeOf(await ask(5_000))).toBe("CONFLICT");
  });

  test("while the gateway hangs is 503 within its deadline, leaves nothing half done, and the same key goes on where it stopped", async () => {
    const someone = await student();
    const request = { body: { amount_minor: 20_000 }, headers: { "Idempotency-Key": randomUUID() } };
    await campus.setFaults({ gateway: "hang" });
    const startedAtMs = performance.now();
    const hung = await someone.api<TopUpBody>("POST", "/wallet/top-ups", request);
    expect(performance.now() - startedAtMs).toBeLessThan(5_000);
    expect([hung.status, codeOf(hung), hung.headers.get("Retry-After")]).toEqual([503, "TEMPORARILY_UNAVAILABLE", "5"]);
    await campus.setFaults({ gateway: "500" });
    expect((await someone.api("POST", "/wallet/top-ups", request)).status).toBe(503);
    await campus.setFaults({ gateway: "ok" });
    const after = expectOk(await someone.api<TopUpBody>("POST", "/wallet/top-ups", { ...request, process: 1 }));
    expect(await campus.sql`select id, gateway_order_id from gateway_orders where student_id = ${someone.id}`).toEqual([
      { id: after.id, gatewayOrderId: after.gateway_order_id },
    ]);
  });

  test("is for students only, and its list and rows are one's own", async () => {
    const [mine, other] = [await student(), await student()];
    const finance = await campus.staff("finance");
    const request = { body: { amount_minor: 20_000 }, headers: { "Idempotency-Key": randomUUID() } };
    expect((await finance.api("POST", "/wallet/top-ups", request)).status).toBe(403);
    const topUp = await gateway.beginTopUp(mine, 5_000);
    expect(await mine.api("GET", `/wallet/top-ups/${topUp.id}`)).toMatchObject({
      status: 200,
      body: { status: "created", purpose: "top_up" },
    });
    expect((await other.api("GET", `/wallet/top-ups/${topUp.id}`)).status).toBe(404);
    expect((await other.api<{ items: unknown[] }>("GET", "/wallet/top-ups")).body.items).toEqual([]);
    const second = await gateway.beginTopUp(mine, 6_000);
    const page = await mine.api<{ items: TopUpBody[]; next_cursor: string }>("GET", "/wallet/top-ups?limit=1");
    expect(page.body.items.map(({ id }) => id)).toEqual([second.id]);
    const rest = await mine.api<{ items: TopUpBody[] }>("GET", `/wallet/top-ups?limit=1&cursor=${page.body.next_cursor}`);
    expect(rest.body.items.map(({ id }) => id)).toEqual([topUp.id]);
  });
});

describe("the browser's word", () => {
  test("credits the wallet once, however often it is given, and by whichever process", async () => {
    const someone = await student();
    const topUp = await gateway.beginTopUp(someone, 20_000);
    const checkout = await gateway.pay(topUp.gateway_order_id);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => gateway.verify(someone, checkout, (index % 2) as 0 | 1)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(await someone.balanceMinor()).toBe(20_000);
    expect(await someone.api("GET", `/wallet/top-ups/${topUp.id}`)).toMatchObject({
      body: { status: "paid", transaction_id: answers[0]?.body.transaction_id },
    });
    expect(await someone.statement()).toEqual([{ kind: "top_up", amountMinor: 20_000 }]);
    const told =
      await campus.sql`select data->'amount_minor' as amount, data->'balance_minor' as balance from events where event = 'topped_up' and data->>'top_up_id' = ${topUp.id}`;
    expect(told).toEqual([{ amount: 20_000, balance: 20_000 }]);
  });

  test("with a wrong signature is 401 and leaves no row; of somebody else's payment, or an unknown one, 404", async () => {
    const [someone, other] = [await student(), await student()];
    const topUp = await gateway.beginTopUp(someone, 20_000);
    const checkout = await gateway.pay(topUp.gateway_order_id);
    for (const signature of ["x", "0".repeat(64), checkout.signature.toUpperCase()])
      expect(await gateway.verify(someone, { ...checkout, signature })).toMatchObject({
        status: 401,
        body: { error: { code: "INVALID_SIGNATURE" } },
      });
    expect((await gateway.verify(other, checkout)).status).toBe(404);
    expect(await creditsOf(someone.id)).toEqual([{ count: 0 }]);
    expect(await campus.sql`select id from gateway_payments where payment_id = ${checkout.payment_id}`).toEqual([]);
  });

  test("of a payment that failed is 422 PAYMENT_FAILED, and a second attempt may still succeed", async () => {
    const someone = await student();
    const topUp = await gateway.beginTopUp(someone, 20_000);
    const failed = await gateway.pay(topUp.gateway_order_id, { outcome: "failed" });
    expect(await gateway.verify(someone, failed)).toMatchObject({ status: 422, body: { error: { code: "PAYMENT_FAILED" } } });
    expect(await someone.api("GET", `/wallet/top-ups/${topUp.id}`)).toMatchObject({ body: { status: "failed" } });
    expectOk(await gateway.verify(someone, await gateway.pay(topUp.gateway_order_id)));
    expect(await someone.balanceMinor()).toBe(20_000);
  });

  test("while the gateway hangs is 202 within five seconds, and the worker credits it afterwards", async () => {
    const someone = await student();
    const topUp = await gateway.beginTopUp(someone, 20_000);
    const checkout = await gateway.pay(topUp.gateway_order_id);
    await campus.setFaults({ gateway: "hang" });
    const startedAtMs = performance.now();
    const answer = await gateway.verify(someone, checkout);
    expect(performance.now() - startedAtMs).toBeLessThan(5_000);
    expect(answer).toMatchObject({ status: 202, body: { status: "pending", status_url: `/api/v1/wallet/top-ups/${topUp.id}` } });
    await campus.setFaults({ gateway: "ok" });
    await campus.drainOutbox();
    expect(await someone.balanceMinor()).toBe(20_000);
  });

  test("while the wallet is locked is 202 within five seconds; webhooks are 200 at once; one credit follows", async () => {
    const someone = await student();
    const topUp = await gateway.beginTopUp(someone, 20_000);
    const checkout = await gateway.pay(topUp.gateway_order_id);
    const body = paymentNews({ id: checkout.payment_id, order_id: checkout.gateway_order_id, amount: 20_000 });
    await campus.owner.transaction(async (tx) => {
      const { sql } = await import("../platform/postgres.ts");
      await tx.run(sql`lock table ledger_transactions, wallets in access exclusive mode`);
      const startedAtMs = performance.now();
      expect((await gateway.send(body)).status).toBe(200);
      expect(performance.now() - startedAtMs).toBeLessThan(1_500);
      expect((await gateway.verify(someone, checkout)).status).toBe(202);
      expect(performance.now() - startedAtMs).toBeLessThan(6_000);
    });
    await campus.drainOutbox();
    expect(await someone.balanceMinor()).toBe(20_000);
  });
});

describe("the promise of a minute", () => {
  test("counts from the gateway's news to the money: good in time, bad a minute late, whoever brought it", async () => {
    const someone = await student();
    const order = await gateway.beginTopUp(someone, 10_000);
    const body = paymentNews({ id: `pay_${randomUUID()}`, order_id: order.gateway_order_id, amount: 10_000 });
    campus.worker.metrics.embeddedLines(0);
    expect((await gateway.send(body)).status).toBe(200);
    await campus.drainOutbox();
    expect(await someone.balanceMinor()).toBe(10_000);
    expect(topUpEvents()).toEqual([["true", 1]]);

    const late = await gateway.beginTopUp(someone, 20_000);
    await gateway.send(paymentNews({ id: `pay_${randomUUID()}`, order_id: late.gateway_order_id, amount: 20_000 }));
    await campus.sql`update gateway_events set received_at = received_at - interval '61 seconds'
      where event #>> '{payment,gatewayOrderId}' = ${late.gateway_order_id}`;
    await campus.drainOutbox();
    expect(topUpEvents()).toEqual([["false", 1]]);
  });

  const topUpEvents = () =>
    campus.worker.metrics
      .embeddedLines(0)
      .filter(({ slo }) => slo === "topUp")
      .map(({ good, SloEvents }) => [good, SloEvents]);
});

describe("the poller", () => {
  test("finds what no webhook told, and what the browser told too is not credited again", async () => {
    const someone = await student();
    const topUp = await gateway.beginTopUp(someone, 20_000);
    const checkout = await gateway.pay(topUp.gateway_order_id);
    await poll();
    expect(await campus.sql`select found_by from gateway_payments where payment_id = ${checkout.payment_id}`).toEqual([
      { foundBy: "poller" },
    ]);
    expectOk(await gateway.verify(someone, checkout));
    await poll();
    expect(await creditsOf(someone.id)).toEqual([{ count: 1 }]);
  });

  test("marks what failed, asks at growing intervals and gives up in the end, but a late payment is still credited", async () => {
    const someone = await student();
    const topUp = await gateway.beginTopUp(someone, 20_000);
    await gateway.pay(topUp.gateway_order_id, { outcome: "failed" });
    await poll();
    expect(await someone.api("GET", `/wallet/top-ups/${topUp.id}`)).toMatchObject({ body: { status: "failed" } });
    await campus.sql`update gateway_orders set looks = 14, status = 'created' where id = ${topUp.id}`;
    await poll();
    const [row] = await campus.sql<{ lookAt: unknown }>`select look_at::text from gateway_orders where id = ${topUp.id}`;
    expect(row?.lookAt).toBe("infinity");
    const checkout = await gateway.pay(topUp.gateway_order_id);
    expect((await gateway.send(paymentNews({ id: checkout.payment_id, order_id: checkout.gateway_order_id, amount: 20_000 }))).status).toBe(
      200,
    );
    await campus.drainOutbox();
    expect(await someone.api("GET", `/wallet/top-ups/${topUp.id}`)).toMatchObject({ body: { status: "paid" } });
    expect(await someone.balanceMinor()).toBe(20_000);
  });
});

test("a payment for a wallet that was closed meanwhile is held and goes back to the payer", async () => {
  const someone = await student();
  const topUp = await gateway.beginTopUp(someone, 20_000);
  const checkout = await gateway.pay(topUp.gateway_order_id);
  await campus.sql`update wallets set status = 'closed' where student_id = ${someone.id}`;
  expect(await gateway.verify(someone, checkout)).toMatchObject({ status: 200, body: { credited_to: "held" } });
  await campus.drainOutbox();
  expect(
    await campus.sql`select f.status, f.amount_minor, p.credited_to from gateway_refunds f join gateway_payments p on p.id = f.payment_row_id
      where p.payment_id = ${checkout.payment_id}`,
  ).toEqual([{ status: "processed", amountMinor: 20_000, creditedTo: "held" }]);
});

test("what would fill a wallet above its limit goes back to the payer, however much was begun before any of it was paid, gifts too", async () => {
  const someone = await student(600_000);
  // Either fills it to the last öre of its limit.
  const begun = [await gateway.beginTopUp(someone, 400_000), await gateway.beginTopUp(someone, 400_000)];
  const { token } = expectOk(await someone.api<{ token: string }>("POST", "/wallet/gift-link", { body: { limit_minor: 200_000 } }));
  const gift = expectOk(await campus.api<{ gateway_order_id: string }>("POST", `/gifts/${token}`, { body: { amount_minor: 200_000 } }));
  const paid = await Promise.all([...begun, gift].map(({ gateway_order_id }) => gateway.pay(gateway_order_id)));
  const credited = await Promise.all(paid.slice(0, 2).map((checkout, index) => gateway.verify(someone, checkout, index as 0 | 1)));
  expect(credited.map(({ body }) => body.credited_to).toSorted()).toEqual(["held", "wallet"]);
  await poll();
  await campus.drainOutbox();
  expect(await someone.balanceMinor()).toBe(1_000_000);
  expect(
    await campus.sql`select f.status, f.amount_minor from gateway_refunds f join gateway_payments p on p.id = f.payment_row_id
      join gateway_orders g on g.id = p.order_row_id where g.student_id = ${someone.id} order by f.amount_minor`,
  ).toEqual([
    { status: "processed", amountMinor: 200_000 },
    { status: "processed", amountMinor: 400_000 },
  ]);
});

test("what is kept of the gateway's answer names no person", async () => {
  const someone = await student();
  const topUp = await gateway.beginTopUp(someone, 20_000);
  const checkout = await gateway.pay(topUp.gateway_order_id);
  const whole = {
    id: checkout.payment_id,
    order_id: checkout.gateway_order_id,
    amount: 20_000,
    contact: "+46700000099",
    vpa: "somebody@bank",
  };
  await gateway.send(paymentNews({ ...whole, email: "somebody@example.org", card: { last4: "1111" } }));
  await campus.drainOutbox();
  const kept = await campus.sql`
    select gateway_response::text as text from gateway_payments union all select event::text from gateway_events`;
  expect(JSON.stringify(kept)).not.toMatch(/4670000009|somebody|1111/);
  expect(await someone.balanceMinor()).toBe(20_000);
});

test("a payment of a person who was erased before it came is held and sent back: no wallet is opened for nobody", async () => {
  const leaving = await campus.student();
  const orderId = await gateway.upiOrder(leaving, await campus.cafe(), 20_000);
  const { gateway_order_id } = expectOk(await leaving.api<{ gateway_order_id: string }>("POST", `/payments/orders/${orderId}`));
  expectOk(await leaving.api("POST", `/orders/${orderId}/cancel`));
  const admin = await campus.staff("admin");
  expect((await admin.api("DELETE", `/admin/students/${leaving.id}`)).status).toBe(204);
  await gateway.pay(gateway_order_id);
  await poll();
  expect(
    await campus.sql`select credited_to from gateway_payments p join gateway_orders g on g.id = p.order_row_id where g.order_id = ${orderId}`,
  ).toEqual([{ creditedTo: "held" }]);
  expect(await campus.sql`select status from wallets where student_id = ${leaving.id}`).toEqual([]);
});

test("what became of a top-up whose answer was lost is found by its key", async () => {
  const someone = await student();
  const key = randomUUID();
  const headers = { "Idempotency-Key": key };
  const { id } = expectOk(await someone.api<TopUpBody>("POST", "/wallet/top-ups", { body: { amount_minor: 20_000 }, headers }));
  expect(expectOk(await someone.api("GET", `/outcomes?key=${key}`))).toEqual({ state: "done", status: 201, answer: { id } });
});
