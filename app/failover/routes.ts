import { z } from "@hono/zod-openapi";
import { actorOf, device, deviceOf, staff, student, studentOf } from "../identity/guards.ts";
import { reasonField } from "../ledger/field-schemas.ts";
import type { Platform } from "../platform/context.ts";
import { once } from "../platform/http/once.ts";
import { json, listOf, listQuery, required, route, router } from "../platform/http/router.ts";
import { pageOf } from "../platform/page.ts";
import type { Queryable } from "../platform/postgres.ts";
import type { ReceiptSigner } from "../receipts/receipt-signer.ts";
import { agreeToCases, dismissCase, maxPerRepost, repostAgreed } from "./decide-cases.ts";
import { caseStatuses, countCases, type FailoverCase, listCases } from "./failover-case.ts";
import { lastKeptAt } from "./last-kept.ts";
import { type Presented, presentFoundReceipts, presentReceipts } from "./present-receipts.ts";
import { endReconciling, isReconciling } from "./reconciling.ts";

const maxReceipts = 40;
const maxCases = 500;
const maxReceiptLetters = 1_500;

const PresentBody = z.strictObject({
  receipts: z
    .array(z.string().max(maxReceiptLetters))
    .min(1)
    .max(maxReceipts)
    .openapi({ description: "Signed receipts (compact JWS), as confirm gave them" }),
});

const PresentedBody = z
  .object({
    items: z.array(
      z.object({
        place: z.number().int().openapi({ description: "Which of the receipts, counted from 0" }),
        receipt_id: z.uuid().nullable(),
        status: z.enum(["known", "listed", "refused"]).openapi({
          description:
            "known: its debit is in the books. listed: it is not, and two people decide about posting it again. refused: see because",
        }),
        because: z.enum(["signature", "not_yours", "epoch"]).nullable(),
      }),
    ),
  })
  .openapi("PresentedReceipts");

const CaseBody = z
  .object({
    id: z.uuid(),
    receipt_id: z.uuid(),
    transaction_id: z.uuid(),
    order_id: z.uuid(),
    order_number: z.string(),
    cafe_id: z.uuid(),
    student_id: z.uuid(),
    amount_minor: z.number().int(),
    currency: z.string(),
    paid_at: z.iso.datetime(),
    region: z.string(),
    epoch: z.number().int(),
    presented_by: z.enum(["student", "device", "staff"]),
    presented_at: z.iso.datetime(),
    status: z.enum(caseStatuses),
    proposal: z.enum(["repost", "dismiss", "by_hand"]).nullable().openapi({ description: "What fits; null once it is decided" }),
    obstacle: z.string().nullable().openapi({
      description: "Why it cannot be posted again: known, paid_again, order_changed, unknown_student, unknown_cafe, no_wallet; may grow",
    }),
    order: z.enum(["missing", "unpaid", "cancelled", "paid"]),
    owed_minor: z.number().int().openapi({ description: "What the wallet lacks: the student would owe it" }),
    similar_order_ids: z.array(z.uuid()).openapi({ description: "Paid since, same student, café and amount: perhaps the same meal" }),
    agreed_by: z.uuid().nullable(),
    dismiss_asked_by: z.uuid().nullable().openapi({ description: "Where it takes two to dismiss it: the first of them" }),
    dismiss_asked_because: z.string().nullable(),
    decided_by: z.uuid().nullable(),
    decided_at: z.iso.datetime().nullable(),
    dismissed_because: z.string().nullable(),
  })
  .openapi("FailoverCase");

const StateBody = z
  .object({
    epoch: z.number().int(),
    region: z.string(),
    reconciling: z.boolean().openapi({ description: "Students pay; money that leaves for a bank rests" }),
    last_kept_at: z.iso.datetime().nullable().openapi({
      description:
        "When the newest signed debit of an earlier epoch was made that these books have; null once the books are whole, or where none is found",
    }),
    cases: z.object({ open: z.number().int(), agreed: z.number().int(), reposted: z.number().int(), dismissed: z.number().int() }),
  })
  .openapi("FailoverState");

const RepostedBody = z
  .object({
    reposted: z.number().int(),
    refused: z.array(z.object({ case_id: z.uuid(), because: z.string() })),
    left: z.number().int().openapi({ description: "Agreed cases that this person may still post: ask again until it is 0" }),
  })
  .openapi("Reposted");

