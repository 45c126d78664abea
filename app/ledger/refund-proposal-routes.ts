import { z } from "@hono/zod-openapi";
import { actorOf, ownCafeOf, staff } from "../identity/guards.ts";
import { listProposals, proposalStatuses } from "../identity/proposal.ts";
import type { Platform } from "../platform/context.ts";
import { once } from "../platform/http/once.ts";
import { type HttpContext, json, listOf, listQuery, route, router } from "../platform/http/router.ts";
import { part } from "../platform/postgres.ts";
import { approveRefund, rejectRefund } from "./decide-refund.ts";
import { type RefundProposal, refundProposals } from "./refund-proposal.ts";

const RefundProposalSchema = z
  .object({
    id: z.uuid(),
    order_id: z.uuid(),
    cafe_id: z.uuid(),
    amount_minor: z.number().int(),
    currency: z.string(),
    to: z.enum(["wallet", "gateway"]),
    reason: z.string(),
    refunded_before_minor: z.number().int().openapi({ description: "Of the order, when it was asked for" }),
    status: z.enum(proposalStatuses),
    requested_by: z.uuid(),
    decided_by: z.uuid().nullable(),
    transaction_id: z.uuid().nullable(),
    created_at: z.iso.datetime(),
    decided_at: z.iso.datetime().nullable(),
  })
  .openapi("RefundProposal");

const list = route({
  method: "get",
  path: "/admin/refund-proposals",
  operationId: "listRefundProposals",
  tags: ["orders"],
  summary: "Refunds above REFUND_TWO_PEOPLE_ABOVE_MINOR, newest first: of the own café; of all for finance",
  who: staff("owner", "cashier", "finance"),
  request: { query: listQuery.extend({ status: z.enum(proposalStatuses).optional() }) },
  responses: { 200: json(listOf(RefundProposalSchema), "A page of them") },
});

const decision = {
  method: "post",
  tags: ["orders"] as string[],
  idempotency: "optional",
  mayPend: true,
  request: { params: z.object({ refundProposalId: z.uuid() }) },
} as const;

const approve = route({
  ...decision,
  path: "/admin/refund-proposals/{refundProposalId}/approve",
  operationId: "approveRefund",
  summary: "The second person agrees and the money goes back, once: the proposal's id is the key",
  who: staff("owner", "finance"),
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "CONFLICT", "READ_ONLY_REGION"],
  responses: { 200: json(RefundProposalSchema, "Approved and given back") },
});

const reject = route({
  ...decision,
  path: "/admin/refund-proposals/{refundProposalId}/reject",
  operationId: "rejectRefund",
  summary: "No; whoever asked may take it back in this way",
  who: staff("owner", "cashier", "finance"),
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "READ_ONLY_REGION"],
  responses: { 200: json(RefundProposalSchema, "Rejected") },
});

const deciderOf = (c: HttpContext) => ({ ...actorOf(c), cafeId: ownCafeOf(c, undefined) });

export const refundProposalRoutes = (platform: Platform) =>
  router()
    .openapi(list, async (c) => {
      const { status, limit, cursor } = c.req.valid("query");
      const cafeId = ownCafeOf(c, undefined);
      const within = cafeId === undefined ? part`true` : part`cafe_id = ${cafeId}`;
      const { items, next } = await listProposals(platform.db, refundProposals, { status, limit, after: cursor, within });
      return c.json({ items: items.map(present), next_cursor: next }, 200);
    })
    .openapi(approve, async (c) => {
      const [{ refundProposalId }, decider] = [c.req.valid("param"), deciderOf(c)];
      return once(c, "forever", async (tx) => ({
        status: 200 as const,
        body: present(await approveRefund(tx, platform.config, refundProposalId, decider)),
      }));
    })
    .openapi(reject, async (c) => {
      const [{ refundProposalId }, decider] = [c.req.valid("param"), deciderOf(c)];
      return once(c, "forever", async (tx) => ({
        status: 200 as const,
        body: present(await rejectRefund(tx, refundProposalId, decider)),
      }));
    });

const present = (each: RefundProposal): z.infer<typeof RefundProposalSchema> => ({
  id: each.id,
  order_id: each.orderId,
  cafe_id: each.cafeId,
  amount_minor: each.amountMinor,
  currency: each.currency,
  to: each.goesTo,
  reason: each.reason,
  refunded_before_minor: each.refundedBeforeMinor,
  status: each.status,
  requested_by: each.requestedBy,
  decided_by: each.decidedBy,
  transaction_id: each.transactionId,
  created_at: each.createdAt.toISOString(),
  decided_at: each.decidedAt?.toISOString() ?? null,
});
