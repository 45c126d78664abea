import { z } from "@hono/zod-openapi";
import { student, studentOf } from "../identity/guards.ts";
import type { Platform } from "../platform/context.ts";
import { everyone, json, required, route, router } from "../platform/http/router.ts";
import { pageOfReturn } from "./checkout.ts";
import { gatewayOf } from "./open-gateway.ts";
import { payOwnOrder } from "./open-gateway-order.ts";
import { receiveWebhook } from "./receive-webhook.ts";
import { type PendingCredit, type VerifiedCredit, verifyPayment } from "./verify-payment.ts";

const CreditedSchema = z
  .object({
    status: z.literal("credited"),
    credited_to: z.enum(["order", "wallet", "held"]).openapi({
      description: "wallet also for an order that was cancelled, changed or paid meanwhile; held goes back to the payer",
    }),
    order_id: z.uuid().nullable(),
    top_up_id: z.uuid().nullable(),
    transaction_id: z.uuid().nullable(),
  })
  .openapi("CreditedPayment");
const PendingSchema = z.object({ status: z.literal("pending"), status_url: z.string() }).openapi("PendingPayment");
const OrderPaymentSchema = z
  .object({ gateway_order_id: z.string(), amount: z.number().int(), currency: z.string() })
  .openapi("OrderPayment");

const gatewayText = z.string().regex(/^[\x21-\x7e]{1,200}$/, "must be as the gateway gave it");

const verify = route({
  method: "post",
  path: "/payments/verify",
  operationId: "verifyPayment",
  tags: ["payments"],
  summary: "The phone paid at the gateway and brings its signature; the payment's id is the key, so it may come twice",
  who: student(),
  errors: ["NOT_FOUND", "INVALID_SIGNATURE", "PAYMENT_FAILED", "METHOD_UNAVAILABLE", "READ_ONLY_REGION"],
  request: { body: required(z.strictObject({ gateway_order_id: gatewayText, payment_id: gatewayText, signature: gatewayText })) },
  responses: {
    200: json(CreditedSchema, "It is in the books, now or before"),
    202: json(PendingSchema, "Not known yet; it will be found"),
  },
});

const webhook = route({
  method: "post",
  path: "/payments/webhook",
  operationId: "receiveWebhook",
  tags: ["payments"],
  summary: "The gateway's news, signed over the raw body",
  description: "HMAC-SHA256 in X-Razorpay-Signature. What is kept is answered 200, also when it is kept already.",
  who: everyone,
  errors: ["INVALID_SIGNATURE", "METHOD_UNAVAILABLE", "READ_ONLY_REGION"],
  responses: { 200: json(z.object({ status: z.literal("ok") }), "Kept") },
});

const pay = route({
  method: "post",
  path: "/payments/orders/{orderId}",
  operationId: "payOrder",
  tags: ["payments"],
  summary: "What the phone needs to pay its own unpaid UPI order; asked again it is the same",
  who: student(),
  errors: ["NOT_FOUND", "CONFLICT", "INVALID_TRANSITION", "PAYMENT_FAILED", "METHOD_UNAVAILABLE", "READ_ONLY_REGION"],
  request: { params: z.object({ orderId: z.uuid() }) },
  responses: { 200: json(OrderPaymentSchema, "To be paid at the gateway") },
});

const back = route({
  method: "post",
  path: "/payments/return",
  operationId: "returnFromCheckout",
  tags: ["payments"],
  summary: "The gateway's own page posts its payer here, who is sent on to a page of ours",
  description:
    "A form as the gateway's page makes it. Nothing is believed and nothing is booked: what it says stands behind the # of the address, and the page brings it to POST /payments/verify.",
  who: everyone,
  errors: ["METHOD_UNAVAILABLE"],
  request: {
    query: z.strictObject({
      to: z
        .string()
        .regex(/^(\/[\w-]+){1,4}$/, "must be the path of a page")
        .default("/wallet"),
    }),
  },
  responses: { 303: { description: "To the page", headers: z.object({ Location: z.string() }) } },
});

export const paymentRoutes = (platform: Platform) =>
  router()
    .openapi(verify, async (c) => {
      const { gateway_order_id, payment_id, signature } = c.req.valid("json");
      const checkout = { gatewayOrderId: gateway_order_id, paymentId: payment_id, signature };
      const found = await verifyPayment(platform, studentOf(c).id, checkout);
      return found.kind === "pending" ? c.json(presentPending(found), 202) : c.json(presentCredited(found), 200);
    })
    .openapi(webhook, async (c) => {
      const body = Buffer.from(await c.req.arrayBuffer());
      await receiveWebhook(platform, gatewayOf(platform), body, (name) => c.req.header(name));
      return c.json({ status: "ok" as const }, 200);
    })
    .openapi(back, async (c) => {
      const form = new URLSearchParams(await c.req.text());
      const paid = gatewayOf(platform).readReturn(Object.fromEntries(form));
      return c.redirect(pageOfReturn(platform.config, c.req.valid("query").to, paid), 303);
    })
    .openapi(pay, async (c) => c.json(await payOwnOrder(platform, c.req.valid("param").orderId, studentOf(c).id), 200));

const presentCredited = (credit: VerifiedCredit): z.infer<typeof CreditedSchema> => ({
  status: "credited",
  credited_to: credit.creditedTo,
  order_id: credit.orderId,
  top_up_id: credit.topUpId,
  transaction_id: credit.transactionId,
});

const presentPending = ({ topUpId, orderId }: PendingCredit): z.infer<typeof PendingSchema> => ({
  status: "pending",
  status_url: topUpId === null ? `/api/v1/orders/${orderId}/status` : `/api/v1/wallet/top-ups/${topUpId}`,
});
