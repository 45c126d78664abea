import { createHmac } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { until } from "../../testing/platform.ts";
import { listenLocally } from "../ports.ts";
import { type Sandbox, startSandbox } from "./server.ts";

interface Heard {
  readonly body: string;
  readonly signature: string;
  readonly eventId: string;
}

let sandbox: Sandbox;
let shop: Server;
let heard: Heard[];
/** What the shop answers, one after the other; then 200. */
let answers: number[];

beforeEach(async () => {
  heard = [];
  answers = [];
  shop = createServer(async (request, response) => {
    const body = await text(request);
    const status = answers.shift() ?? 200;
    if (status === 200)
      heard.push({ body, signature: header(request, "x-razorpay-signature"), eventId: header(request, "x-razorpay-event-id") });
    response.writeHead(status).end();
  });
  sandbox = await startSandbox({
    port: 0,
    gatewayKey: { id: "rzp_test_1", secret: "key secret" },
    gatewayWebhook: { url: `http://127.0.0.1:${await listenLocally(shop)}/hook`, secret: "hook secret" },
  });
});
afterEach(async () => {
  await sandbox.close();
  await new Promise((resolve) => shop.close(resolve));
});

const header = (request: IncomingMessage, name: string): string => String(request.headers[name] ?? "");

type Body = Readonly<Record<string, unknown>> & { readonly id: string };