const who = staff("finance", "admin");
const tags = ["failover"];

const presentOwn = route({
  method: "post",
  path: "/receipts/present",
  operationId: "presentReceipts",
  tags,
  summary: "After a failover the phone brings back its receipts; the receipt is the key, so it may be asked again",
  who: student(),
  errors: ["READ_ONLY_REGION"],
  request: { body: required(PresentBody) },
  responses: { 200: json(PresentedBody, "Each with what the books say") },
});

const presentAtCounter = route({
  method: "post",
  path: "/pos/receipts/present",
  operationId: "presentReceiptsAtCounter",
  tags: ["pos"],
  summary: "After a failover the terminal brings back receipts of its café (printed ones carry theirs as a QR code)",
  who: device(),
  errors: ["READ_ONLY_REGION"],
  request: { body: required(PresentBody) },
  responses: { 200: json(PresentedBody, "Each with what the books say") },
});

const presentFound = route({
  method: "post",
  path: "/admin/failover/present",
  operationId: "presentFoundReceipts",
  tags,
  summary: "Receipts of anybody that were found elsewhere: on the old primary's disk, in the store of receipts",
  who,
  errors: ["READ_ONLY_REGION"],
  request: { body: required(PresentBody) },
  responses: { 200: json(PresentedBody, "Each with what the books say") },
});

const state = route({
  method: "get",
  path: "/admin/failover",
  operationId: "getFailover",
  tags,
  summary: "Whether the books are being reconciled after a failover, and how far that is",
  who,
  responses: { 200: json(StateBody, "Where it stands") },
});

const list = route({
  method: "get",
  path: "/admin/failover/cases",
  operationId: "listFailoverCases",
  tags,
  summary: "Receipts that we signed and whose debit is not in the books, newest first",
  who,
  request: { query: listQuery.extend({ status: z.enum(caseStatuses).optional() }) },
  responses: { 200: json(listOf(CaseBody), "A page of them") },
});

const agree = route({
  method: "post",
  path: "/admin/failover/agree",
  operationId: "agreeToFailoverCases",
  tags,
  summary: "The first of two people agrees that these debits are posted again; one with an obstacle stays open",
  who,
  idempotency: "optional",
  errors: ["NOT_FOUND", "READ_ONLY_REGION"],
  request: { body: required(z.strictObject({ case_ids: z.array(z.uuid()).min(1).max(maxCases) })) },
  responses: { 200: json(z.object({ items: z.array(CaseBody) }), "The cases as they are now") },
});

const repost = route({
  method: "post",
  path: "/admin/failover/repost",
  operationId: "repostAgreedCases",
  tags,
  summary: `The second person posts what somebody else agreed to, at most ${maxPerRepost} a call, each under its original id`,
  who,
  idempotency: "optional",
  mayPend: true,
  errors: ["READ_ONLY_REGION"],
  responses: { 200: json(RepostedBody, "What was posted") },
});

const dismiss = route({
  method: "post",
  path: "/admin/failover/cases/{caseId}/dismiss",
  operationId: "dismissFailoverCase",
  tags,
  summary: "Leave this debit as it is, and say why",
  description:
    "What one person dismisses alone of one failover is REFUND_TWO_PEOPLE_ABOVE_MINOR at most. Above it the first answer has `dismiss_asked_by`, and another person's dismisses. A debit that the books have, paid again since, takes one.",
  who,
  idempotency: "optional",
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "READ_ONLY_REGION"],
  request: { params: z.object({ caseId: z.uuid() }), body: required(z.strictObject({ reason: reasonField(3) })) },
  responses: { 200: json(CaseBody, "Dismissed, or asked for by the first of two") },
});

const end = route({
  method: "post",
  path: "/admin/failover/end",
  operationId: "endReconciling",
  tags,
  summary: "The books are whole: pay-outs go on. Not while a case is undecided",
  who,
  idempotency: "optional",
  errors: ["CONFLICT", "READ_ONLY_REGION"],
  responses: { 200: json(StateBody, "Where it stands") },
});

