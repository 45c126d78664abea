import { z } from "@hono/zod-openapi";
import { ownCafeOf, staff, staffOf } from "../identity/guards.ts";
import type { Platform } from "../platform/context.ts";
import { once } from "../platform/http/once.ts";
import { json, required, route, router } from "../platform/http/router.ts";
import { minorUnits, reasonField } from "./field-schemas.ts";
import { noteFields } from "./note-schemas.ts";
import type { Refund } from "./refund-order.ts";
import type { RefundProposal } from "./refund-proposal.ts";
import { requestRefund } from "./request-refund.ts";

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
    status: z.enum(["done", "pending", "proposed"]).openapi({
      description:
        "pending: the gateway has yet to give it back; proposed: nothing moved, a second person decides at /admin/refund-proposals under this id",
    }),
    transaction_id: z.uuid().nullable().openapi({ description: "null while it is proposed" }),
    created_at: z.iso.datetime(),
  })
  .openapi("Refund");

const refund = route({
  method: "post",
  path: "/admin/orders/{orderId}/refund",
  operationId: "refundOrder",
  tags: ["orders"],
  summary:
    "Give a paid order's money back to the wallet, or through the gateway it came by: all that is left, or a part; above REFUND_TWO_PEOPLE_ABOVE_MINOR, and whenever finance asks, a second person approves",
  who: staff("owner", "cashier", "finance"),
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
        ...noteFields,
      }),
    ),
  },
  responses: { 201: json(RefundSchema, "Given back, or waits for the second person") },
});

export const refundRoutes = (platform: Platform) =>
  router().openapi(refund, async (c) => {
    const { amount_minor, reason, to, reference, metadata } = c.req.valid("json");
    const cafeId = ownCafeOf(c, undefined);
    const input = {
      orderId: c.req.valid("param").orderId,
      ...(cafeId !== undefined && { cafeId }),
      reason,
      note: { reference, metadata },
      to,
      requestedBy: staffOf(c).id,
      requestId: c.var.requestId,
      ...(amount_minor === undefined ? {} : { amountMinor: amount_minor }),
    };
    return once(c, "forever", async (tx) => {
      const asked = await requestRefund(tx, platform.config, input);
      return { status: 201 as const, body: asked.kind === "made" ? presentRefund(asked.refund) : presentProposed(asked.proposal) };
    });
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

const presentProposed = (proposal: RefundProposal): z.infer<typeof RefundSchema> => ({
  id: proposal.id,
  order_id: proposal.orderId,
  amount_minor: proposal.amountMinor,
  refunded_minor: proposal.refundedBeforeMinor,
  payment_status: "paid",
  currency: proposal.currency,
  reason: proposal.reason,
  to: proposal.goesTo,
  status: "proposed",
  transaction_id: null,
  created_at: proposal.createdAt.toISOString(),
});
