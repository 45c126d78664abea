import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { ErrorBody } from "../platform/errors.ts";
import { runLane } from "../platform/outbox.ts";
import { redrive } from "../platform/redrive.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type PlacedOrder, type Till } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";
import { until } from "../testing/platform.ts";
import { isSigned, startWebhookReceiver, type WebhookReceiver } from "../testing/webhook-receiver.ts";
import { webhookJobs, webhookTopics } from "./background.ts";
import { maxTries } from "./deliver-webhook.ts";

interface Endpoint {
  readonly id: string;
  readonly url: string;
  readonly secret: string;
}
interface Delivery {
  readonly id: string;
  readonly event_id: string;
  readonly event: string;
  readonly order_id: string | null;
  readonly state: string;
  readonly tries: number;
  readonly last_status: number | null;
  readonly last_error: string | null;
}
interface Page<Item> {
  readonly items: readonly Item[];
  readonly next_cursor: string | null;
}

let campus: Campus;
let money: Money;
let till: Till;
let owner: TestStaff;
let student: MoneyStudent;
let receiver: WebhookReceiver;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  student = await money.fundedStudent({ balanceMinor: 500_000, name: "Astrid Lind" });
});
afterAll(() => campus.end());
beforeEach(async () => {
  till = await money.till();
  owner = await campus.staff("owner", till.cafe);
  receiver = await startWebhookReceiver();
});
afterEach(() => receiver.close());

const refusal = (answer: { status: number; body: unknown }) => [answer.status, (answer.body as Partial<ErrorBody>).error?.code];
const addEndpoint = async (url = receiver.url) => expectOk(await owner.api<Endpoint>("POST", "/admin/webhooks", { body: { url } }));
const deliveriesOf = async ({ id }: Endpoint, query = "") =>
  expectOk(await owner.api<Page<Delivery>>("GET", `/admin/webhooks/${id}/deliveries${query}`)).items;
const makeDue = () => campus.sql`update outbox set due_at = now() where done_at is null and dead_at is null`;
const deadLetters = (deliveryId: string | undefined) =>
  campus.sql<{ tries: number }>`select tries from outbox where payload ->> 'delivery_id' = ${deliveryId} and dead_at is not null`;

async function placeCash(): Promise<PlacedOrder> {
  const dish = await money.dish(till.cafe, 4_550);
  const body = { cafe_id: till.cafe.id, items: [{ menu_item_id: dish.id, quantity: 2 }], payment_method: "cash" };
  return expectOk(await student.api<{ order: PlacedOrder }>("POST", "/orders", { body })).order;
}

test("a paid order is posted to the café's till system, signed, with the order in it and no more of the student than a first name", async () => {
  const endpoint = await addEndpoint();
  const charge = await student.scannedOrder({ till, totalMinor: 5_900 });
  await campus.drainOutbox();
  expect(receiver.received).toEqual([]);
  expectOk(await student.confirm(charge));
  await campus.drainOutbox();

  expect(receiver.received).toHaveLength(1);
  const [post] = receiver.received;
  if (!post) throw new Error("Nothing was posted.");
  expect(isSigned(post, endpoint.secret)).toBe(true);
  expect(Math.abs(Number(post.headers["campus-pay-timestamp"]) * 1_000 - Date.now())).toBeLessThan(60_000);
  expect(post.headers["campus-pay-event-id"]).toBe(post.body.event_id);
  expect(post.body).toMatchObject({
    event: "order.paid",
    order: {
      id: charge.order_id,
      payment_status: "paid",
      total_minor: 5_900,
      may_prepare: true,
      customer: "Astrid L.",
      items: [{ quantity: 1, line_total_minor: 5_900 }],
    },
  });
  expect(post.text).not.toContain("Lind");
  expect(post.text).not.toContain(student.phone);
  expect(await deliveriesOf(endpoint)).toMatchObject([
    { event: "order.paid", order_id: charge.order_id, state: "delivered", tries: 1, last_status: 200, last_error: null },
  ]);
});

