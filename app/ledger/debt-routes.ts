import { z } from "@hono/zod-openapi";
import { studentNames } from "../identity/field-schemas.ts";
import { actorOf, staff } from "../identity/guards.ts";
import { namePeople, studentOf } from "../identity/name-people.ts";
import { listProposals, proposalStatuses, rejectProposal } from "../identity/proposal.ts";
import type { Platform } from "../platform/context.ts";
import { once } from "../platform/http/once.ts";
import { json, listOf, listQuery, required, route, router } from "../platform/http/router.ts";
import { approveWriteOff, listDebts, requestWriteOff, type WriteOff, writeOffs } from "./debt.ts";
import { reasonField } from "./field-schemas.ts";

const DebtSchema = z.object({ student_id: z.uuid(), ...studentNames, currency: z.string(), owed_minor: z.int() }).openapi("Debt");

const WriteOffSchema = z
  .object({
    id: z.uuid(),
    student_id: z.uuid(),
    amount_minor: z.int(),
    currency: z.string(),
    reason: z.string(),
    status: z.enum(proposalStatuses),
    requested_by: z.uuid(),
    decided_by: z.uuid().nullable(),
    transaction_id: z.uuid().nullable(),
  })
  .openapi("DebtWriteOff");

const ListedWriteOffSchema = WriteOffSchema.extend({ ...studentNames, requested_by_name: z.string().nullable() }).openapi(
  "ListedDebtWriteOff",
);

const params = z.object({ writeOffId: z.uuid() });
const who = staff("finance", "admin");
const refusals = ["NOT_FOUND", "INVALID_TRANSITION", "READ_ONLY_REGION"] as const;

const list = route({
  method: "get",
  path: "/admin/debts",
  operationId: "listDebts",
  tags: ["finance"],
  summary: "Students who owe the university money, the most first; the next money that comes in pays it back",
  who,
  responses: { 200: json(listOf(DebtSchema), "All of them") },
});

const request = route({
  method: "post",
  path: "/admin/debts/{studentId}/write-off",
  operationId: "requestDebtWriteOff",
  tags: ["finance"],
  summary: "Ask for a student's debt to be written off; a second person approves",
  who,
  idempotency: "required",
  mayPend: true,
  errors: ["NOT_FOUND", "CONFLICT", "READ_ONLY_REGION"],
  request: { params: z.object({ studentId: z.uuid() }), body: required(z.strictObject({ reason: reasonField(3) })) },
  responses: { 201: json(WriteOffSchema, "Waits for the second person") },
});

const listRequested = route({
  method: "get",
  path: "/admin/debt-write-offs",
  operationId: "listDebtWriteOffs",
  tags: ["finance"],
  summary: "The write-offs that were asked for, newest first",
  who,
  request: { query: listQuery.extend({ status: z.enum(proposalStatuses).optional() }) },
  responses: { 200: json(listOf(ListedWriteOffSchema), "A page of them") },
});

const approve = route({
  method: "post",
  path: "/admin/debt-write-offs/{writeOffId}/approve",
  operationId: "approveDebtWriteOff",
  tags: ["finance"],
  summary: "The second person agrees: what is still owed is the university's",
  who,
  idempotency: "optional",
  mayPend: true,
  errors: refusals,
  request: { params },
  responses: { 200: json(WriteOffSchema, "Written off") },
});

const reject = route({
  method: "post",
  path: "/admin/debt-write-offs/{writeOffId}/reject",
  operationId: "rejectDebtWriteOff",
  tags: ["finance"],
  summary: "No, or taken back by whoever asked",
  who,
  idempotency: "optional",
  mayPend: true,
  errors: refusals,
  request: { params },
  responses: { 200: json(WriteOffSchema, "Rejected") },
});

export const debtRoutes = ({ config, db }: Platform) =>
  router()
    .openapi(list, async (c) => {
      const debts = await listDebts(db);
      const namesOf = await namePeople(db, debts);
      const items = debts.map((each) => ({
        student_id: each.studentId,
        ...studentOf(namesOf(each)),
        currency: each.currency,
        owed_minor: each.owedMinor,
      }));
      return c.json({ items, next_cursor: null }, 200);
    })
    .openapi(listRequested, async (c) => {
      const { status, limit, cursor } = c.req.valid("query");
      const { items, next } = await listProposals(db, writeOffs, { status, limit, after: cursor });
      const namesOf = await namePeople(db, items);
      return c.json({ items: items.map((each) => ({ ...present(each), ...namesOf(each) })), next_cursor: next }, 200);
    })
    .openapi(request, (c) => {
      const { reason } = c.req.valid("json");
      const actor = actorOf(c);
      return once(c, "forever", async (tx) => ({
        status: 201 as const,
        body: present(await requestWriteOff(tx, c.req.valid("param").studentId, reason, actor)),
      }));
    })
    .openapi(approve, (c) => {
      const actor = actorOf(c);
      return once(c, "forever", async (tx) => ({
        status: 200 as const,
        body: present(await approveWriteOff(tx, config, c.req.valid("param").writeOffId, actor)),
      }));
    })
    .openapi(reject, (c) => {
      const actor = actorOf(c);
      return once(c, "forever", async (tx) => ({
        status: 200 as const,
        body: present(await rejectProposal(tx, writeOffs, c.req.valid("param").writeOffId, actor)),
      }));
    });

const present = (each: WriteOff): z.infer<typeof WriteOffSchema> => ({
  id: each.id,
  student_id: each.studentId,
  amount_minor: each.amountMinor,
  currency: each.currency,
  reason: each.reason,
  status: each.status,
  requested_by: each.requestedBy,
  decided_by: each.decidedBy,
  transaction_id: each.transactionId,
});
