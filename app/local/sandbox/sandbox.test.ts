import { createHmac } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createMessageLog, type SentMessage } from "./message-log.ts";
import { type Sandbox, startSandbox } from "./server.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox({ port: 0, gatewayKey: { id: "rzp_test_1", secret: "gateway-secret" } });
});
afterEach(() => sandbox.close());

interface Answer {
  readonly status: number;
  readonly body: {
    readonly id: string;
    readonly items: SentMessage[];
    readonly next_cursor: string | null;
    readonly razorpay_payment_id: string;
    readonly razorpay_signature: string;
  };
}

const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> => {
  const response = await fetch(sandbox.url + path, {
    method,
    headers: { "Content-Type": "application/json", ...headers },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Answer["body"] };
};

const sendSms = (to: string, text: string) => call("POST", "/sandbox/sms", { to, text });
const gatewayAuth = { Authorization: `Basic ${btoa("rzp_test_1:gateway-secret")}` };

test("a sent OTP can be read back by phone number, also when the plus sign is not encoded", async () => {
  await sendSms("+46700000001", "Your Campus Pay code is 123456. It lasts 5 minutes.");
  await sendSms("+46700000002", "Your Campus Pay code is 654321.");
  for (const to of ["%2B46700000001", "+46700000001"]) {
    const { body } = await call("GET", `/sandbox/messages?to=${to}&channel=sms`);
    expect(body).toMatchObject({ items: [{ channel: "sms", to: "+46700000001", data: { otp: "123456" } }], next_cursor: null });
    expect(Object.keys(body.items[0] ?? {}).sort()).toEqual(["at", "channel", "data", "id", "text", "to"]);
  }
});

test("messages come newest first, page by page, and only those after a known one when asked", async () => {
  for (const text of ["one", "two", "three", "four", "five"]) await sendSms("+46700000001", text);
  const texts = (answer: Answer) => answer.body.items.map((item) => item.text);

  const first = await call("GET", "/sandbox/messages?limit=2");
  expect(texts(first)).toEqual(["five", "four"]);
  const second = await call("GET", `/sandbox/messages?limit=2&cursor=${first.body.next_cursor}`);
  expect(texts(second)).toEqual(["three", "two"]);
  const last = await call("GET", `/sandbox/messages?limit=2&cursor=${second.body.next_cursor}`);
  expect(texts(last)).toEqual(["one"]);
  expect(last.body.next_cursor).toBeNull();

  const known = second.body.items[0]?.id;
  expect(texts(await call("GET", `/sandbox/messages?after=${known}`))).toEqual(["five", "four"]);
});

test("only the last messages are kept", () => {
  const log = createMessageLog(3);
  for (const text of ["a", "b", "c", "d"]) log.add({ channel: "sms", to: "+46700000001", text, data: {} });
  expect(log.newestFirst({}, 10).items.map((message) => message.text)).toEqual(["d", "c", "b"]);
});

test("faults change one provider at a time and refuse what they do not know", async () => {
  expect((await call("PUT", "/sandbox/faults", { sms: "500" })).body).toEqual({ fcm: "ok", sms: "500", gateway: "ok" });
  expect((await call("PUT", "/sandbox/faults", { fcm: "hang" })).body).toEqual({ fcm: "hang", sms: "500", gateway: "ok" });
  for (const unknown of [{ fcm: "slow" }, { email: "ok" }, { gateway: "unregistered" }, "not json"]) {
    const { status, body } = await call("PUT", "/sandbox/faults", unknown);
    expect(status).toBe(400);
    expect(body).toEqual({ error: { code: "VALIDATION_ERROR", message: expect.any(String), details: expect.any(Object) } });
  }
  expect((await call("GET", "/sandbox/faults")).body).toEqual({ fcm: "hang", sms: "500", gateway: "ok" });
});

test("a hang ends, without success, as soon as the faults change", async () => {
  await call("PUT", "/sandbox/faults", { sms: "hang" });
  const hanging = sendSms("+46700000001", "never arrives");
  const early = await Promise.race([hanging, sendStillWaits()]);
  expect(early).toBe("still waiting");
  await call("PUT", "/sandbox/faults", { sms: "ok" });
  expect((await hanging).status).toBe(500);
  expect((await call("GET", "/sandbox/messages")).body.items).toEqual([]);
});

/** Three answered requests after the hanging one was sent: time enough for an answer, without a sleep. */
const sendStillWaits = async () => {
  for (let count = 0; count < 3; count++) await call("GET", "/sandbox/health");
  return "still waiting";
};

test("bad messages, unknown addresses and large bodies get the envelope", async () => {
  expect(await call("POST", "/sandbox/sms", { to: "+46700000001" })).toMatchObject({
    status: 400,
    body: { error: { code: "VALIDATION_ERROR" } },
  });
  expect(await call("GET", "/sandbox/nothing")).toMatchObject({ status: 404, body: { error: { code: "NOT_FOUND" } } });
  expect(await call("GET", "/sandbox/messages?limit=0")).toMatchObject({
    status: 400,
    body: { error: { details: { limit: expect.any(String) } } },
  });
  expect(await sendSms("+46700000001", "x".repeat(100_000))).toMatchObject({ status: 413, body: { error: { code: "PAYLOAD_TOO_LARGE" } } });
});

test("the gateway takes an order once paid, and signs the payment as Razorpay does", async () => {
  const created = await call("POST", "/v1/orders", { amount: 46_000, currency: "SEK", receipt: "top-up-1" }, gatewayAuth);
  expect(created).toMatchObject({ status: 200, body: { entity: "order", amount: 46_000, amount_paid: 0, status: "created" } });
  expect(created.body.id).toMatch(/^order_[0-9a-z]{14}$/);

  const failed = await call("POST", "/sandbox/gateway/pay", { order_id: created.body.id, outcome: "failed" });
  expect((await call("GET", `/v1/orders/${created.body.id}`, undefined, gatewayAuth)).body).toMatchObject({
    status: "attempted",
    attempts: 1,
  });

  const { body: paid } = await call("POST", "/sandbox/gateway/pay", { order_id: created.body.id, outcome: "captured" });
  const expected = createHmac("sha256", "gateway-secret").update(`${created.body.id}|${paid.razorpay_payment_id}`).digest("hex");
  expect(paid.razorpay_signature).toBe(expected);
  expect((await call("GET", `/v1/orders/${created.body.id}`, undefined, gatewayAuth)).body).toMatchObject({
    status: "paid",
    amount_due: 0,
  });

  const { body: payments } = await call("GET", `/v1/orders/${created.body.id}/payments`, undefined, gatewayAuth);
  expect(payments).toMatchObject({
    count: 2,
    items: [
      { id: failed.body.razorpay_payment_id, status: "failed", captured: false },
      { id: paid.razorpay_payment_id, status: "captured", captured: true, amount: 46_000 },
    ],
  });
  expect((await call("POST", "/sandbox/gateway/pay", { order_id: created.body.id, outcome: "captured" })).status).toBe(400);
});

test("the gateway refuses a wrong key, a broken order and an unknown one, and fails when told to", async () => {
  const order = { amount: 100, currency: "SEK" };
  const wrongKey = { Authorization: `Basic ${btoa("rzp_test_1:other")}` };
  expect((await call("POST", "/v1/orders", order)).status).toBe(401);
  expect((await call("POST", "/v1/orders", order, wrongKey)).status).toBe(401);
  expect(await call("POST", "/v1/orders", { amount: 1.5, currency: "SEK" }, gatewayAuth)).toMatchObject({
    status: 400,
    body: { error: { code: "BAD_REQUEST_ERROR", description: expect.any(String) } },
  });
  expect((await call("GET", "/v1/orders/order_none", undefined, gatewayAuth)).status).toBe(400);
  expect((await call("POST", "/sandbox/gateway/pay", { order_id: "order_none", outcome: "captured" })).status).toBe(404);
  await call("PUT", "/sandbox/faults", { gateway: "500" });
  expect((await call("POST", "/v1/orders", order, gatewayAuth)).status).toBe(500);
});
