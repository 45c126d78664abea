import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { MoneyMessage } from "../notifications/transactions/money-message.ts";
import { settleFinishedDays } from "../settlements/settle-days.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { gatewayOf, paymentNews, type TestGateway } from "../testing/gateway.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type Till } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";
import { isSigned, startWebhookReceiver, type WebhookReceiver } from "../testing/webhook-receiver.ts";

interface Endpoint {
  readonly id: string;
  readonly money: boolean;
  readonly secret: string;
}
interface Settlement {
  readonly id: string;
  readonly day: string;
  readonly status: string;
  readonly payable_minor: number;
  readonly carried_minor: number;
}
interface Id {
  readonly id: string;
}

const priceMinor = 5_900;
const anyText = expect.any(String) as unknown as string;

let campus: Campus;
let money: Money;
let gateway: TestGateway;
let finance: TestStaff;
let folder: string;
let till: Till;
let owner: TestStaff;
let endpoint: Endpoint;
/** The café's bookkeeping, its till, and another café's bookkeeping. */
let books: WebhookReceiver;
let counter: WebhookReceiver;
let stranger: WebhookReceiver;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "campus-money-events-"));
  campus = await startCampus({ env: { OBJECT_FOLDER: folder } });
  money = moneyOf(campus);
  gateway = gatewayOf(campus);
  finance = await campus.staff("finance");
  await gateway.connect({ refunds: "processed" });
});
afterAll(async () => {
  await campus.end();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  till = await money.till();
  owner = await campus.staff("owner", till.cafe);
  [books, counter, stranger] = [await startWebhookReceiver(), await startWebhookReceiver(), await startWebhookReceiver()];
  endpoint = await addEndpoint(owner, { url: books.url, money: true });
  await addEndpoint(owner, { url: counter.url });
  await addEndpoint(await campus.staff("owner", await campus.cafe()), { url: stranger.url, money: true });
});
afterEach(async () => {
  await Promise.all([books.close(), counter.close(), stranger.close()]);
});

const addEndpoint = async (as: TestStaff, body: { url: string; money?: boolean }) =>
  expectOk(await as.api<Endpoint>("POST", "/admin/webhooks", { body }));
const keyed = () => ({ "Idempotency-Key": randomUUID() });

async function drain(): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    await campus.drainOutbox();
    await gateway.quiet();
  }
  await campus.drainOutbox();
}

/** What a system was posted of money, in the order of its events. */
const moneyAt = ({ received }: WebhookReceiver): MoneyMessage[] =>
  received
    .filter(({ body }) => !body.event.startsWith("order."))
    .map(({ text }) => JSON.parse(text) as MoneyMessage)
    .toSorted((one, other) => (one.event_id < other.event_id ? -1 : 1));

/** What the transaction topic would have carried of money so far, in the order of its events. */
async function published(): Promise<MoneyMessage[]> {
  const at = path.join(folder, "published", "money");
  const names = await readdir(at).catch(() => []);
  const texts = await Promise.all(names.toSorted().map((name) => readFile(path.join(at, name), "utf8")));
  return texts.map((text) => JSON.parse(text) as MoneyMessage);
}
const publishedOf = async (cafeId: string | null) => (await published()).filter(({ cafe_id }) => cafe_id === cafeId);

/** To the café's bookkeeping and to the topic the very same, each once; to its till and to another café nothing. */
async function expectTold(wanted: readonly object[]): Promise<void> {
  expect(moneyAt(books)).toEqual(wanted.map((each) => ({ event_id: anyText, at: anyText, cafe_id: till.cafe.id, ...each })));
  expect(await publishedOf(till.cafe.id)).toEqual(moneyAt(books));
  expect([moneyAt(counter), moneyAt(stranger)]).toEqual([[], []]);
}

async function paid(student: MoneyStudent): Promise<string> {
  const charge = await student.scannedOrder({ till, totalMinor: priceMinor });
  expectOk(await student.confirm(charge));
  return charge.order_id;
}

