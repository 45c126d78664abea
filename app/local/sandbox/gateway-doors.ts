import { Hono } from "hono";
import { z } from "zod";
import { parseOrRefuse, Refusal, readJson } from "./answers.ts";
import { countRefunds, type Dispute, type GatewayBooks, gatewayId, nowSeconds, pay, payOut, refundPayment } from "./gateway-books.ts";
import { type GatewayKey, signatureOf } from "./gateway-key.ts";
import type { Webhooks } from "./gateway-webhooks.ts";

/** How the stand-in behaves from now on. */
export interface GatewayBehaviour {
  /** How a refund ends: at once, or when a door says so. */
  refunds: "processed" | "failed" | "pending";
  /** How a charge of a kept method ends. */
  savedMethods: "captured" | "failed";
}

const behaviourBody = z.strictObject({
  webhook_url: z.url().nullable().optional(),
  webhook_secret: z.string().min(1).optional(),
  copies: z.int().min(1).max(10).optional(),
  longest_delay_ms: z.int().min(0).max(60_000).optional(),
  refunds: z.enum(["processed", "failed", "pending"]).optional(),
  saved_methods: z.enum(["captured", "failed"]).optional(),
  // Counts, which the answer tells too: taken, so that an answer can be put back as it is.
  webhooks: z.unknown().optional(),
});
const payBody = z.strictObject({
  order_id: z.string(),
  outcome: z.enum(["captured", "failed"]),
  save_method: z.boolean().default(false),
});
const dashboardRefundBody = z.strictObject({ payment_id: z.string(), amount: z.int().positive().optional() });
const disputeBody = z.strictObject({
  payment_id: z.string(),
  amount: z.int().positive().optional(),
  respond_in_seconds: z.int().min(-86_400).max(31_536_000).default(604_800),
});

interface DoorParts {
  readonly key: GatewayKey;
  readonly books: GatewayBooks;
  readonly webhooks: Webhooks;
  readonly behaviour: GatewayBehaviour;
}

/** Routes that no real gateway has: they play the paying student, the bank, and a network that repeats and delays webhooks. */
export const gatewayDoors = ({ key, books, webhooks, behaviour }: DoorParts): Hono => {
  const routes = new Hono();

  const present = () => {
    const { url, copies, longestDelayMs } = webhooks.settings();
    const { refunds, savedMethods } = behaviour;
    const told = { webhook_url: url ?? null, copies, longest_delay_ms: longestDelayMs };
    return { ...told, refunds, saved_methods: savedMethods, webhooks: webhooks.counts() };
  };

  routes.get("/sandbox/gateway", (c) => c.json(present()));

  routes.put("/sandbox/gateway", async (c) => {
    const body = parseOrRefuse(behaviourBody, await readJson(c));
    webhooks.set({
      ...(body.webhook_url === undefined ? {} : { url: body.webhook_url ?? undefined }),
      ...(body.webhook_secret === undefined ? {} : { secret: body.webhook_secret }),
      ...(body.copies === undefined ? {} : { copies: body.copies }),
      ...(body.longest_delay_ms === undefined ? {} : { longestDelayMs: body.longest_delay_ms }),
    });
    behaviour.refunds = body.refunds ?? behaviour.refunds;
    behaviour.savedMethods = body.saved_methods ?? behaviour.savedMethods;
    return c.json(present());
  });

  routes.post("/sandbox/gateway/pay", async (c) => {
    const body = parseOrRefuse(payBody, await readJson(c));
    const order = books.orders.get(body.order_id);
    if (!order) throw new Refusal(404, "NOT_FOUND", "The gateway knows no such order.");
    const payment = pay(books, order, body.outcome, body.save_method ? gatewayId("token") : null);
    webhooks.tell(payment.captured ? "payment.captured" : "payment.failed", { payment });
    return c.json({
      razorpay_order_id: order.id,
      razorpay_payment_id: payment.id,
      razorpay_signature: signatureOf(key, order.id, payment.id),
    });
  });

  routes.post("/sandbox/gateway/refunds/:refundId/:outcome{processed|failed}", (c) => {
    const refund = books.refunds.get(c.req.param("refundId"));
    if (!refund) throw new Refusal(404, "NOT_FOUND", "The gateway knows no such refund.");
    refund.status = c.req.param("outcome") as "processed" | "failed";
    const payment = books.payments.get(refund.payment_id);
    if (payment) countRefunds(books, payment);
    webhooks.tell(`refund.${refund.status}`, { refund, payment });
    return c.json(refund);
  });

  // Somebody gives a payment back in the gateway's own dashboard: no note of ours is on it.
  routes.post("/sandbox/gateway/refunds", async (c) => {
    const body = parseOrRefuse(dashboardRefundBody, await readJson(c));
    const payment = books.payments.get(body.payment_id);
    const amount = body.amount ?? (payment ? payment.amount - payment.amount_refunded : 0);
    const refund = payment && amount > 0 ? refundPayment(books, payment, { amount, notes: {}, key: undefined }) : undefined;
    if (!refund) throw new Refusal(400, "VALIDATION_ERROR", "So much of this payment cannot be given back.");
    refund.status = "processed";
    webhooks.tell("refund.processed", { refund, payment });
    return c.json(refund);
  });

  routes.post("/sandbox/gateway/pay-out", (c) => {
    const settlement = payOut(books);
    if (!settlement) throw new Refusal(400, "VALIDATION_ERROR", "Nothing is due.");
    webhooks.tell("settlement.processed", { settlement });
    return c.json(settlement);
  });

  routes.post("/sandbox/gateway/disputes", async (c) => {
    const body = parseOrRefuse(disputeBody, await readJson(c));
    const payment = books.payments.get(body.payment_id);
    if (!payment?.captured) throw new Refusal(404, "NOT_FOUND", "The gateway has captured no such payment.");
    const dispute: Dispute = {
      id: gatewayId("disp"),
      entity: "dispute",
      payment_id: payment.id,
      amount: body.amount ?? payment.amount,
      currency: payment.currency,
      reason_code: "goods_or_services_not_received",
      respond_by: nowSeconds() + body.respond_in_seconds,
      status: "open",
      created_at: nowSeconds(),
    };
    books.disputes.set(dispute.id, dispute);
    webhooks.tell("payment.dispute.created", { payment, dispute });
    return c.json(dispute);
  });

  routes.post("/sandbox/gateway/disputes/:disputeId/:outcome{won|lost}", (c) => {
    const dispute = books.disputes.get(c.req.param("disputeId"));
    if (!dispute) throw new Refusal(404, "NOT_FOUND", "The gateway knows no such dispute.");
    dispute.status = c.req.param("outcome") as "won" | "lost";
    webhooks.tell(`payment.dispute.${dispute.status}`, { payment: books.payments.get(dispute.payment_id), dispute });
    return c.json(dispute);
  });

  return routes;
};