test("a cash order is posted when it is placed, when it moves and when it is paid", async () => {
  await addEndpoint();
  const order = await placeCash();
  await campus.drainOutbox();
  for (const status of ["preparing", "ready"]) {
    expectOk(await owner.api("PATCH", `/admin/orders/${order.id}/status`, { body: { status } }));
    await campus.drainOutbox();
  }
  expectOk(await owner.api("POST", `/admin/orders/${order.id}/cash-received`, { headers: { "Idempotency-Key": randomUUID() } }));
  await campus.drainOutbox();
  expect(receiver.received.map(({ body }) => [body.event, body.order?.status, body.order?.payment_status])).toEqual([
    ["order.received", "received", "pending"],
    ["order.changed", "preparing", "pending"],
    ["order.changed", "ready", "pending"],
    ["order.paid", "ready", "paid"],
  ]);
  expect(new Set(receiver.received.map(({ body }) => body.event_id)).size).toBe(4);
});

test("an order that is changed, cancelled or refunded is posted again", async () => {
  await addEndpoint();
  const order = await placeCash();
  const dish = await money.dish(till.cafe, 700);
  expectOk(await student.api("PUT", `/orders/${order.id}`, { body: { items: [{ menu_item_id: dish.id, quantity: 1 }] } }));
  await campus.drainOutbox();
  expectOk(await student.cancel(order.id));
  await campus.drainOutbox();
  expect(receiver.received.at(-1)?.body).toMatchObject({ event: "order.changed", order: { status: "cancelled", total_minor: 700 } });

  const charge = await student.scannedOrder({ till, totalMinor: 5_900 });
  expectOk(await student.confirm(charge));
  await campus.drainOutbox();
  const refund = { amount_minor: 900, reason: "cold soup" };
  expectOk(
    await owner.api("POST", `/admin/orders/${charge.order_id}/refund`, { body: refund, headers: { "Idempotency-Key": randomUUID() } }),
  );
  await campus.drainOutbox();
  expect(receiver.received.at(-1)?.body).toMatchObject({ event: "order.changed", order: { id: charge.order_id, refunded_minor: 900 } });
});

test("an order that nobody paid is posted to nobody, cancelled or not, and one café's orders go to that café alone", async () => {
  const stranger = await startWebhookReceiver();
  try {
    const other = await campus.staff("owner", await campus.cafe());
    expectOk(await other.api("POST", "/admin/webhooks", { body: { url: stranger.url } }));
    await addEndpoint();
    const unpaid = await student.placeOrder({ till, totalMinor: 1_000 });
    expectOk(await student.cancel(unpaid.id));
    const order = await placeCash();
    await campus.drainOutbox();
    expect(receiver.received.map(({ body }) => body.order?.id)).toEqual([order.id]);
    expect(stranger.received).toEqual([]);
  } finally {
    await stranger.close();
  }
});

test("a café without a till system costs no row of the queue", async () => {
  const order = await placeCash();
  await campus.drainOutbox();
  expect(await campus.sql`select topic from outbox where topic = 'pos.order' and payload ->> 'order_id' = ${order.id}`).toEqual([]);
});

test("a till system that fails is tried again with the same bytes and a new signature, until it takes the order", async () => {
  const endpoint = await addEndpoint();
  receiver.answer(503);
  await placeCash();
  await campus.drainOutbox();
  expect(await deliveriesOf(endpoint)).toMatchObject([
    { state: "waiting", tries: 1, last_status: 503, last_error: "The till system answered 503." },
  ]);
  receiver.answer(200);
  await makeDue();
  await campus.drainOutbox();
  expect(await deliveriesOf(endpoint)).toMatchObject([{ state: "delivered", tries: 2, last_status: 200 }]);
  expect(new Set(receiver.received.map(({ text }) => text)).size).toBe(1);
  expect(receiver.received.every((post) => isSigned(post, endpoint.secret))).toBe(true);
});

test("a message that comes twice from the queue is one delivery", async () => {
  const endpoint = await addEndpoint();
  const order = await placeCash();
  await campus.drainOutbox();
  await campus.sql`
    insert into outbox (topic, payload) select topic, payload from outbox where topic = 'pos.order' and payload ->> 'order_id' = ${order.id}`;
  await campus.drainOutbox();
  expect([receiver.received.length, (await deliveriesOf(endpoint)).length]).toEqual([1, 1]);
});