async function paidThroughGateway(): Promise<{ orderId: string; paymentId: string }> {
  const student = await money.fundedStudent({ balanceMinor: 0 });
  const { orderId, checkout } = await gateway.paidUpiOrder(student, till.cafe, priceMinor);
  return { orderId, paymentId: checkout.payment_id };
}

const refund = async (orderId: string, body: { amount_minor?: number; to?: "wallet" | "gateway" }) =>
  expectOk(await owner.api<Id>("POST", `/admin/orders/${orderId}/refund`, { body: { reason: "cold soup", ...body }, headers: keyed() }));

test("a refund is posted, signed, to the system that is to hear of money, by ids and amounts alone, and is published the same", async () => {
  const student = await money.fundedStudent({ balanceMinor: 10_000, name: "Astrid Lind" });
  const orderId = await paid(student);
  const made = await refund(orderId, { amount_minor: 900 });
  await drain();
  const of = { id: made.id, order_id: orderId, transaction_id: anyText, amount_minor: 900, currency: "SEK" };
  await expectTold([{ event: "refund.made", refund: { ...of, to: "wallet", status: "processed" } }]);

  const post = books.received.find(({ body }) => body.event === "refund.made");
  if (!post) throw new Error("Nothing was posted.");
  expect([isSigned(post, endpoint.secret), post.headers["campus-pay-event-id"]]).toEqual([true, post.body.event_id]);
  for (const secret of ["Lind", student.phone, student.id, "cold soup"]) expect(post.text).not.toContain(secret);
  expect(counter.received.map(({ body }) => body.event).toSorted()).toEqual(["order.changed", "order.paid"]);
});

test("a refund through the gateway is told when it is made and when it has ended; one in cash once", async () => {
  const { orderId } = await paidThroughGateway();
  const made = await refund(orderId, { to: "gateway" });
  await drain();
  const dish = await money.dish(till.cafe, 700);
  const sale = { items: [{ menu_item_id: dish.id, quantity: 1 }], payment: "cash" };
  const sold = expectOk(await till.device.api<{ order: Id }>("POST", "/pos/sales", { headers: keyed(), body: sale }));
  const cashier = await campus.staff("cashier", till.cafe);
  const inCash = expectOk(
    await till.device.api<Id>("POST", "/pos/refunds", {
      body: { scan_id: randomUUID(), order_id: sold.order.id, reason: "dry" },
      headers: { "X-Staff-Authorization": `Bearer ${cashier.token}` },
    }),
  );
  await drain();
  const of = { id: made.id, order_id: orderId, transaction_id: anyText, to: "gateway", amount_minor: priceMinor, currency: "SEK" };
  const cash = { id: inCash.id, order_id: sold.order.id, transaction_id: anyText, to: "cash", amount_minor: 700, currency: "SEK" };
  await expectTold([
    { event: "refund.made", refund: { ...of, status: "pending" } },
    { event: "refund.settled", refund: { ...of, status: "processed" } },
    { event: "refund.made", refund: { ...cash, status: "processed" } },
  ]);
});

test("a dispute of a café's order is told when it is opened and when the bank has decided", async () => {
  const { orderId, paymentId } = await paidThroughGateway();
  const { id } = await gateway.door("POST", "/disputes", { payment_id: paymentId });
  await drain();
  await gateway.door("POST", `/disputes/${id}/lost`);
  await drain();
  const of = { id: anyText, order_id: orderId, transaction_id: anyText, amount_minor: priceMinor, currency: "SEK" };
  await expectTold([
    { event: "dispute.opened", dispute: { ...of, status: "open" } },
    { event: "dispute.closed", dispute: { ...of, status: "lost" } },
  ]);
});