export const failoverRoutes = (platform: Platform, signer: ReceiptSigner) => {
  const { db, config } = platform;
  return router()
    .openapi(presentOwn, async (c) => {
      const { receipts } = c.req.valid("json");
      const items = await presentReceipts(db, config, signer, receipts, { kind: "student", id: studentOf(c).id });
      return c.json({ items: items.map(presentPresented) }, 200);
    })
    .openapi(presentAtCounter, async (c) => {
      const { id, cafeId } = deviceOf(c);
      const items = await presentReceipts(db, config, signer, c.req.valid("json").receipts, { kind: "device", id, cafeId });
      return c.json({ items: items.map(presentPresented) }, 200);
    })
    .openapi(presentFound, async (c) => {
      const { receipts } = c.req.valid("json");
      const items = await db.transaction((tx) => presentFoundReceipts(tx, config, signer, receipts, actorOf(c)));
      return c.json({ items: items.map(presentPresented) }, 200);
    })
    .openapi(state, async (c) => c.json(await readState(platform, db), 200))
    .openapi(list, async (c) => {
      const { status, limit, cursor } = c.req.valid("query");
      const { items, next } = pageOf(await listCases(db, { status, limit, after: cursor }), limit);
      return c.json({ items: items.map(presentCase), next_cursor: next }, 200);
    })
    .openapi(agree, (c) => {
      const { case_ids } = c.req.valid("json");
      return once(c, "a day", async (tx) => ({
        status: 200 as const,
        body: { items: (await agreeToCases(tx, case_ids, actorOf(c))).map(presentCase) },
      }));
    })
    .openapi(repost, async (c) => {
      return once(c, "forever", async (tx) => {
        const { reposted, refused, left } = await repostAgreed(tx, actorOf(c));
        const named = refused.map(({ caseId, because }) => ({ case_id: caseId, because }));
        return { status: 200 as const, body: { reposted, refused: named, left } };
      });
    })
    .openapi(dismiss, (c) => {
      const { caseId } = c.req.valid("param");
      const { reason } = c.req.valid("json");
      return once(c, "a day", async (tx) => ({
        status: 200 as const,
        body: presentCase(await dismissCase(tx, config, { caseId, reason, ...actorOf(c) })),
      }));
    })
    .openapi(end, (c) =>
      once(c, "a day", async (tx) => {
        await endReconciling(tx, config, actorOf(c));
        return { status: 200 as const, body: await readState(platform, tx) };
      }),
    );
};

const presentPresented = ({ place, receiptId, status, because }: Presented) => ({ place, receipt_id: receiptId, status, because });

async function readState({ config }: Platform, db: Queryable): Promise<z.infer<typeof StateBody>> {
  const [reconciling, { open, agreed, reposted, dismissed }] = [await isReconciling(db, config), await countCases(db)];
  const lastKept = reconciling ? await lastKeptAt(db, config) : null;
  return {
    epoch: config.CAMPUS_EPOCH,
    region: config.CAMPUS_REGION,
    reconciling,
    last_kept_at: lastKept?.toISOString() ?? null,
    cases: { open, agreed, reposted, dismissed },
  };
}

function proposalOf({ status, obstacle }: FailoverCase): "repost" | "dismiss" | "by_hand" | null {
  if (status === "reposted" || status === "dismissed") return null;
  if (obstacle === null) return "repost";
  return obstacle === "paid_again" || obstacle === "known" ? "dismiss" : "by_hand";
}

const presentCase = (each: FailoverCase): z.infer<typeof CaseBody> => ({
  id: each.id,
  receipt_id: each.receiptId,
  transaction_id: each.transactionId,
  order_id: each.orderId,
  order_number: each.orderNumber,
  cafe_id: each.cafeId,
  student_id: each.studentId,
  amount_minor: each.amountMinor,
  currency: each.currency,
  paid_at: each.paidAt.toISOString(),
  region: each.region,
  epoch: each.epoch,
  presented_by: each.presentedBy,
  presented_at: each.presentedAt.toISOString(),
  status: each.status,
  proposal: proposalOf(each),
  obstacle: each.obstacle,
  order: each.order,
  owed_minor: each.owedMinor,
  similar_order_ids: [...each.similarOrderIds],
  agreed_by: each.agreedBy,
  dismiss_asked_by: each.dismissAskedBy,
  dismiss_asked_because: each.dismissAskedBecause,
  decided_by: each.decidedBy,
  decided_at: each.decidedAt?.toISOString() ?? null,
  dismissed_because: each.dismissedBecause,
});
