import { z } from "@hono/zod-openapi";
import { studentNames } from "../identity/field-schemas.ts";
import { actorOf, staff } from "../identity/guards.ts";
import { namePeople } from "../identity/name-people.ts";
import { listProposals, proposalStatuses, rejectProposal } from "../identity/proposal.ts";
import type { Platform } from "../platform/context.ts";
import { once } from "../platform/http/once.ts";
import { json, listOf, listQuery, required, route, router } from "../platform/http/router.ts";
import { type Adjustment, adjustments } from "./adjustment.ts";
import { approveAdjustment } from "./decide-adjustment.ts";
import { largestMinor, reasonField } from "./field-schemas.ts";
import { noteFields } from "./note-schemas.ts";
import { requestAdjustment } from "./request-adjustment.ts";

const AdjustmentSchema = z
  .object({
    id: z.uuid(),
    student_id: z.uuid(),
    amount_minor: z.number().int(),
    currency: z.string(),
    reason: z.string(),
    status: z.enum(proposalStatuses),
    requested_by: z.uuid(),
    decided_by: z.uuid().nullable(),
    transaction_id: z.uuid().nullable(),
    created_at: z.iso.datetime(),
    decided_at: z.iso.datetime().nullable(),
  })
  .openapi("Adjustment");

const ListedAdjustmentSchema = AdjustmentSchema.extend({ ...studentNames, requested_by_name: z.string().nullable() }).openapi(
  "ListedAdjustment",
);

const params = z.object({ adjustmentId: z.uuid() });
const who = staff("finance", "admin");

const request = route({
  method: "post",
  path: "/admin/adjustments",
  operationId: "requestAdjustment",
  tags: ["finance"],
  summary: "Ask for money into a student's wallet, or out of it (negative); a second person approves",
  who,
  idempotency: "required",
  mayPend: true,
  errors: ["NOT_FOUND", "READ_ONLY_REGION"],
  request: {
    body: required(
      z.strictObject({
        student_id: z.uuid(),
        amount_minor: z
          .number()
          .int()
          .min(-largestMinor)
          .max(largestMinor)
          .refine((amount) => amount !== 0, "must not be 0"),
        currency: z.string().regex(/^[A-Z]{3}$/, "must be an ISO 4217 code"),
        reason: reasonField(3),
        ...noteFields,
      }),
    ),
  },
  responses: { 201: json(AdjustmentSchema, "Waits for the second person") },
});

const list = route({
  method: "get",
  path: "/admin/adjustments",
  operationId: "listAdjustments",
  tags: ["finance"],
  summary: "The adjustments, newest first",
  who,
  request: { query: listQuery.extend({ status: z.enum(proposalStatuses).optional() }) },
  responses: { 200: json(listOf(ListedAdjustmentSchema), "A page of them") },
});

const approve = route({
  method: "post",
  path: "/admin/adjustments/{adjustmentId}/approve",
  operationId: "approveAdjustment",
  tags: ["finance"],
  summary: "The second person agrees and the money moves, once: the adjustment's id is the key",
  who,
  idempotency: "optional",
  mayPend: true,
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "INSUFFICIENT_FUNDS", "CONFLICT", "READ_ONLY_REGION"],
  request: { params },
  responses: { 200: json(AdjustmentSchema, "Approved and posted") },
});

const reject = route({
  method: "post",
  path: "/admin/adjustments/{adjustmentId}/reject",
  operationId: "rejectAdjustment",
  tags: ["finance"],
  summary: "No; whoever asked may take it back in this way",
  who,
  idempotency: "optional",
  mayPend: true,
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "READ_ONLY_REGION"],
  request: { params },
  responses: { 200: json(AdjustmentSchema, "Rejected") },
});

export const adjustmentRoutes = (platform: Platform) =>
  router()
    .openapi(request, (c) => {
      const { student_id, amount_minor, currency, reason, ...note } = c.req.valid("json");
      const input = { studentId: student_id, amountMinor: amount_minor, currency, reason, note, ...actorOf(c) };
      return once(c, "forever", async (tx) => ({
        status: 201 as const,
        body: presentAdjustment(await requestAdjustment(tx, platform.config, input)),
      }));
    })
    .openapi(list, async (c) => {
      const { status, limit, cursor } = c.req.valid("query");
      const { items, next } = await listProposals(platform.db, adjustments, { status, limit, after: cursor });
      const namesOf = await namePeople(platform.db, items);
      return c.json({ items: items.map((each) => ({ ...presentAdjustment(each), ...namesOf(each) })), next_cursor: next }, 200);
    })
    .openapi(approve, (c) => {
      const [{ adjustmentId }, actor] = [c.req.valid("param"), actorOf(c)];
      return once(c, "forever", async (tx) => ({
        status: 200 as const,
        body: presentAdjustment(await approveAdjustment(tx, platform.config, adjustmentId, actor)),
      }));
    })
    .openapi(reject, (c) => {
      const [{ adjustmentId }, actor] = [c.req.valid("param"), actorOf(c)];
      return once(c, "forever", async (tx) => ({
        status: 200 as const,
        body: presentAdjustment(await rejectProposal(tx, adjustments, adjustmentId, actor)),
      }));
    });

const presentAdjustment = (adjustment: Adjustment): z.infer<typeof AdjustmentSchema> => ({
  id: adjustment.id,
  student_id: adjustment.studentId,
  amount_minor: adjustment.amountMinor,
  currency: adjustment.currency,
  reason: adjustment.reason,
  status: adjustment.status,
  requested_by: adjustment.requestedBy,
  decided_by: adjustment.decidedBy,
  transaction_id: adjustment.transactionId,
  created_at: adjustment.createdAt.toISOString(),
  decided_at: adjustment.decidedAt?.toISOString() ?? null,
});
