import { z } from "@hono/zod-openapi";
import { actorOf, staff } from "../identity/guards.ts";
import type { Platform } from "../platform/context.ts";
import { once } from "../platform/http/once.ts";
import { type HttpContext, json, listOf, listQuery, required, route, router } from "../platform/http/router.ts";
import type { Transaction } from "../platform/postgres.ts";
import { acceptDispute, contestDispute, type Dispute, disputeStatuses, listDisputes } from "./dispute.ts";

const DisputeSchema = z
  .object({
    id: z.uuid(),
    dispute_id: z.string().openapi({ description: "The gateway's own id" }),
    payment_id: z.string(),
    student_id: z.uuid(),
    order_id: z.uuid().nullable(),
    amount_minor: z.number().int(),
    currency: z.string(),
    reason: z.string(),
    respond_by: z.iso.datetime(),
    is_overdue: z.boolean(),
    status: z.enum(disputeStatuses),
    evidence: z.string().nullable(),
    accept_asked_by: z.uuid().nullable().openapi({ description: "Where it takes two to accept it: the first of them" }),
    created_at: z.iso.datetime(),
    decided_at: z.iso.datetime().nullable(),
    settled_at: z.iso.datetime().nullable(),
  })
  .openapi("Dispute");

const who = staff("finance", "admin");
const params = z.object({ disputeId: z.uuid() });

const list = route({
  method: "get",
  path: "/admin/disputes",
  operationId: "listDisputes",
  tags: ["finance"],
  summary: "Payments that a customer disputes, newest first, each with the day by which to respond",
  who,
  request: { query: listQuery.extend({ status: z.enum(disputeStatuses).optional() }) },
  responses: { 200: json(listOf(DisputeSchema), "A page of them") },
});

const respond = route({
  method: "post",
  path: "/admin/disputes/{disputeId}/respond",
  operationId: "respondToDispute",
  tags: ["finance"],
  summary: "Tell the bank, before the deadline, why the payment is right",
  who,
  idempotency: "optional",
  mayPend: true,
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "READ_ONLY_REGION"],
  request: {
    params,
    body: required(
      z.strictObject({
        evidence: z
          .string()
          .trim()
          .min(1)
          .max(2_000)
          .regex(/^\P{Cc}*$/u, "must not contain control characters"),
      }),
    ),
  },
  responses: { 200: json(DisputeSchema, "Contested; the bank decides") },
});

const accept = route({
  method: "post",
  path: "/admin/disputes/{disputeId}/accept",
  operationId: "acceptDispute",
  tags: ["finance"],
  summary: "Let the customer have the money",
  description:
    'Above REFUND_TWO_PEOPLE_ABOVE_MINOR it takes two people: the first answer is `status: "open"` with `accept_asked_by`, another person\'s accepts.',
  who,
  idempotency: "optional",
  mayPend: true,
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "READ_ONLY_REGION"],
  request: { params },
  responses: { 200: json(DisputeSchema, "Accepted, or asked for by the first of two") },
});

export const disputeRoutes = (platform: Platform) => {
  const decide = (c: HttpContext, work: (tx: Transaction) => Promise<Dispute>) =>
    once(c, "forever", async (tx) => ({ status: 200 as const, body: present(await work(tx)) }));
  return router()
    .openapi(list, async (c) => {
      const { status, limit, cursor } = c.req.valid("query");
      const { items, next } = await listDisputes(platform.db, { status, limit, after: cursor });
      return c.json({ items: items.map(present), next_cursor: next }, 200);
    })
    .openapi(respond, (c) => {
      const decision = { id: c.req.valid("param").disputeId, ...actorOf(c) };
      return decide(c, (tx) => contestDispute(tx, decision, c.req.valid("json").evidence));
    })
    .openapi(accept, (c) => {
      const decision = { id: c.req.valid("param").disputeId, ...actorOf(c) };
      return decide(c, (tx) => acceptDispute(tx, platform.config, decision));
    });
};

const present = (dispute: Dispute): z.infer<typeof DisputeSchema> => ({
  id: dispute.id,
  dispute_id: dispute.disputeId,
  payment_id: dispute.paymentId,
  student_id: dispute.studentId,
  order_id: dispute.orderId,
  amount_minor: dispute.amountMinor,
  currency: dispute.currency,
  reason: dispute.reason,
  respond_by: dispute.respondBy.toISOString(),
  is_overdue: dispute.isOverdue,
  status: dispute.status,
  evidence: dispute.evidence,
  accept_asked_by: dispute.acceptAskedBy,
  created_at: dispute.createdAt.toISOString(),
  decided_at: dispute.decidedAt?.toISOString() ?? null,
  settled_at: dispute.settledAt?.toISOString() ?? null,
});
