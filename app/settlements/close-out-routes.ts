import { z } from "@hono/zod-openapi";
import { stepUpFields, studentNames } from "../identity/field-schemas.ts";
import { actorOf, staff, student, studentOf } from "../identity/guards.ts";
import { namePeople } from "../identity/name-people.ts";
import { tryStepUp } from "../identity/step-up.ts";
import { reasonField } from "../ledger/field-schemas.ts";
import type { Platform } from "../platform/context.ts";
import { once } from "../platform/http/once.ts";
import { type HttpContext, json, listOf, listQuery, required, route, router } from "../platform/http/router.ts";
import { pageOf } from "../platform/page.ts";
import { approveCloseOut } from "./approve-close-out.ts";
import {
  type CloseOut,
  closeOutStatuses,
  latestCloseOut,
  listCloseOuts,
  rejectCloseOut,
  requestCloseOut,
  withdrawCloseOut,
} from "./close-out.ts";
import { returnCloseOut } from "./return-pay-out.ts";
import { bankReferenceField, payToField } from "./schemas.ts";

const CloseOutBody = z
  .object({
    id: z.uuid(),
    student_id: z.uuid(),
    pay_to: z.string(),
    currency: z.string(),
    status: z.enum(closeOutStatuses),
    amount_minor: z.int().openapi({ description: "What was paid; while it waits, what the wallet holds" }),
    transaction_id: z.uuid().nullable(),
    bank_reference: z.string().nullable(),
    reason: z.string().nullable(),
    agreed_by: z.uuid().nullable(),
    agreed_minor: z
      .int()
      .nullable()
      .openapi({ description: "What that person agreed to; where the wallet holds another amount by now, it is agreed to anew" }),
    decided_by: z.uuid().nullable(),
    decided_at: z.iso.datetime().nullable(),
    return_asked_by: z.uuid().nullable().openapi({ description: "Who said first that the bank sent it back: a second person must" }),
    payable_at: z.iso.datetime().openapi({ description: "Until then the student can stop it" }),
    created_at: z.iso.datetime(),
  })
  .openapi("CloseOut");

const ListedCloseOut = CloseOutBody.extend(studentNames).openapi("ListedCloseOut");

const params = z.object({ closeOutId: z.uuid() });

const request = route({
  method: "post",
  path: "/wallet/close-out",
  operationId: "requestCloseOut",
  tags: ["wallet"],
  summary: "A student who leaves asks for the rest of the wallet; finance pays it out and the wallet is closed",
  description:
    "With a code of POST /users/me/step-up for this account and amount. The student is told on every channel, and can take it back until `payable_at`.",
  who: student(),
  idempotency: "required",
  errors: ["INVALID_OTP", "INVALID_SIGNATURE", "CONFLICT", "READ_ONLY_REGION"],
  request: { body: required(z.strictObject({ pay_to: payToField, ...stepUpFields })) },
  responses: { 201: json(CloseOutBody, "Waits for the finance office") },
});

const readOwn = route({
  method: "get",
  path: "/wallet/close-out",
  operationId: "getCloseOut",
  tags: ["wallet"],
  summary: "What became of it",
  who: student(),
  errors: ["NOT_FOUND"],
  responses: { 200: json(CloseOutBody, "The last one") },
});

const withdraw = route({
  method: "delete",
  path: "/wallet/close-out",
  operationId: "withdrawCloseOut",
  tags: ["wallet"],
  summary: "Take it back while it waits",
  who: student(),
  bucket: "stop",
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "READ_ONLY_REGION"],
  responses: { 200: json(CloseOutBody, "Taken back") },
});

const list = route({
  method: "get",
  path: "/admin/close-outs",
  operationId: "listCloseOuts",
  tags: ["finance"],
  summary: "Students who leave and ask for the rest, newest first",
  who: staff("finance", "admin"),
  request: { query: listQuery.extend({ status: z.enum(closeOutStatuses).optional() }) },
  responses: { 200: json(listOf(ListedCloseOut), "A page of them") },
});

const approve = route({
  method: "post",
  path: "/admin/close-outs/{closeOutId}/approve",
  operationId: "approveCloseOut",
  tags: ["finance"],
  summary: "The first of two people agrees to the amount; the second has paid it to the bank account, and the wallet is closed",
  description:
    "Where money came in since the first agreed, the next call agrees to the new amount: `agreed`, by whoever made it. Only who has paid it needs a bank_reference.",
  who: staff("finance"),
  idempotency: "required",
  mayPend: true,
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "CONFLICT", "READ_ONLY_REGION"],
  request: {
    params,
    body: required(z.strictObject({ bank_reference: bankReferenceField.optional(), expected_amount_minor: z.int().min(0) })),
  },
  responses: { 200: json(CloseOutBody, "agreed by the first of two people; by the second paid, and the wallet is closed") },
});

