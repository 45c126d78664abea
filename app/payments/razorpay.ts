import { createHmac, timingSafeEqual } from "node:crypto";
import type { z } from "zod";
import type { Breaker } from "../platform/breaker.ts";
import { unavailable } from "../platform/errors.ts";
import { type Gateway, GatewayRefused } from "./gateway.ts";
import {
  DisputeEntity,
  DisputeListing,
  disputeOf,
  eventOf,
  OrderEntity,
  PaymentEntity,
  PaymentList,
  PaymentListing,
  paymentOf,
  payOutOf,
  RefundEntity,
  RefundListing,
  ReturnFields,
  refundOf,
  SettlementListing,
} from "./razorpay-shapes.ts";

interface RazorpayOptions {
  readonly url: string;
  /** Of its page, on which people pay. */
  readonly checkoutUrl: string;
  readonly keyId: string;
  readonly keySecret: () => Promise<string>;
  readonly webhookSecret: () => Promise<string>;
  readonly breaker: Breaker;
  readonly timeoutMs: number;
}

/** Razorpay's API, and of whatever speaks it. Amounts are minor units there too. */
export function createRazorpay({ url, checkoutUrl, keyId, keySecret, webhookSecret, breaker, timeoutMs }: RazorpayOptions): Gateway {
  async function send(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const authorization = `Basic ${Buffer.from(`${keyId}:${await keySecret()}`).toString("base64")}`;
    return breaker.run(async () => {
      const answer = await fetch(`${url}/v1${path}`, {
        method,
        headers: { Authorization: authorization, ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: "error",
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await answer.text();
      // Our key is wrong, or was revoked. That is no answer to what was asked: a refund must not count as refused for it.
      if (answer.status === 401 || answer.status === 403) throw new Error(`The gateway does not know our key (${answer.status}).`);
      // 409: the same refund is being worked on there. All three are over after a while.
      if (answer.status >= 500 || answer.status === 429 || answer.status === 409) throw new Error(`The gateway answered ${answer.status}.`);
      return { status: answer.status, body: JSON.parse(text) as unknown };
    });
  }

  async function ask<S extends z.ZodType>(shape: S, ...request: Parameters<typeof send>): Promise<z.output<S>> {
    const answer = await send(...request).catch((error: unknown) => {
      throw unavailable("The payment gateway cannot be reached at the moment.", error, retryAfterSeconds);
    });
    if (answer.status >= 400) throw refusalOf(answer);
    return shape.parse(answer.body);
  }

  /** All pages of a listing, the rows of which began in the span. Both ends are whole seconds that belong to it. */
  async function list<T>(shape: z.ZodType<{ items: T[] }>, path: string, from: Date, until: Date, limit: number): Promise<T[] | undefined> {
    const found: T[] = [];
    const span = `from=${Math.ceil(from.getTime() / 1_000)}&to=${Math.ceil(until.getTime() / 1_000) - 1}`;
    for (let skip = 0; skip <= limit; skip += pageRows) {
      const { items } = await ask(shape, "GET", `${path}?${span}&count=${pageRows}&skip=${skip}`);
      found.push(...items);
      if (items.length < pageRows) return found;
    }
    return undefined;
  }

  return {
    name: "razorpay",
    publicKey: keyId,
    checkoutForm: ({ gatewayOrderId, amountMinor, currency }, { paid, cancelled }) => ({
      url: checkoutUrl,
      fields: {
        key_id: keyId,
        order_id: gatewayOrderId,
        amount: String(amountMinor),
        currency,
        name: "Campus Pay",
        callback_url: paid,
        cancel_url: cancelled,
      },
    }),
    readReturn: (fields) => {
      const read = ReturnFields.safeParse(fields);
      if (!read.success) return undefined;
      const { razorpay_order_id: gatewayOrderId, razorpay_payment_id: paymentId, razorpay_signature: signature } = read.data;
      return { gatewayOrderId, paymentId, signature };
    },
    createOrder: async ({ amountMinor, currency, reference }) => {
      const order = await ask(OrderEntity, "POST", "/orders", {
        amount: amountMinor,
        currency,
        receipt: reference,
        payment_capture: true,
        notes: { reference },
      });
      return order.id;
    },
    payment: async (paymentId) => paymentOf(await ask(PaymentEntity, "GET", `/payments/${encodeURIComponent(paymentId)}`)),
    collectedBetween: async (from, until, limit) =>
      (await list(PaymentListing, "/payments", from, until, limit))
        ?.map(paymentOf)
        .filter(({ status }) => status === "captured" || status === "refunded"),
    refundsBetween: async (from, until, limit) => (await list(RefundListing, "/refunds", from, until, limit))?.map(refundOf),
    disputesBetween: async (from, until, limit) => (await list(DisputeListing, "/disputes", from, until, limit))?.map(disputeOf),
    payOutsBetween: async (from, until, limit) => (await list(SettlementListing, "/settlements", from, until, limit))?.map(payOutOf),
    dispute: async (disputeId) => disputeOf(await ask(DisputeEntity, "GET", `/disputes/${encodeURIComponent(disputeId)}`)),
    paymentsOf: async (orderId) => {
      const { items } = await ask(PaymentList, "GET", `/orders/${encodeURIComponent(orderId)}/payments`);
      return items.map(paymentOf);
    },
    chargeSaved: async (orderId, { amountMinor, currency }, { customer, token }) => {
      const body = { amount: amountMinor, currency, order_id: orderId, customer_id: customer, token, recurring: true };
      return paymentOf(await ask(PaymentEntity, "POST", "/payments/create/recurring", body));
    },
    refund: async (paymentId, amountMinor, reference) => {
      const body = { amount: amountMinor, notes: { reference } };
      const headers = { "X-Refund-Idempotency": reference };
      return refundOf(await ask(RefundEntity, "POST", `/payments/${encodeURIComponent(paymentId)}/refund`, body, headers));
    },
    refundOf: async (paymentId, refundId) =>
      refundOf(await ask(RefundEntity, "GET", `/payments/${encodeURIComponent(paymentId)}/refunds/${encodeURIComponent(refundId)}`)),
    contestDispute: async (disputeId, amountMinor, evidence) => {
      const body = { amount: amountMinor, summary: evidence, action: "submit" };
      await ask(DisputeEntity, "PATCH", `/disputes/${encodeURIComponent(disputeId)}/contest`, body);
    },
    acceptDispute: async (disputeId) => {
      await ask(DisputeEntity, "POST", `/disputes/${encodeURIComponent(disputeId)}/accept`, {});
    },
    isCheckoutSigned: async ({ gatewayOrderId, paymentId, signature }) =>
      isSigned(`${gatewayOrderId}|${paymentId}`, signature, await keySecret()),
    readWebhook: async (body, headerOf) => {
      if (!isSigned(body, headerOf("x-razorpay-signature") ?? "", await webhookSecret())) return "forged";
      return eventOf(parsed(body));
    },
  };
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const retryAfterSeconds = 5;
const pageRows = 100;

function refusalOf({ status, body }: Answer): GatewayRefused {
  const { error } = (body ?? {}) as { error?: { code?: unknown; description?: unknown } };
  return new GatewayRefused(String(error?.code ?? status), String(error?.description ?? "no reason given").slice(0, 200));
}

/** Compared in constant time. A signature of another length is compared too, as zeros, which no HMAC in hex is. */
function isSigned(signed: string | Buffer, signature: string, secret: string): boolean {
  const expected = Buffer.from(createHmac("sha256", secret).update(signed).digest("hex"));
  const given = Buffer.from(signature);
  return timingSafeEqual(given.length === expected.length ? given : Buffer.alloc(expected.length), expected);
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}