test("a settlement is told to its café when it is made, paid and come back from the bank", async () => {
  await paid(await money.fundedStudent({ balanceMinor: priceMinor }));
  const [tomorrow] = await campus.sql<{ at: Date }>`
    select ((now() at time zone 'Europe/Stockholm')::date + 1)::timestamp at time zone 'Europe/Stockholm' + interval '20 minutes' as at`;
  while ((await settleFinishedDays(campus.worker, tomorrow?.at)) > 0);
  const list = async () =>
    expectOk(await finance.api<{ items: Settlement[] }>("GET", `/admin/settlements?cafe_id=${till.cafe.id}&limit=100`)).items.toReversed();
  const made = await list();
  const due = made.find(({ status }) => status === "due");
  expect(due?.payable_minor).toBeGreaterThan(0);
  const change = async (by: TestStaff, what: "pay" | "return", body: object) =>
    expectOk(await by.api<Settlement>("POST", `/admin/settlements/${due?.id}/${what}`, { headers: keyed(), body }));
  const afterPay = await change(finance, "pay", { bank_reference: "SEB-2026-0007" });
  const comeBack = { reason: "account closed" };
  await change(finance, "return", comeBack);
  const afterReturn = await change(await campus.staff("finance"), "return", comeBack);
  await drain();
  const told = (event: string, { id, day, status, payable_minor, carried_minor }: Settlement) => ({
    event: `settlement.${event}`,
    settlement: { id, day, status, amount_minor: payable_minor, carried_minor, currency: "SEK" },
  });
  await expectTold([...made.map((each) => told("made", each)), told("paid", afterPay), told("returned", afterReturn)]);
});

test("a top-up and its dispute are published with the student's id, once however often the gateway tells of the payment, and no café hears of them", async () => {
  const before = (await publishedOf(null)).length;
  const student = await money.fundedStudent({ balanceMinor: 0 });
  const begun = await gateway.beginTopUp(student, 5_000);
  const checkout = await gateway.pay(begun.gateway_order_id);
  const credited = expectOk(await gateway.verify(student, checkout));
  const news = { id: checkout.payment_id, order_id: checkout.gateway_order_id, amount: 5_000 };
  for (let copy = 0; copy < 2; copy += 1) expectOk(await gateway.send(paymentNews(news)));
  await drain();
  await gateway.door("POST", "/disputes", { payment_id: checkout.payment_id });
  await drain();
  const told = (await publishedOf(null)).slice(before);
  const amount = { amount_minor: 5_000, currency: "SEK" };
  expect(told).toEqual([
    {
      event_id: anyText,
      event: "top_up.credited",
      at: anyText,
      cafe_id: null,
      top_up: { id: begun.id, student_id: student.id, transaction_id: credited.transaction_id, ...amount },
    },
    {
      event_id: anyText,
      event: "dispute.opened",
      at: anyText,
      cafe_id: null,
      dispute: { id: anyText, order_id: null, transaction_id: anyText, status: "open", ...amount },
    },
  ]);
  expect([books, counter, stranger].flatMap(moneyAt)).toEqual([]);
});

test("a worker that died after it had told, and before it wrote that down, tells the same bytes under the same event's id again", async () => {
  const orderId = await paid(await money.fundedStudent({ balanceMinor: priceMinor }));
  await refund(orderId, {});
  await drain();
  const [first] = await publishedOf(till.cafe.id);
  expect(first?.event).toBe("refund.made");
  const delivery = campus.sql<Id>`
    update webhook_deliveries set state = 'waiting', delivered_at = null where event_id = ${first?.event_id} returning id`;
  const [{ id } = { id: "" }] = await delivery;
  await campus.sql`
    update outbox set done_at = null, due_at = now()
    where (topic in ('money.publish', 'pos.money') and payload ->> 'event_id' = ${first?.event_id}) or payload ->> 'delivery_id' = ${id}`;
  await drain();
  const posts = books.received.filter(({ body }) => body.event === "refund.made");
  expect([posts.length, new Set(posts.map(({ text }) => text)).size]).toEqual([2, 1]);
  expect(await publishedOf(till.cafe.id)).toEqual([first]);
  expect(await campus.sql`select state from webhook_deliveries where event_id = ${first?.event_id}`).toEqual([{ state: "delivered" }]);
});

test("a debit leaves one row for the worker: no news of money beside its payment", async () => {
  const orderId = await paid(await money.fundedStudent({ balanceMinor: priceMinor }));
  const rows = await campus.sql<{ topic: string }>`
    select distinct topic from outbox where topic !~ '^push' and payload::text like ${`%${orderId}%`}`;
  expect(rows).toEqual([{ topic: "order.paid" }]);
});