test.each([400, 410, 413, 415, 422])(
  "an order that is refused for good (%i) is a dead letter at once, and redelivered by hand it arrives",
  async (status) => {
    const endpoint = await addEndpoint();
    receiver.answer(status);
    await placeCash();
    await campus.drainOutbox();
    const [dead] = await deliveriesOf(endpoint, "?state=dead");
    expect(dead).toMatchObject({ state: "dead", tries: 1, last_status: status });
    expect(await deadLetters(dead?.id)).toEqual([{ tries: 1 }]);

    receiver.answer(204);
    const path = `/admin/webhooks/${endpoint.id}/deliveries/${dead?.id}/redeliver`;
    const answer = await owner.api<Delivery>("POST", path);
    expect([answer.status, answer.body.state]).toEqual([202, "waiting"]);
    expect(refusal(await owner.api("POST", path))).toEqual([409, "CONFLICT"]);
    await campus.drainOutbox();
    expect(await deliveriesOf(endpoint)).toMatchObject([{ id: dead?.id, state: "delivered", tries: 2 }]);
    expect(receiver.received.map(({ text }) => text)).toEqual([receiver.received[0]?.text, receiver.received[0]?.text]);
  },
);

test("an order that is never taken is a dead letter after its last try", async () => {
  const endpoint = await addEndpoint();
  receiver.answer(500);
  await placeCash();
  await campus.drainOutbox();
  await campus.sql`update outbox set tries = ${maxTries - 1}, due_at = now() where topic = 'webhook.deliver' and done_at is null and dead_at is null`;
  await campus.drainOutbox();
  const [delivery] = await deliveriesOf(endpoint);
  expect(delivery?.state).toBe("dead");
  expect(await deadLetters(delivery?.id)).toEqual([{ tries: maxTries }]);
});

test("a dead delivery is posted again by a redrive of the outbox too", async () => {
  const endpoint = await addEndpoint();
  receiver.answer(422);
  await placeCash();
  await campus.drainOutbox();
  receiver.answer(200);
  await redrive(campus.worker.db, "webhook.deliver");
  await campus.drainOutbox();
  expect((await deliveriesOf(endpoint)).map(({ state }) => state)).toEqual(["delivered"]);
});

test("a till system that hangs is given up after five seconds", async () => {
  const endpoint = await addEndpoint();
  receiver.answer("hang");
  await placeCash();
  const beganMs = performance.now();
  await campus.drainOutbox();
  expect(performance.now() - beganMs).toBeLessThan(15_000);
  expect(await deliveriesOf(endpoint)).toMatchObject([{ state: "waiting", last_status: null, last_error: "It did not answer in time." }]);
}, 30_000);

test("a café whose till systems hang keeps no other café's waiting, however many posts it has", async () => {
  const slow = await addEndpoint();
  receiver.answer("hang");
  const { id } = expectOk(await owner.api<Delivery>("POST", `/admin/webhooks/${slow.id}/test`));
  await campus.sql`insert into outbox (topic, payload) select topic, payload from outbox, generate_series(1, 199) where payload ->> 'delivery_id' = ${id}`;
  const quick = await startWebhookReceiver();
  const lane = runLane(
    campus.worker,
    webhookTopics(campus.worker),
    "outside",
    () => undefined,
    () => undefined,
  );
  try {
    for (let taken = 1; taken > 0; ) taken = await lane.takeSome();
    const other = await campus.staff("owner", await campus.cafe());
    const { id: endpointId } = expectOk(await other.api<Endpoint>("POST", "/admin/webhooks", { body: { url: quick.url } }));
    expectOk(await other.api("POST", `/admin/webhooks/${endpointId}/test`));
    await lane.takeSome();
    await until("the other café is posted to", async () => quick.received.length === 1);
    expect(await campus.sql`select id from outbox where payload ->> 'delivery_id' = ${id} and last_error is not null`).toEqual([]);
  } finally {
    await campus.sql`delete from outbox where payload ->> 'delivery_id' = ${id}`;
    await receiver.close();
    await lane.finish();
    await quick.close();
  }
});

