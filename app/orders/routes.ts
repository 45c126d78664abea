import { z } from "@hono/zod-openapi";
import { student, studentOf } from "../identity/guards.ts";
import { announce } from "../live/announce.ts";
import type { Platform } from "../platform/context.ts";
import { once } from "../platform/http/once.ts";
import { json, listOf, listQuery, required, route, router } from "../platform/http/router.ts";
import { amendOrder } from "./amend-order.ts";
import { cancelOrder } from "./cancel-order.ts";
import { listOrders, type Order, readOrder } from "./order.ts";
import { placeOrder } from "./place-order.ts";
import { orderStatuses } from "./transitions.ts";

const maxLines = 30;
const maxQuantity = 50;

const OrderParams = z.object({ orderId: z.uuid() });
const orderType = z.enum(["pickup", "delivery", "table"]);
const paymentMethod = z.enum(["wallet", "upi", "cash"]);
const paymentStatus = z.enum(["pending", "paid", "failed", "refunded"]);
const status = z.enum(orderStatuses);
const wantedItems = z.array(z.strictObject({ menu_item_id: z.uuid(), quantity: z.number().int().min(1).max(maxQuantity) })).max(maxLines);

export const OrderSchema = z
  .object({
    id: z.uuid(),
    cafe_id: z.uuid(),
    order_number: z.string(),
    status,
    order_type: orderType,
    payment_method: paymentMethod,
    payment_status: paymentStatus,
    subtotal_minor: z.number().int(),
    delivery_charge_minor: z.number().int(),
    total_minor: z.number().int(),
    refunded_minor: z.number().int(),
    currency: z.string(),
    special_instructions: z.string().nullable(),
    version: z.number().int(),
    items: z.array(
      z.object({
        menu_item_id: z.uuid(),
        item_name: z.string(),
        item_price_minor: z.number().int(),
        vat_basis_points: z.number().int(),
        quantity: z.number().int(),
        line_total_minor: z.number().int(),
      }),
    ),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .openapi("Order");

const OrderAnswer = z.object({ order: OrderSchema }).openapi("OrderAnswer");

const place = route({
  method: "post",
  path: "/orders",
  operationId: "placeOrder",
  tags: ["orders"],
  summary: "Order from a café: prices and names are fixed from here on",
  who: student(),
  idempotency: "optional",
  errors: ["CART_EMPTY", "NOT_FOUND", "RESTAURANT_CLOSED", "ITEM_UNAVAILABLE", "METHOD_UNAVAILABLE", "READ_ONLY_REGION"],
  request: {
    body: required(
      z.strictObject({
        cafe_id: z.uuid(),
        items: wantedItems,
        order_type: orderType.default("pickup"),
        payment_method: paymentMethod.default("wallet"),
        special_instructions: z.string().min(1).max(500).nullable().default(null),
      }),
    ),
  },
  responses: { 201: json(OrderAnswer, "Placed") },
});

const list = route({
  method: "get",
  path: "/orders",
  operationId: "listOrders",
  tags: ["orders"],
  summary: "The student's orders, newest first",
  who: student(),
  request: { query: listQuery.extend({ cursor: z.uuid().optional() }) },
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
  responses: { 200: json(z.object({ status, payment_status: paymentStatus, updated_at: z.iso.datetime() }), "Where it stands") },
});

const amend = route({
  method: "put",
  path: "/orders/{orderId}",
  operationId: "amendOrder",
  tags: ["orders"],
  summary: "Other items for an order that is new and unpaid; a charge opened before then asks again",
  who: student(),
  errors: ["CART_EMPTY", "NOT_FOUND", "ITEM_UNAVAILABLE", "INVALID_TRANSITION", "READ_ONLY_REGION"],
  request: {
    params: OrderParams,
    body: required(z.strictObject({ items: wantedItems, special_instructions: z.string().min(1).max(500).nullable().default(null) })),
  },
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

export const orderRoutes = (platform: Platform) =>
  router()
    .openapi(place, async (c) => {
      const { cafe_id, items, order_type, payment_method, special_instructions } = c.req.valid("json");
      const answer = await once(c, "a day", async (tx) => {
        const wanted = items.map((item) => ({ menuItemId: item.menu_item_id, quantity: item.quantity }));
        const order = await placeOrder(tx, {
          studentId: studentOf(c).id,
          cafeId: cafe_id,
          items: wanted,
          orderType: order_type,
          paymentMethod: payment_method,
          specialInstructions: special_instructions,
        });
        return { status: 201 as const, body: { order: presentOrder(order) } };
      });
      announce(platform);
      return answer;
    })
    .openapi(list, async (c) => {
      const { limit, cursor } = c.req.valid("query");
      const page = await listOrders(platform.db, studentOf(c).id, limit, cursor);
      return c.json({ items: page.items.map(presentOrder), next_cursor: page.nextCursor }, 200);
    })
    .openapi(read, async (c) => c.json(presentOrder(await readOrder(platform.db, c.req.valid("param").orderId, studentOf(c).id)), 200))
    .openapi(readStatus, async (c) => {
      const order = await readOrder(platform.db, c.req.valid("param").orderId, studentOf(c).id);
      return c.json({ status: order.status, payment_status: order.paymentStatus, updated_at: order.updatedAt.toISOString() }, 200);
    })
    .openapi(amend, async (c) => {
      const { items, special_instructions } = c.req.valid("json");
      const order = await platform.db.transaction((tx) =>
        amendOrder(tx, {
          orderId: c.req.valid("param").orderId,
          studentId: studentOf(c).id,
          items: items.map((item) => ({ menuItemId: item.menu_item_id, quantity: item.quantity })),
          specialInstructions: special_instructions,
        }),
      );
      return c.json(presentOrder(order), 200);
    })
    .openapi(cancel, async (c) => {
      const answer = await once(c, "a day", async (tx) => ({
        status: 200 as const,
        body: presentOrder(await cancelOrder(tx, c.req.valid("param").orderId, studentOf(c).id)),
      }));
      announce(platform);
      return answer;
    });

export function presentOrder(order: Order): z.infer<typeof OrderSchema> {
  return {
    id: order.id,
    cafe_id: order.cafeId,
    order_number: order.orderNumber,
    status: order.status,
    order_type: order.orderType,
    payment_method: order.paymentMethod,
    payment_status: order.paymentStatus,
    subtotal_minor: order.subtotalMinor,
    delivery_charge_minor: order.deliveryChargeMinor,
    total_minor: order.totalMinor,
    refunded_minor: order.refundedMinor,
    currency: order.currency,
    special_instructions: order.specialInstructions,
    version: order.version,
    items: order.items.map((item) => ({
      menu_item_id: item.menuItemId,
      item_name: item.itemName,
      item_price_minor: item.itemPriceMinor,
      vat_basis_points: item.vatBasisPoints,
      quantity: item.quantity,
      line_total_minor: item.lineTotalMinor,
    })),
    created_at: order.createdAt.toISOString(),
    updated_at: order.updatedAt.toISOString(),
  };
}
