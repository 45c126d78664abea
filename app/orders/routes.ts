import { z } from "@hono/zod-openapi";
import { student, studentOf } from "../identity/guards.ts";
import { gatewayOf } from "../payments/open-gateway.ts";
import { openGatewayOrder } from "../payments/open-gateway-order.ts";
import type { Platform } from "../platform/context.ts";
import { claimOf, once, sendStored } from "../platform/http/once.ts";
import { everyone, type HttpContext, json, listOf, listQuery, required, route, router } from "../platform/http/router.ts";
import type { AnswerOnce } from "../platform/idempotency.ts";
import { amendOrder } from "./amend-order.ts";
import { boardRoutes } from "./board-routes.ts";
import { deliveryRoutes } from "./delivery-routes.ts";
import { moveOrder } from "./move-order.ts";
import { listOrders, readOrder, readStanding } from "./order.ts";
import { placeOrder } from "./place-order.ts";
import { reorder } from "./reorder.ts";
import {
  AmendBody,
  dayField,
  OrderAnswer,
  type OrderBody,
  OrderParams,
  OrderSchema,
  PlaceBody,
  paymentStatusField,
  ReorderBody,
  statusField,
} from "./schemas.ts";
import { listSlots, type Slot } from "./slots.ts";

const place = route({
  method: "post",
  path: "/orders",
  operationId: "placeOrder",
  tags: ["orders"],
  summary: "Order from a café: prices and names are fixed from here on",
  who: student(),
  bucket: "order",
  idempotency: "optional",
  errors: [
    "CART_EMPTY",
    "NOT_FOUND",
    "RESTAURANT_CLOSED",
    "ITEM_UNAVAILABLE",
    "METHOD_UNAVAILABLE",
    "ORDER_LIMIT_REACHED",
    "UNPAID_LIMIT_REACHED",
    "PAYMENT_FAILED",
    "READ_ONLY_REGION",
  ],
  request: { body: required(PlaceBody) },
  responses: { 201: json(OrderAnswer, "Placed") },
});

const again = route({
  method: "post",
  path: "/orders/{orderId}/reorder",
  operationId: "reorder",
  tags: ["orders"],
  summary: "The same dishes once more, at today's prices; what is not to be had is named",
  who: student(),
  bucket: "order",
  idempotency: "optional",
  errors: [
    "NOT_FOUND",
    "RESTAURANT_CLOSED",
    "ITEM_UNAVAILABLE",
    "METHOD_UNAVAILABLE",
    "UNPAID_LIMIT_REACHED",
    "PAYMENT_FAILED",
    "READ_ONLY_REGION",
  ],
  request: { params: OrderParams, body: required(ReorderBody) },
  responses: { 201: json(OrderAnswer, "Placed") },
});

const list = route({
  method: "get",
  path: "/orders",
  operationId: "listOrders",
  tags: ["orders"],
  summary: "The student's orders, newest first",
  who: student(),
  request: { query: listQuery },
  responses: { 200: json(listOf(OrderSchema), "A page of orders") },
});

const read = route({
  method: "get",
  path: "/orders/{orderId}",
  operationId: "getOrder",
  tags: ["orders"],
  summary: "One order",
  who: student(),
  errors: ["NOT_FOUND"],
  request: { params: OrderParams },
  responses: { 200: json(OrderSchema, "The order") },
});

const readStatus = route({
  method: "get",
  path: "/orders/{orderId}/status",
  operationId: "getOrderStatus",
  tags: ["orders"],
  summary: "Only where the order stands, for a phone that polls",
  who: student(),
  bucket: "status",
  errors: ["NOT_FOUND"],
  request: { params: OrderParams },
  responses: {
    200: json(
      z.object({
        status: statusField,
        payment_status: paymentStatusField,
        estimated_ready_time: z.iso.datetime().nullable(),
        updated_at: z.iso.datetime(),
      }),
      "Where it stands",
    ),
  },
});

const amend = route({
  method: "put",
  path: "/orders/{orderId}",
  operationId: "amendOrder",
  tags: ["orders"],
  summary: "Other items for an order that is new and unpaid; a charge opened before then asks again",
  who: student(),
  errors: ["CART_EMPTY", "NOT_FOUND", "ITEM_UNAVAILABLE", "UNPAID_LIMIT_REACHED", "INVALID_TRANSITION", "READ_ONLY_REGION"],
  request: { params: OrderParams, body: required(AmendBody) },
  responses: { 200: json(OrderSchema, "The order as it is now") },
});

