import { createHash } from "node:crypto";
import { z } from "@hono/zod-openapi";
import { device, deviceOf } from "../identity/guards.ts";
import type { Identity } from "../identity/identity.ts";
import { OrderParams, OrderSchema } from "../orders/schemas.ts";
import type { Platform } from "../platform/context.ts";
import { claimOf, once, onceUnder, sendStored } from "../platform/http/once.ts";
import { idempotencyKeyPattern, json, PendingBody, required, route, router } from "../platform/http/router.ts";
import type { Claim } from "../platform/idempotency.ts";
import { approverOf } from "./approver.ts";
import { findKept } from "./find-kept.ts";
import { type CounterRefund, hashOfCard, refundAtCounter } from "./refund-at-counter.ts";
import { CounterRefundBody, CounterRefundSchema, SaleAnswer, SaleBody } from "./schemas.ts";
import { sell } from "./sell.ts";
import { voidSale } from "./void-sale.ts";

const sale = route({
  method: "post",
  path: "/pos/sales",
  operationId: "sellAtCounter",
  tags: ["pos"],
  summary: "Sell at the counter: items, order and payment in one call, to a student's card or for cash",
  who: device(),
  idempotency: "required",
  errors: [
    "CART_EMPTY",
    "CARD_NOT_ACCEPTED",
    "RESTAURANT_CLOSED",
    "ITEM_UNAVAILABLE",
    "METHOD_UNAVAILABLE",
    "RATE_LIMITED",
    "READ_ONLY_REGION",
  ],
  request: { body: required(SaleBody) },
  responses: {
    201: json(SaleAnswer, "Paid in cash, or asked for on the phone"),
    202: json(PendingBody, "Outcome not known yet: ask there, or send the same sale again"),
  },
});

const find = route({
  method: "get",
  path: "/pos/sales",
  operationId: "findSale",
  tags: ["pos"],
  summary: "What became of a sale whose answer was lost, by the Idempotency-Key that it was sent with",
  who: device(),
  errors: ["NOT_FOUND"],
  request: { query: z.strictObject({ key: z.string().regex(idempotencyKeyPattern, "must be 1 to 64 visible ASCII characters") }) },
  responses: { 200: json(SaleAnswer, "The sale's own answer") },
});

const voidRoute = route({
  method: "post",
  path: "/pos/sales/{orderId}/void",
  operationId: "voidSale",
  tags: ["pos"],
  summary: "Take back a counter sale that is not paid; said twice it is still void",
  who: device(),
  idempotency: "optional",
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "READ_ONLY_REGION"],
  request: { params: OrderParams },
  responses: { 200: json(OrderSchema, "Cancelled") },
});

const refund = route({
  method: "post",
  path: "/pos/refunds",
  operationId: "refundAtCounter",
  tags: ["pos"],
  summary: "Give money back at the counter: the student's card is scanned, and an owner or cashier answers for it",
  who: device(),
  errors: [
    "TOKEN_EXPIRED",
    "INSUFFICIENT_ROLE",
    "CARD_NOT_ACCEPTED",
    "NOT_FOUND",
    "INVALID_TRANSITION",
    "CONFLICT",
    "IDEMPOTENCY_MISMATCH",
    "READ_ONLY_REGION",
  ],
  request: {
    headers: z.object({
      "x-staff-authorization": z
        .string()
        .min(1)
        .openapi({ description: "The access token of the café's owner or cashier who stands there: a terminal alone gives no money away" }),
    }),
    body: required(CounterRefundBody),
  },
  responses: {
    201: json(CounterRefundSchema, "Given back"),
    202: json(PendingBody, "Outcome not known yet: ask there, or send the same refund again"),
  },
});

const findRefund = route({
  method: "get",
  path: "/pos/refunds",
  operationId: "findCounterRefund",
  tags: ["pos"],
  summary: "What became of a refund whose answer was lost, by the scan_id that it was sent with",
  who: device(),
  errors: ["NOT_FOUND"],
  request: { query: z.strictObject({ scan_id: z.uuid() }) },
  responses: { 200: json(CounterRefundSchema, "The refund's own answer") },
});

export const saleRoutes = (platform: Platform, identity: Identity) => {
  const { db } = platform;
  return router()
    .openapi(sale, async (c) => {
      const body = c.req.valid("json");
      const claim = await claimOf(c, "forever");
      if (!claim) throw new Error("The route asks for an Idempotency-Key.");
      const answer = await sell(platform, claim, {
        device: deviceOf(c),
        items: body.items,
        specialInstructions: body.special_instructions,
        cardUid: body.card_uid,
        tenderedMinor: body.cash_tendered_minor,
        prepare: body.prepare,
        note: body,
      });
      if ("kind" in answer)
        return c.json({ status: "pending" as const, status_url: `/api/v1/pos/sales?key=${encodeURIComponent(claim.key)}` }, 202);
      return sendStored(c, answer);
    })
    .openapi(find, async (c) => {
      const { key } = c.req.valid("query");
      const { id } = deviceOf(c);
      const body = await findKept(db, "A sale", { principal: `device:${id}`, route: "POST /api/v1/pos/sales", key });
      return sendStored(c, { status: 200, body, hit: true });
    })
    .openapi(voidRoute, async (c) => {
      const input = { orderId: c.req.valid("param").orderId, device: deviceOf(c), requestId: c.var.requestId };
      return once(c, "a day", async (tx) => ({ status: 200 as const, body: await voidSale(tx, input) }));
    })
    .openapi(refund, async (c) => {
      const { scan_id, order_id, card_uid, amount_minor, reason, reference, metadata } = c.req.valid("json");
      const terminal = deviceOf(c);
      const input = {
        device: terminal,
        staffId: approverOf(identity, c.req.valid("header")["x-staff-authorization"], terminal.cafeId),
        orderId: order_id,
        cardHash: await hashOfCard(platform, card_uid),
        amountMinor: amount_minor,
        reason,
        note: { reference, metadata },
        aloneUpToMinor: platform.config.REFUND_TWO_PEOPLE_ABOVE_MINOR,
        requestId: c.var.requestId,
      };
      const claim = claimOfScan(terminal.id, scan_id, [order_id, input.cardHash?.toString("base64url"), amount_minor]);
      return onceUnder(c, claim, `/api/v1/pos/refunds?scan_id=${scan_id}`, async (tx) => ({
        status: 201 as const,
        body: presentRefund(await refundAtCounter(tx, input)),
      }));
    })
    .openapi(findRefund, async (c) => {
      const body = await findKept(db, "A refund", scanned(deviceOf(c).id, c.req.valid("query").scan_id));
      return sendStored(c, { status: 200, body, hit: true });
    });
};

const scanned = (deviceId: string, scanId: string) => ({ principal: `device:${deviceId}`, route: "POST /api/v1/pos/refunds", key: scanId });

/** The scan is the key. The reason and the note are left out: said in other words it is the same refund. */
function claimOfScan(deviceId: string, scanId: string, parts: readonly unknown[]): Claim {
  const bodyHash = createHash("sha256").update(JSON.stringify(parts)).digest();
  return { ...scanned(deviceId, scanId), bodyHash, keep: "forever" };
}

const presentRefund = (made: CounterRefund): z.infer<typeof CounterRefundSchema> => ({
  id: made.id,
  order_id: made.orderId,
  amount_minor: made.amountMinor,
  refunded_minor: made.refundedMinor,
  payment_status: made.paymentStatus,
  currency: made.currency,
  to: made.to,
  transaction_id: made.transactionId,
  created_at: made.createdAt.toISOString(),
});