test("a redirect is not followed, and an endless answer is cut off", async () => {
  const endpoint = await addEndpoint();
  const elsewhere = await startWebhookReceiver();
  try {
    receiver.answer({ redirect: elsewhere.url });
    await placeCash();
    await campus.drainOutbox();
    expect(elsewhere.received).toEqual([]);
    expect(await deliveriesOf(endpoint)).toMatchObject([{ state: "waiting", last_status: 302 }]);
  } finally {
    await elsewhere.close();
  }
  receiver.answer("endless");
  await makeDue();
  await campus.drainOutbox();
  expect(await deliveriesOf(endpoint)).toMatchObject([{ state: "delivered" }]);
});

test("a test goes the same way as an order, and its answer under one Idempotency-Key is given again", async () => {
  const endpoint = await addEndpoint();
  const headers = { "Idempotency-Key": randomUUID() };
  const ask = () => owner.api<Delivery>("POST", `/admin/webhooks/${endpoint.id}/test`, { headers });
  const [first, again] = [await ask(), await ask()];
  expect([first.status, again.text, again.headers.get("idempotency-hit")]).toEqual([202, first.text, "true"]);
  await campus.drainOutbox();
  expect(receiver.received.map(({ body }) => [body.event, body.event_id])).toEqual([["test", first.body.event_id]]);
  expect(receiver.received.every((post) => isSigned(post, endpoint.secret))).toBe(true);
});

test("the secret is told once and stands nowhere in clear", async () => {
  const endpoint = await addEndpoint();
  expect(endpoint.secret).toMatch(/^whsec_[\w-]{43}$/);
  expect((await owner.api("GET", "/admin/webhooks")).text).not.toContain("secret");
  const [row] = await campus.sql<{ sealedSecret: string }>`select sealed_secret from webhook_endpoints where id = ${endpoint.id}`;
  expect(row?.sealedSecret).not.toContain(endpoint.secret.slice("whsec_".length));
  expect(campus.logLines.filter((line) => line.includes(endpoint.secret))).toEqual([]);
});

test("a removed webhook hears nothing any more, not even what waited, and is gone from the list", async () => {
  const endpoint = await addEndpoint();
  receiver.answer(500);
  await placeCash();
  await campus.drainOutbox();
  receiver.answer(200);
  expect((await owner.api("DELETE", `/admin/webhooks/${endpoint.id}`)).status).toBe(204);
  await makeDue();
  await placeCash();
  await campus.drainOutbox();
  expect(receiver.received).toHaveLength(1);
  expect(await campus.sql`select sealed_secret from webhook_endpoints where id = ${endpoint.id}`).toEqual([{ sealedSecret: "" }]);
  expect(expectOk(await owner.api<Page<Endpoint>>("GET", "/admin/webhooks")).items).toEqual([]);
  expect(refusal(await owner.api("DELETE", `/admin/webhooks/${endpoint.id}`))).toEqual([404, "NOT_FOUND"]);
  expect(refusal(await owner.api("GET", `/admin/webhooks/${endpoint.id}/deliveries`))).toEqual([404, "NOT_FOUND"]);
});

test("what was posted is forgotten after thirty days", async () => {
  const endpoint = await addEndpoint();
  for (let n = 0; n < 2; n += 1) expectOk(await owner.api("POST", `/admin/webhooks/${endpoint.id}/test`));
  const [young, old] = await deliveriesOf(endpoint);
  await campus.sql`update webhook_deliveries set created_at = now() - interval '31 days' where id = ${old?.id}`;
  for (const { run } of webhookJobs()) await campus.worker.db.transaction(run);
  expect((await deliveriesOf(endpoint)).map(({ id }) => id)).toEqual([young?.id]);
});

test("a café has five webhooks at most, also when they are added at once", async () => {
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, n) =>
      owner.api("POST", "/admin/webhooks", { process: (n % 2) as 0 | 1, body: { url: `${receiver.url}/${n}` } }),
    ),
  );
  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 201, 201, 201, 201, 409, 409, 409]);
  expect(answers.filter(({ status }) => status === 409).map(refusal)[0]).toEqual([409, "CONFLICT"]);
});