const cancel = route({
  method: "post",
  path: "/orders/{orderId}/cancel",
  operationId: "cancelOrder",
  tags: ["orders"],
  summary: "Cancel until the kitchen begins; what was paid goes back to the wallet",
  who: student(),
  idempotency: "optional",
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "READ_ONLY_REGION"],
  request: { params: OrderParams },
  responses: { 200: json(OrderSchema, "Cancelled") },
});

const slots = route({
  method: "get",
  path: "/cafes/{cafeId}/slots",
  operationId: "listSlots",
  tags: ["cafes"],
  summary: "The slots of a day that an order can be booked for",
  who: everyone,
  errors: ["NOT_FOUND"],
  request: {
    params: z.object({ cafeId: z.uuid() }),
    query: z.strictObject({ date: dayField }),
  },
  responses: {
    200: json(
      z.object({
        items: z.array(
          z.object({ starts_at: z.iso.datetime(), ends_at: z.iso.datetime(), time_slot: z.string(), remaining: z.int() }).openapi("Slot"),
        ),
      }),
      "What can still be booked",
    ),
  },
});

export const orderRoutes = (platform: Platform) => {
  const { db, config } = platform;
  return router()
    .openapi(place, async (c) => {
      const body = c.req.valid("json");
      // Without a gateway the method is refused before an order stands that nobody can pay.
      if (body.payment_method === "upi") gatewayOf(platform);
      const answer = await placeOrder(db, await claimOf(c, "a day"), {
        studentId: studentOf(c).id,
        cafeId: body.cafe_id,
        items: body.items,
        orderType: body.order_type,
        paymentMethod: body.payment_method,
        specialInstructions: body.special_instructions,
        deliveryAddress: body.delivery_address ?? null,
        tableId: body.table_id ?? null,
        tableCode: body.table_code ?? null,
        scheduledFor: body.scheduled_for ?? null,
        note: { reference: body.reference, metadata: body.metadata },
      });
      return placed(c, platform, answer);
    })
    .openapi(again, async (c) => {
      const input = {
        orderId: c.req.valid("param").orderId,
        studentId: studentOf(c).id,
        withoutUnavailable: c.req.valid("json").without_unavailable,
      };
      const answer = await reorder(db, await claimOf(c, "a day"), input);
      return placed(c, platform, answer);
    })
    .openapi(list, async (c) => {
      const { limit, cursor } = c.req.valid("query");
      const page = await listOrders(db, studentOf(c).id, limit, cursor);
      return c.json({ items: page.items, next_cursor: page.next }, 200);
    })
    .openapi(read, async (c) => c.json(await readOrder(db, c.req.valid("param").orderId, studentOf(c).id), 200))
    .openapi(readStatus, async (c) => c.json(await readStanding(db, c.req.valid("param").orderId, studentOf(c).id), 200))
    .openapi(amend, async (c) => {
      const { items, special_instructions } = c.req.valid("json");
      const { orderId } = c.req.valid("param");
      const order = await db.transaction((tx) =>
        amendOrder(tx, { orderId, studentId: studentOf(c).id, items, specialInstructions: special_instructions }),
      );
      return c.json(order, 200);
    })
    .openapi(cancel, async (c) => {
      const { orderId } = c.req.valid("param");
      const studentId = studentOf(c).id;
      return once(c, "a day", async (tx) => {
        await moveOrder(tx, {
          orderId,
          to: "cancelled",
          by: "student",
          actor: { studentId },
          aloneUpToMinor: config.REFUND_TWO_PEOPLE_ABOVE_MINOR,
        });
        return { status: 200 as const, body: await readOrder(tx, orderId, studentId) };
      });
    })
    .openapi(slots, async (c) => {
      const found = await listSlots(db, c.req.valid("param").cafeId, c.req.valid("query").date);
      return c.json({ items: found.map(presentSlot) }, 200);
    })
    .route("/", boardRoutes(platform))
    .route("/", deliveryRoutes(platform));
};

/**
 * The gateway is asked after the order's transaction, and for one total of one order it always says the same: a repeated
 * upi order gets the same bytes as well.
 */
async function placed(c: HttpContext, platform: Platform, answer: AnswerOnce) {
  const { order } = JSON.parse(answer.body) as { readonly order: OrderBody };
  if (order.payment_method !== "upi") return sendStored(c, answer);
  if (answer.hit) c.header("Idempotency-Hit", "true");
  const payment = await openGatewayOrder(platform, {
    id: order.id,
    studentId: studentOf(c).id,
    totalMinor: order.total_minor,
    currency: order.currency,
  });
  return c.json({ order, payment }, 201);
}

const presentSlot = ({ startsAt, endsAt, slot, remaining }: Slot) => ({
  starts_at: startsAt.toISOString(),
  ends_at: endsAt.toISOString(),
  time_slot: slot,
  remaining,
});
