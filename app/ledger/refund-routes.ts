import { z } from "@hono/zod-openapi";
import { cafeOf, staff, staffOf } from "../identity/guards.ts";
import { announce } from "../live/announce.ts";
import type { Platform } from "../platform/context.ts";
import { once } from "../platform/http/once.ts";
import { json, required, route, router } from "../platform/http/router.ts";
import { minorUnits, reasonField } from "./field-schemas.ts";
import { type Refund, refundOrder } from "./refund-order.ts";

const RefundSchema = z
  .object({
    id: z.uuid(),
    order_id: z.uuid(),
    amount_minor: z.number().int(),
    refunded_minor: z.number().int().openapi({ description: "Of the order, this refund and those before it" }),
    payment_status: z.enum(["paid", "refunded"]),
    currency: z.string(),
    reason: z.string(),
    to: z.enum(["wallet", "gateway"]),
    status: z.enum(["done", "pending"]).openapi({ description: "pending: the gateway has yet to give it back" }),
    transaction_id: z.uuid(),
    created_at: z.iso.datetime(),
  })
  .openapi("Refund");

const refund = route({
  method: "post",
  path: "/admin/orders/{orderId}/refund",
  operationId: "refundOrder",
  tags: ["orders"],
  summary: "Give a paid order's money back to the wallet, or through the gateway it came by: all that is left, or a part",
  who: staff("owner", "cashier"),
  idempotency: "required",
  mayPend: true,
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "CONFLICT", "READ_ONLY_REGION"],
  request: {
    params: z.object({ orderId: z.uuid() }),
    body: required(
      z.strictObject({
        amount_minor: minorUnits.min(1).optional(),
        reason: reasonField(1),
        to: z.enum(["wallet", "gateway"]).default("wallet"),
      }),
    ),
  },
  responses: { 201: json(RefundSchema, "Given back") },
});

export const refundRoutes = (platform: Platform) =>
  router().openapi(refund, async (c) => {
    const { amount_minor, reason, to } = c.req.valid("json");
    const input = {
      orderId: c.req.valid("param").orderId,
      cafeId: cafeOf(c, undefined),
      reason,
      to,
      requestedBy: staffOf(c).id,
      requestId: c.var.requestId,
      ...(amount_minor === undefined ? {} : { amountMinor: amount_minor }),
    };
    const answer = await once(c, "forever", async (tx) => ({ status: 201 as const, body: presentRefund(await refundOrder(tx, input)) }));
    announce(platform);
    return answer;
  });

const presentRefund = (made: Refund): z.infer<typeof RefundSchema> => ({
  id: made.id,
  order_id: made.orderId,
  amount_minor: made.amountMinor,
  refunded_minor: made.refundedMinor,
  payment_status: made.paymentStatus,
  currency: made.currency,
  reason: made.reason,
  to: made.to,
  status: made.status,
  transaction_id: made.transactionId,
  created_at: made.createdAt.toISOString(),
});