test("the log is read in pages, newest first", async () => {
  const endpoint = await addEndpoint();
  for (let n = 0; n < 5; n += 1) expectOk(await owner.api("POST", `/admin/webhooks/${endpoint.id}/test`));
  const all = (await deliveriesOf(endpoint)).map(({ id }) => id);
  const read: string[] = [];
  for (let cursor = ""; read.length < 5; ) {
    const page = expectOk(
      await owner.api<Page<Delivery>>("GET", `/admin/webhooks/${endpoint.id}/deliveries?limit=2${cursor && `&cursor=${cursor}`}`),
    );
    read.push(...page.items.map(({ id }) => id));
    if (!page.next_cursor) break;
    cursor = page.next_cursor;
  }
  expect(read).toEqual(all);
  expect(all).toEqual(all.toSorted().toReversed());
});

const paths = (endpointId: string, deliveryId: string): readonly (readonly [string, string, object?])[] => [
  ["GET", "/admin/webhooks"],
  ["POST", "/admin/webhooks", { url: "https://till.example.org/orders" }],
  ["DELETE", `/admin/webhooks/${endpointId}`],
  ["POST", `/admin/webhooks/${endpointId}/test`],
  ["GET", `/admin/webhooks/${endpointId}/deliveries`],
  ["POST", `/admin/webhooks/${endpointId}/deliveries/${deliveryId}/redeliver`],
];

test("only the owner may: every other role is refused, and another café's owner finds nothing", async () => {
  const endpoint = await addEndpoint();
  const delivery = expectOk(await owner.api<Delivery>("POST", `/admin/webhooks/${endpoint.id}/test`));
  const others = [
    ...(await Promise.all((["cashier", "kitchen", "delivery"] as const).map((role) => campus.staff(role, till.cafe)))),
    await campus.staff("finance"),
    await campus.staff("admin"),
    student,
  ];
  for (const [method, path, body] of paths(endpoint.id, delivery.id)) {
    for (const person of others)
      expect([path, ...refusal(await person.api(method, path, body && { body }))]).toEqual([path, 403, "INSUFFICIENT_ROLE"]);
    expect([path, ...refusal(await campus.api(method, path, body && { body }))]).toEqual([path, 401, "INVALID_TOKEN"]);
  }
  const stranger = await campus.staff("owner", await campus.cafe());
  for (const [method, path] of paths(endpoint.id, delivery.id).slice(2))
    expect([path, ...refusal(await stranger.api(method, path))]).toEqual([path, 404, "NOT_FOUND"]);
  expect(refusal(await owner.api("POST", `/admin/webhooks/${endpoint.id}/deliveries/${randomUUID()}/redeliver`))).toEqual([
    404,
    "NOT_FOUND",
  ]);
});

test.each(["pending", "suspended"] as const)("a café that is %s makes us post nothing", async (status) => {
  const stranger = await campus.staff("owner", await campus.cafe({ status }));
  const body = { url: "https://till.example.org/orders" };
  expect(refusal(await stranger.api("POST", "/admin/webhooks", { body }))).toEqual([409, "CONFLICT"]);
});

test.each([
  "http://till.example.org/orders",
  "ftp://till.example.org/",
  "https://user:password@till.example.org/",
  "https://till.example.org/#part",
  "https://10.0.0.1/",
  "https://169.254.169.254/latest/meta-data",
  "https://[fd00:ec2::254]/",
  "https://[::ffff:10.0.0.1]/",
  "https://0x0a000001/",
  "https://localtill/",
  "not an address",
  `https://till.example.org/${"x".repeat(500)}`,
])("the address %s is refused", async (url) => {
  expect(refusal(await owner.api("POST", "/admin/webhooks", { body: { url } }))).toEqual([400, "VALIDATION_ERROR"]);
});

test("outside the sandbox a webhook leads to this machine neither by address nor by name", async () => {
  const { createWebhookPoster } = await import("./post-webhook.ts");
  const { problemOfUrl } = await import("./webhook-url.ts");
  expect(problemOfUrl(receiver.url, false)).toBe("must begin with https://");
  expect(problemOfUrl("https://127.0.0.1/", false)).toBe("must be an address on the public internet");
  const poster = createWebhookPoster(false);
  const { port } = new URL(receiver.url);
  for (const host of ["127.0.0.1", "localhost", "[::1]"])
    await expect(poster.post({ url: `https://${host}:${port}/`, headers: {}, body: "{}" }, AbortSignal.timeout(5_000))).rejects.toThrow(
      "is not an address on the public internet",
    );
  poster.close();
  expect(receiver.received).toEqual([]);
});
