import { createHmac, randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { gatewayOf, paymentNews, type TestGateway } from "../testing/gateway.ts";
import { type MoneyStudent, moneyOf } from "../testing/money.ts";
import { times, violations } from "../testing/proof/books.ts";
import { randomOf } from "../testing/proof/random.ts";

const payments = 1_000;
const badOfEachKind = 200;
const senders = 16;
const amountMinor = 1_000;

let campus: Campus;
let gateway: TestGateway;
let students: readonly MoneyStudent[];

beforeAll(async () => {
  campus = await startCampus();
  gateway = gatewayOf(campus);
  students = await Promise.all(times(10, () => moneyOf(campus).fundedStudent({ balanceMinor: 0 })));
});
afterAll(async () => {
  expect(await violations(campus.owner)).toEqual({});
  await campus.end();
});

/** Gateway orders as top-ups leave them, shared out among the students. */
async function openOrders(prefix: string, count: number): Promise<readonly string[]> {
  const ids = times(count, (index) => `order_${prefix}_${index}`);
  await campus.sql`
    insert into gateway_orders (gateway, gateway_order_id, purpose, student_id, amount_minor, currency)
    select 'razorpay', o.id, 'top_up', (${students.map(({ id }) => id)}::uuid[])[1 + o.place % ${students.length}], ${amountMinor}, 'SEK'
    from unnest(${ids}::text[]) with ordinality o (id, place)`;
  return ids;
}

const newsOf = (orderId: string): string => paymentNews({ id: `pay_of_${orderId}`, order_id: orderId, amount: amountMinor });

interface Sending {
  readonly body: string;
  readonly signature: string;
  readonly wanted: number;
}

function badSendings(orderIds: readonly string[]): Sending[] {
  const strange = (secret: string, body: string) => createHmac("sha256", secret).update(body).digest("hex");
  return orderIds.slice(0, badOfEachKind).flatMap((orderId) => {
    const body = newsOf(orderId);
    const another = paymentNews({ id: `pay_other_${orderId}`, order_id: orderId, amount: amountMinor });
    return [
      { body: another, signature: randomBytes(32).toString("hex"), wanted: 401 },
      { body: body.replace(`"amount":${amountMinor}`, `"amount":${amountMinor * 100}`), signature: gateway.sign(body), wanted: 401 },
      { body: another, signature: strange("another secret", another), wanted: 401 },
    ];
  });
}

async function sendAll(sendings: readonly Sending[]): Promise<number[]> {
  const waiting = sendings.map((sending, index) => ({ sending, process: (index % 2) as 0 | 1 }));
  const statuses: number[] = [];
  await Promise.all(
    times(senders, async () => {
      for (let next = waiting.pop(); next; next = waiting.pop()) {
        const { status } = await gateway.send(next.sending.body, { process: next.process, signature: next.sending.signature });
        expect(status).toBe(next.sending.wanted);
        statuses.push(status);
      }
    }),
  );
  return statuses;
}

test("1,000 signed webhooks, each three times, shuffled over two processes, mixed with 600 bad ones: exactly 1,000 credits, 600 times 401 and no row for those", async () => {
  const orderIds = await openOrders("mass", payments);
  const random = randomOf(Number(process.env.PROOF_SEED ?? 1));
  const good = orderIds.flatMap((orderId) => {
    const body = newsOf(orderId);
    return times(3, () => ({ body, signature: gateway.sign(body), wanted: 200 }));
  });
  const shuffled = [...good, ...badSendings(orderIds)]
    .map((sending) => ({ sending, place: random.next() }))
    .sort((one, other) => one.place - other.place)
    .map(({ sending }) => sending);
  const delivering = new AbortController();
  const worker = (async () => {
    while (!delivering.signal.aborted) {
      await campus.drainOutbox();
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const statuses = await sendAll(shuffled);
  delivering.abort();
  await worker;
  await campus.drainOutbox();
  expect([statuses.filter((status) => status === 200).length, statuses.filter((status) => status === 401).length]).toEqual([3_000, 600]);
  const [counts] = await campus.sql`
    select (select count(*) from ledger_transactions where kind = 'top_up') as credits,
      (select sum(balance_minor) from wallets)::integer as held_minor,
      (select count(*) from gateway_payments) as payments, (select count(*) from gateway_events) as events,
      (select count(*) from outbox where topic = 'gateway.event' and done_at is null) as undone`;
  expect(counts).toEqual({ credits: payments, heldMinor: payments * amountMinor, payments, events: payments, undone: 0 });
  expect(await campus.sql`select id from gateway_events where event::text like '%pay_other%'`).toEqual([]);
}, 120_000);

test("a signed webhook that says nothing we act on, or cannot be read, is 200 and leaves no row; the log tells of the unreadable", async () => {
  const before = await campus.sql`select count(*) from gateway_events`;
  for (const body of [
    "not json",
    "{}",
    JSON.stringify({ event: "invoice.paid", payload: {} }),
    paymentNews({ id: "pay_1", order_id: "order_1", amount: -5 }),
    paymentNews({ id: "pay_1", order_id: null, amount: 5 }),
  ])
    expect((await gateway.send(body)).status).toBe(200);
  expect(await campus.sql`select count(*) from gateway_events`).toEqual(before);
  expect(campus.logLines.filter((line) => line.includes("could not be read"))).toHaveLength(4);
});

test("no signature, and one of another length, are 401", async () => {
  const body = newsOf("order_none");
  for (const signature of ["", "abc", `${gateway.sign(body)}00`]) {
    const answer = await gateway.send(body, { signature });
    expect(answer).toMatchObject({ status: 401, body: { error: { code: "INVALID_SIGNATURE" } } });
  }
});

test("a payment for an order that is not ours credits nobody and is kept as a dead letter for a person to look at", async () => {
  expect((await gateway.send(newsOf("order_of_somebody_else"))).status).toBe(200);
  await campus.drainOutbox();
  expect(await campus.sql`select id from gateway_payments where payment_id = 'pay_of_order_of_somebody_else'`).toEqual([]);
  const dead = await campus.sql<{ lastError: string }>`select last_error from outbox where topic = 'gateway.event' and dead_at is not null`;
  expect(dead.map(({ lastError }) => lastError)).toEqual([expect.stringContaining("pay_of_order_of_somebody_else")]);
});

test("two news of one payment with different words (another event's id, another time) credit it once", async () => {
  const [orderId = ""] = await openOrders("twice", 1);
  const entity = { id: "pay_twice", order_id: orderId, amount: amountMinor };
  for (const created_at of [1, 2, 3]) await gateway.send(paymentNews({ ...entity, created_at }));
  await gateway.send(paymentNews(entity, "payment.authorized"));
  await campus.drainOutbox();
  expect(await campus.sql`select found_by from gateway_payments where payment_id = 'pay_twice'`).toEqual([{ foundBy: "webhook" }]);
});

test("a payment that was given back at the gateway before we heard of it is not credited", async () => {
  const [orderId = ""] = await openOrders("given-back", 1);
  await gateway.send(paymentNews({ id: "pay_given_back", order_id: orderId, amount: amountMinor, status: "refunded" }));
  await campus.drainOutbox();
  expect(await campus.sql`select id from gateway_payments where payment_id = 'pay_given_back'`).toEqual([]);
});