async function call(method: string, path: string, body: unknown = {}, headers: Readonly<Record<string, string>> = {}) {
  const answer = await fetch(sandbox.url + path, {
    method,
    headers: { "Content-Type": "application/json", Authorization: `Basic ${btoa("rzp_test_1:key secret")}`, ...headers },
    ...(method === "GET" ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Body };
}

async function paid(save_method = false): Promise<string> {
  const order = await call("POST", "/v1/orders", { amount: 5_000, currency: "SEK" });
  const { body } = await call("POST", "/sandbox/gateway/pay", { order_id: order.body.id, outcome: "captured", save_method });
  return String(body.razorpay_payment_id);
}
const quiet = () =>
  until("the webhooks to be sent", async () => {
    const { webhooks } = (await call("GET", "/sandbox/gateway")).body as unknown as { webhooks: { underway: number } };
    return webhooks.underway === 0;
  });
const events = () => heard.map(({ body }) => (JSON.parse(body) as { event: string }).event);

test("each webhook is signed over the bytes that travel, and copies are byte for byte the same", async () => {
  await call("PUT", "/sandbox/gateway", { copies: 3, longest_delay_ms: 20 });
  const paymentId = await paid();
  await quiet();
  expect(events()).toEqual(["payment.captured", "payment.captured", "payment.captured"]);
  expect(new Set(heard.map(({ body, eventId }) => `${eventId} ${body}`)).size).toBe(1);
  for (const { body, signature } of heard) expect(signature).toBe(createHmac("sha256", "hook secret").update(body).digest("hex"));
  expect(JSON.parse(heard[0]?.body ?? "")).toMatchObject({
    payload: { payment: { entity: { id: paymentId, amount: 5_000, status: "captured" } } },
  });
});

test("a webhook that is not taken is sent again, and given up after four tries", async () => {
  answers = [500];
  await paid();
  await quiet();
  expect(events()).toEqual(["payment.captured"]);
  answers = [500, 500, 500, 500];
  await paid();
  await quiet();
  expect((await call("GET", "/sandbox/gateway")).body.webhooks).toEqual({ taken: 1, refused: 1, underway: 0 });
});

test("the page takes a form of its own key, order and amount, and nothing that could become markup", async () => {
  const order = await call("POST", "/v1/orders", { amount: 5_000, currency: "SEK" });
  const good = {
    key_id: "rzp_test_1",
    order_id: order.body.id,
    amount: "5000",
    currency: "SEK",
    name: `<img src=x onerror="alert(1)">`,
    callback_url: "http://127.0.0.1/back",
    cancel_url: "http://127.0.0.1/",
  };
  const open = (fields: Readonly<Record<string, string>>) =>
    fetch(`${sandbox.url}/sandbox/gateway/checkout`, { method: "POST", body: new URLSearchParams({ ...good, ...fields }) });
  const page = await open({});
  expect([page.status, await page.text()]).toEqual([200, expect.not.stringContaining("<img")]);
  for (const wrong of [
    { key_id: "rzp_test_2" },
    { amount: "4999" },
    { currency: "EUR" },
    { order_id: "order_none" },
    { callback_url: "javascript:alert(1)" },
  ])
    expect((await open(wrong)).status).toBe(400);
});

test("refunds are one for each key, never more than was captured, and end as they are told to", async () => {
  const paymentId = await paid();
  await call("PUT", "/sandbox/gateway", { refunds: "pending" });
  const key = { "X-Refund-Idempotency": "a-key-of-ours" };
  const first = await call("POST", `/v1/payments/${paymentId}/refund`, { amount: 3_000 }, key);
  const again = await call("POST", `/v1/payments/${paymentId}/refund`, { amount: 3_000 }, key);
  expect([first.body.status, again.body.id]).toEqual(["pending", first.body.id]);
  expect((await call("POST", `/v1/payments/${paymentId}/refund`, { amount: 2_001 })).status).toBe(400);
  await call("POST", `/sandbox/gateway/refunds/${first.body.id}/failed`);
  expect((await call("GET", `/v1/payments/${paymentId}/refunds/${first.body.id}`)).body.status).toBe("failed");
  expect((await call("POST", `/v1/payments/${paymentId}/refund`, { amount: 5_000 })).status).toBe(200);
  await quiet();
  expect(events()).toContain("refund.failed");
});

test("a kept method pays one order once, and a token that does not belong to its customer pays nothing", async () => {
  const payment = (await call("GET", `/v1/payments/${await paid(true)}`)).body;
  const order = await call("POST", "/v1/orders", { amount: 700, currency: "SEK" });
  const charge = { amount: 700, currency: "SEK", order_id: order.body.id, customer_id: payment.customer_id, token: payment.token_id };
  expect((await call("POST", "/v1/payments/create/recurring", { ...charge, customer_id: "cust_other" })).status).toBe(400);
  expect((await call("POST", "/v1/payments/create/recurring", charge)).body).toMatchObject({ status: "captured", order_id: order.body.id });
  expect((await call("POST", "/v1/payments/create/recurring", charge)).status).toBe(400);
});

test("disputes are told from their opening to their end", async () => {
  const paymentId = await paid();
  const dispute = await call("POST", "/sandbox/gateway/disputes", { payment_id: paymentId });
  expect((await call("PATCH", `/v1/disputes/${dispute.body.id}/contest`, {})).body.status).toBe("under_review");
  await call("POST", `/sandbox/gateway/disputes/${dispute.body.id}/won`);
  await quiet();
  expect(events().toSorted()).toEqual(["payment.captured", "payment.dispute.created", "payment.dispute.won"]);
});

test("the gateway's own books list what no webhook told: refunds of its dashboard, disputes, and pay-outs with their lines", async () => {
  const paymentId = await paid();
  const part = await call("POST", "/sandbox/gateway/refunds", { payment_id: paymentId, amount: 2_000 });
  expect((await call("GET", `/v1/payments/${paymentId}`)).body).toMatchObject({
    status: "captured",
    amount_refunded: 2_000,
    refund_status: "partial",
  });
  const rest = await call("POST", "/sandbox/gateway/refunds", { payment_id: paymentId });
  // Money that went back as a whole is "refunded", and was captured all the same.
  expect((await call("GET", `/v1/payments/${paymentId}`)).body).toMatchObject({
    status: "refunded",
    captured: true,
    amount_refunded: 5_000,
    refund_status: "full",
  });
  expect((await call("GET", `/v1/payments/${paymentId}/refunds`)).body.items).toMatchObject([{ id: rest.body.id }, { id: part.body.id }]);
  const ofAll = (await call("GET", "/v1/refunds?count=100")).body.items as { id: string }[];
  expect(ofAll.map(({ id }) => id)).toEqual(expect.arrayContaining([part.body.id, rest.body.id]));
  const dispute = await call("POST", "/sandbox/gateway/disputes", { payment_id: await paid(), amount: 700 });
  expect((await call("GET", "/v1/disputes?count=1")).body.items).toMatchObject([{ id: dispute.body.id, status: "open" }]);
  expect((await call("GET", `/v1/disputes/${dispute.body.id}`)).body).toMatchObject({ amount: 700 });

  const payOut = await call("POST", "/sandbox/gateway/pay-out");
  expect((await call("POST", "/sandbox/gateway/pay-out")).status).toBe(400);
  expect((await call("GET", "/v1/settlements?count=1")).body.items).toMatchObject([{ id: payOut.body.id, utr: payOut.body.utr }]);
  const now = new Date();
  const day = `year=${now.getUTCFullYear()}&month=${now.getUTCMonth() + 1}&day=${now.getUTCDate()}&count=1000`;
  const lines = (await call("GET", `/v1/settlements/recon/combined?${day}`)).body.items as {
    credit: number;
    debit: number;
    settlement_id: string;
  }[];
  const own = lines.filter(({ settlement_id }) => settlement_id === payOut.body.id);
  expect(own.reduce((sum, { credit, debit }) => sum + credit - debit, 0)).toBe(payOut.body.amount);
});

test("what it answers about its behaviour can be put back as it is", async () => {
  const before = await call("GET", "/sandbox/gateway");
  expect(before.body).toMatchObject({ copies: 1, longest_delay_ms: 0, refunds: "processed", saved_methods: "captured" });
  await call("PUT", "/sandbox/gateway", { copies: 3, refunds: "failed", webhook_url: null });
  expect((await call("PUT", "/sandbox/gateway", before.body)).body).toEqual(before.body);
});

test("with a file for its books it knows its payments and refunds again after a restart", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "gateway-books-"));
  const options = { port: 0, gatewayKey: { id: "rzp_test_1", secret: "key secret" }, gatewayBooksFile: path.join(folder, "gateway.books") };
  await sandbox.close();
  sandbox = await startSandbox(options);
  const order = await call("POST", "/v1/orders", { amount: 5_000, currency: "SEK" });
  const told = await call("POST", "/sandbox/gateway/pay", { order_id: order.body.id, outcome: "captured" });
  const paymentId = String(told.body.razorpay_payment_id);
  await call("POST", `/v1/payments/${paymentId}/refund`, { amount: 2_000 });
  await sandbox.close();
  sandbox = await startSandbox(options);
  expect((await call("GET", `/v1/payments/${paymentId}`)).body).toMatchObject({ status: "captured", amount_refunded: 2_000 });
  // The order's payment and the listed one are the same one still.
  await call("POST", `/v1/payments/${paymentId}/refund`, { amount: 3_000 });
  expect((await call("GET", `/v1/orders/${order.body.id}/payments`)).body.items).toMatchObject([{ id: paymentId, amount_refunded: 5_000 }]);
  await rm(folder, { recursive: true, force: true });
});
