import { z } from "@hono/zod-openapi";
import { student, studentOf } from "../identity/guards.ts";
import { markPrompted } from "../live/prompted.ts";
import type { Platform } from "../platform/context.ts";
import { json, listOf, PendingBody, required, route, router } from "../platform/http/router.ts";
import type { ReceiptSigner } from "../receipts/receipt-signer.ts";
import { listOpenCharges, readStudentCharge } from "./charge.ts";
import { confirmCharge } from "./confirm-charge.ts";
import { declineCharge } from "./end-charges.ts";
import { giveMoreTime } from "./give-more-time.ts";
import { ChargeParams, ConfirmBody, DeclineBody, presentPaid, presentStudentCharge, ReceiptBody, StudentChargeSchema } from "./schemas.ts";
import { lookUpCharge } from "./sign-receipt.ts";

const open = route({
  method: "get",
  path: "/charges/open",
  operationId: "listOpenCharges",
  tags: ["charges"],
  summary: "What waits for the student's yes: to be asked where no push and no socket arrives",
  who: student(),
  bucket: "status",
  request: {
    query: z.strictObject({
      short_code: z
        .string()
        .regex(/^[0-9A-Za-z]{4,12}$/, "must be the code at the counter")
        .toUpperCase()
        .optional(),
    }),
  },
  responses: { 200: json(listOf(StudentChargeSchema), "The open charges, newest first") },
});

const read = route({
  method: "get",
  path: "/charges/{chargeId}",
  operationId: "getCharge",
  tags: ["charges"],
  summary: "One charge and, once it is paid, its receipt: what to ask after a 202",
  who: student(),
  bucket: "status",
  errors: ["NOT_FOUND"],
  request: { params: ChargeParams },
  responses: { 200: json(StudentChargeSchema, "The charge as it stands") },
});

const confirm = route({
  method: "post",
  path: "/charges/{chargeId}/confirm",
  operationId: "confirmCharge",
  tags: ["charges"],
  summary: "Pay a scanned order from the student's wallet; the charge's id is the idempotency key",
  who: student(),
  bucket: "status",
  errors: [
    "NOT_FOUND",
    "INVALID_SIGNATURE",
    "INSUFFICIENT_FUNDS",
    "NUMBER_MISMATCH",
    "CHARGE_CHANGED",
    "CHARGE_CLOSED",
    "CHARGE_SUPERSEDED",
    "CHARGE_EXPIRED",
    "ORDER_CANCELLED",
    "RESTAURANT_CLOSED",
    "SPEND_LIMIT_REACHED",
    "WALLET_FROZEN",
    "READ_ONLY_REGION",
  ],
  request: { params: ChargeParams, body: required(ConfirmBody) },
  responses: { 200: json(ReceiptBody, "Paid"), 202: json(PendingBody, "Outcome not known yet: ask the status_url, or repeat") },
});

const moreTime = route({
  method: "post",
  path: "/charges/{chargeId}/more-time",
  operationId: "giveMoreTime",
  tags: ["charges"],
  summary: "More time to answer, once a charge: it ends later, and so has another digest",
  who: student(),
  bucket: "status",
  errors: ["NOT_FOUND", "CHARGE_CLOSED", "CHARGE_SUPERSEDED", "CHARGE_EXPIRED"],
  request: { params: ChargeParams },
  responses: { 200: json(StudentChargeSchema, "The charge with its new end; asked again, as it stands") },
});

const decline = route({
  method: "post",
  path: "/charges/{chargeId}/decline",
  operationId: "declineCharge",
  tags: ["charges"],
  summary: "No; with not_me the card is frozen too",
  who: student(),
  bucket: "stop",
  errors: ["NOT_FOUND", "CHARGE_CLOSED", "CHARGE_SUPERSEDED", "CHARGE_EXPIRED"],
  request: { params: ChargeParams, body: required(DeclineBody) },
  responses: { 200: json(StudentChargeSchema, "Declined") },
});

export const chargeRoutes = (platform: Platform, signer: ReceiptSigner) =>
  router()
    .openapi(open, async (c) => {
      const charges = await listOpenCharges(platform.db, studentOf(c).id, c.req.valid("query").short_code);
      for (const charge of charges) if (!charge.prompted) markPrompted(platform, charge.id, "poll");
      return c.json({ items: charges.map(presentStudentCharge), next_cursor: null }, 200);
    })
    .openapi(read, async (c) => {
      const charge = await lookUpCharge(platform, signer, c.req.valid("param").chargeId, studentOf(c).id);
      return c.json(presentStudentCharge(charge), 200);
    })
    .openapi(confirm, async (c) => {
      const { chargeId } = c.req.valid("param");
      const { digest, number_match, signature } = c.req.valid("json");
      const outcome = await confirmCharge(platform, signer, {
        chargeId,
        studentId: studentOf(c).id,
        digest,
        numberMatch: number_match,
        signature,
        requestId: c.var.requestId,
      });
      if (outcome.kind === "pending") return c.json({ status: "pending" as const, status_url: `/api/v1/charges/${chargeId}` }, 202);
      if (outcome.replayed) c.header("Idempotency-Hit", "true");
      return c.json(presentPaid(outcome), 200);
    })
    .openapi(moreTime, async (c) => {
      const charge = await giveMoreTime(platform, c.req.valid("param").chargeId, studentOf(c).id);
      return c.json(presentStudentCharge(charge), 200);
    })
    .openapi(decline, async (c) => {
      const { chargeId } = c.req.valid("param");
      const { id: studentId } = studentOf(c);
      await declineCharge(platform, { chargeId, studentId, notMe: c.req.valid("json").not_me, requestId: c.var.requestId });
      return c.json(presentStudentCharge(await readStudentCharge(platform.db, chargeId, studentId)), 200);
    });