const reject = route({
  method: "post",
  path: "/admin/close-outs/{closeOutId}/reject",
  operationId: "rejectCloseOut",
  tags: ["finance"],
  summary: "Not in this way; the student reads why and may ask again",
  who: staff("finance"),
  idempotency: "optional",
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "READ_ONLY_REGION"],
  request: { params, body: required(z.strictObject({ reason: reasonField(3) })) },
  responses: { 200: json(CloseOutBody, "Rejected") },
});

const returned = route({
  method: "post",
  path: "/admin/close-outs/{closeOutId}/return",
  operationId: "returnCloseOut",
  tags: ["finance"],
  summary:
    "The bank sent the transfer back: the first of two people says so, with the second the wallet is open again with the money in it",
  who: staff("finance"),
  idempotency: "required",
  mayPend: true,
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "READ_ONLY_REGION"],
  request: { params, body: required(z.strictObject({ reason: reasonField(3) })) },
  responses: { 200: json(CloseOutBody, "Asked for, or back in the wallet") },
});

export const closeOutRoutes = (platform: Platform) => {
  const { db, config } = platform;
  return router()
    .openapi(request, async (c) => {
      const studentId = studentOf(c).id;
      const { pay_to: payTo, ...given } = c.req.valid("json");
      const stepUp = await tryStepUp(platform, studentId, "close_out", given);
      const input = { studentId, payTo, stepUp, requestId: c.var.requestId };
      return once(c, "a day", async (tx) => ({ status: 201 as const, body: presentCloseOut(await requestCloseOut(tx, config, input)) }));
    })
    .openapi(readOwn, async (c) => c.json(presentCloseOut(await latestCloseOut(db, studentOf(c).id)), 200))
    .openapi(withdraw, async (c) => c.json(presentCloseOut(await db.transaction((tx) => withdrawCloseOut(tx, studentOf(c).id))), 200))
    .openapi(list, async (c) => {
      const { status, limit, cursor } = c.req.valid("query");
      const { items, next } = pageOf(await listCloseOuts(db, { status, limit, after: cursor }), limit);
      const namesOf = await namePeople(db, items);
      const named = items.map((each) => {
        const { student_name, student_number } = namesOf(each);
        return { ...presentCloseOut(each), student_name, student_number };
      });
      return c.json({ items: named, next_cursor: next }, 200);
    })
    .openapi(approve, (c) => {
      const decision = {
        ...decisionOf(c, c.req.valid("param")),
        bankReference: c.req.valid("json").bank_reference,
        expectedAmountMinor: c.req.valid("json").expected_amount_minor,
      };
      return once(c, "forever", async (tx) => ({
        status: 200 as const,
        body: presentCloseOut(await approveCloseOut(tx, config, decision)),
      }));
    })
    .openapi(returned, (c) => {
      const back = { id: c.req.valid("param").closeOutId, reason: c.req.valid("json").reason, ...actorOf(c) };
      return once(c, "forever", async (tx) => ({ status: 200 as const, body: presentCloseOut(await returnCloseOut(tx, config, back)) }));
    })
    .openapi(reject, (c) => {
      const decision = { ...decisionOf(c, c.req.valid("param")), reason: c.req.valid("json").reason };
      return once(c, "a day", async (tx) => ({ status: 200 as const, body: presentCloseOut(await rejectCloseOut(tx, decision)) }));
    });
};

const decisionOf = (c: HttpContext, { closeOutId }: { readonly closeOutId: string }) => ({
  closeOutId,
  ...actorOf(c),
});

const presentCloseOut = (each: CloseOut): z.infer<typeof CloseOutBody> => ({
  id: each.id,
  student_id: each.studentId,
  pay_to: each.payTo,
  currency: each.currency,
  status: each.status,
  amount_minor: each.amountMinor,
  transaction_id: each.transactionId,
  bank_reference: each.bankReference,
  reason: each.reason,
  agreed_by: each.agreedBy,
  agreed_minor: each.agreedMinor,
  decided_by: each.decidedBy,
  decided_at: each.decidedAt?.toISOString() ?? null,
  return_asked_by: each.returnAskedBy,
  payable_at: each.payableAt.toISOString(),
  created_at: each.createdAt.toISOString(),
});
