import { z } from "@hono/zod-openapi";
import { actorOf, staff } from "../identity/guards.ts";
import { reasonField } from "../ledger/field-schemas.ts";
import type { Platform } from "../platform/context.ts";
import { once } from "../platform/http/once.ts";
import { json, listOf, listQuery, PendingBody, required, route, router } from "../platform/http/router.ts";
import { creditFoundPayment } from "./credit-found.ts";
import { listHeldRefunds, retryHeldRefund } from "./held-refund.ts";
import { bearers, bearOutsideRefund, listOutsideRefunds, type OutsideRefund, outsideRefundStatuses } from "./outside-refund.ts";

const OutsideRefundSchema = z
  .object({
    id: z.uuid(),
    gateway_refund_id: z.string(),
    payment_id: z.string(),
    student_id: z.uuid(),
    order_id: z.uuid().nullable(),
    amount_minor: z.int(),
    currency: z.string(),
    status: z.enum(outsideRefundStatuses),
    borne_by: z.enum(bearers).nullable(),
    bearer_asked: z.enum(bearers).nullable().openapi({ description: "What the first of two people said: a second one must say the same" }),
    asked_by: z.uuid().nullable(),
    reason: z.string().nullable(),
    decided_by: z.uuid().nullable(),
    decided_at: z.iso.datetime().nullable(),
    created_at: z.iso.datetime(),
  })
  .openapi("OutsideRefund");

const HeldRefundSchema = z
  .object({ id: z.uuid(), payment_id: z.string(), amount_minor: z.int(), currency: z.string(), created_at: z.iso.datetime() })
  .openapi("HeldRefund");

const who = staff("finance", "admin");

const list = route({
  method: "get",
  path: "/admin/outside-refunds",
  operationId: "listOutsideRefunds",
  tags: ["finance"],
  summary: "Money that somebody gave back at the gateway itself: it waits in suspense until a person says who bears it",
  who,
  request: { query: listQuery.extend({ status: z.enum(outsideRefundStatuses).optional() }) },
  responses: { 200: json(listOf(OutsideRefundSchema), "A page of them, newest first") },
});

const bear = route({
  method: "post",
  path: "/admin/outside-refunds/{id}/bear",
  operationId: "bearOutsideRefund",
  tags: ["finance"],
  summary: "The café (as a refund of its order), the student (wallet, the rest is owed) or the university bears it",
  description:
    'What the student bears of a top-up is booked at once. What a café or the university bears, or the student of an order, takes two people: the first answer is `status: "open"` with `asked_by`, the second one\'s books it.',
  who: staff("finance"),
  idempotency: "required",
  mayPend: true,
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "CONFLICT", "READ_ONLY_REGION"],
  request: {
    params: z.object({ id: z.uuid() }),
    body: required(z.strictObject({ borne_by: z.enum(bearers), reason: reasonField(3) })),
  },
  responses: { 200: json(OutsideRefundSchema, "Booked, or said by the first of two") },
});

const listHeld = route({
  method: "get",
  path: "/admin/held-refunds",
  operationId: "listHeldRefunds",
  tags: ["finance"],
  summary: "Payments that no wallet could take and whose way back failed: the money is held",
  who,
  responses: { 200: json(listOf(HeldRefundSchema), "All of them, the oldest first") },
});

const retryHeld = route({
  method: "post",
  path: "/admin/held-refunds/{id}/retry",
  operationId: "retryHeldRefund",
  tags: ["finance"],
  summary: "Ask the gateway once more to give held money back",
  who: staff("finance"),
  idempotency: "required",
  mayPend: true,
  errors: ["NOT_FOUND", "READ_ONLY_REGION"],
  request: { params: z.object({ id: z.uuid() }) },
  responses: {
    202: json(z.union([z.object({ id: z.uuid(), status: z.literal("pending") }), PendingBody]), "On its way again; or not known yet"),
  },
});

const credit = route({
  method: "post",
  path: "/admin/gateway-payments/credit",
  operationId: "creditFoundPayment",
  tags: ["finance"],
  summary: "Credit a payment that the gateway collected and reconciliation lists: once, whoever asks and however often",
  who: staff("finance"),
  errors: ["NOT_FOUND", "CONFLICT", "METHOD_UNAVAILABLE", "READ_ONLY_REGION"],
  request: { body: required(z.strictObject({ payment_id: z.string().regex(/^[\w-]{4,64}$/, "must be the gateway's id of a payment") })) },
  responses: {
    200: json(
      z.object({
        outcome: z.enum(["credited", "already"]),
        credited_to: z.enum(["order", "wallet", "held"]).nullable(),
        transaction_id: z.uuid().nullable(),
      }),
      "It is credited",
    ),
  },
});

/** What went wrong with money that goes back through the gateway, and what people do about it. */
export const refundCaseRoutes = (platform: Platform) =>
  router()
    .openapi(list, async (c) => {
      const { status, limit, cursor } = c.req.valid("query");
      const { items, next } = await listOutsideRefunds(platform.db, { status, limit, after: cursor });
      return c.json({ items: items.map(present), next_cursor: next }, 200);
    })
    .openapi(bear, (c) => {
      const { borne_by: borneBy, reason } = c.req.valid("json");
      const decision = { id: c.req.valid("param").id, borneBy, reason, ...actorOf(c) };
      return once(c, "forever", async (tx) => ({
        status: 200 as const,
        body: present(await bearOutsideRefund(tx, platform.config, decision)),
      }));
    })
    .openapi(credit, async (c) => {
      const { outcome, creditedTo, transactionId } = await creditFoundPayment(platform, c.req.valid("json").payment_id, actorOf(c));
      return c.json(
        {
          outcome: outcome === "already" ? ("already" as const) : ("credited" as const),
          credited_to: creditedTo,
          transaction_id: transactionId,
        },
        200,
      );
    })
    .openapi(listHeld, async (c) => {
      const items = (await listHeldRefunds(platform.db)).map((each) => ({
        id: each.id,
        payment_id: each.paymentId,
        amount_minor: each.amountMinor,
        currency: each.currency,
        created_at: each.createdAt.toISOString(),
      }));
      return c.json({ items, next_cursor: null }, 200);
    })
    .openapi(retryHeld, async (c) => {
      const actor = { id: c.req.valid("param").id, ...actorOf(c) };
      return once(c, "forever", async (tx) => ({
        status: 202 as const,
        body: { id: await retryHeldRefund(tx, actor), status: "pending" as const },
      }));
    });

const present = (each: OutsideRefund): z.infer<typeof OutsideRefundSchema> => ({
  id: each.id,
  gateway_refund_id: each.gatewayRefundId,
  payment_id: each.paymentId,
  student_id: each.studentId,
  order_id: each.orderId,
  amount_minor: each.amountMinor,
  currency: each.currency,
  status: each.status,
  borne_by: each.borneBy,
  bearer_asked: each.bearerAsked,
  asked_by: each.askedBy,
  reason: each.reason,
  decided_by: each.decidedBy,
  decided_at: each.decidedAt?.toISOString() ?? null,
  created_at: each.createdAt.toISOString(),
});
