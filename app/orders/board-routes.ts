import { z } from "@hono/zod-openapi";
import { cafeActorOf, cafeOf, ownCafeOf, staff, staffOf } from "../identity/guards.ts";
import { reasonField } from "../ledger/field-schemas.ts";
import type { Platform } from "../platform/context.ts";
import { once } from "../platform/http/once.ts";
import { type HttpContext, json, listOf, listQuery, required, route, router } from "../platform/http/router.ts";
import { listBoard, readBoardOrder } from "./board.ts";
import { assignDelivery } from "./deliveries.ts";
import { moveOrder, noteNoShow } from "./move-order.ts";
import { BoardOrderSchema, dayField, OrderParams, OrderSchema, orderTypeField, statusField, UnfinishedOrderSchema } from "./schemas.ts";
import { takeCash } from "./take-cash.ts";
import { type Mover, type OrderStatus, orderStatuses, standsHours } from "./transitions.ts";
import { listUnfinished, type UnfinishedOrder } from "./unfinished.ts";

const counter = () => staff("kitchen", "owner", "cashier");
const statusList = new RegExp(`^(${orderStatuses.join("|")})(,(${orderStatuses.join("|")}))*$`);

const list = route({
  method: "get",
  path: "/admin/orders",
  operationId: "listBoard",
  tags: ["orders"],
  summary: "The café's orders, newest first",
  who: counter(),
  request: {
    query: listQuery.extend({
      status: z
        .string()
        .regex(statusList, "must be statuses, separated by commas")
        .optional()
        .openapi({ description: "One or more, separated by commas", example: "received,preparing" }),
      day: dayField.optional(),
      order_type: orderTypeField.optional(),
      unpaid: z
        .stringbool({ truthy: ["true"], falsy: ["false"] })
        .default(false)
        .openapi({ type: "string", enum: ["true", "false"], default: "false" }),
    }),
  },
  responses: { 200: json(listOf(BoardOrderSchema), "A page of orders") },
});

const listOpen = route({
  method: "get",
  path: "/admin/unfinished-orders",
  operationId: "listUnfinishedOrders",
  tags: ["orders"],
  summary: `Orders of all cafés that were to be ready ${standsHours} hours ago and are not ended, the oldest first: finance cancels them`,
  who: staff("finance"),
  request: { query: listQuery },
  responses: { 200: json(listOf(UnfinishedOrderSchema), "A page of them") },
});

const read = route({
  method: "get",
  path: "/admin/orders/{orderId}",
  operationId: "getBoardOrder",
  tags: ["orders"],
  summary: "One order of the café",
  who: counter(),
  errors: ["NOT_FOUND"],
  request: { params: OrderParams },
  responses: { 200: json(BoardOrderSchema, "The order") },
});

const move = route({
  method: "patch",
  path: "/admin/orders/{orderId}/status",
  operationId: "moveOrder",
  tags: ["orders"],
  summary: "Move an order along the table of statuses; a cancelled one gives the money back. Finance cancels what no café has ended",
  who: staff("kitchen", "owner", "cashier", "finance"),
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "CONFLICT", "READ_ONLY_REGION"],
  request: {
    params: OrderParams,
    body: required(
      z.strictObject({
        status: statusField,
        from: statusField.optional().openapi({ description: "What the board shows: refused where somebody was quicker" }),
        reason: reasonField(1).optional(),
      }),
    ),
  },
  responses: { 200: json(BoardOrderSchema, "As it is now") },
});

const noShow = route({
  method: "post",
  path: "/admin/orders/{orderId}/no-show",
  operationId: "noteNoShow",
  tags: ["orders"],
  summary: "Nobody came for it: a paid order is completed, an unpaid one cancelled",
  who: counter(),
  idempotency: "optional",
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "READ_ONLY_REGION"],
  request: { params: OrderParams },
  responses: { 200: json(BoardOrderSchema, "As it is now") },
});

const cash = route({
  method: "post",
  path: "/admin/orders/{orderId}/cash-received",
  operationId: "takeCash",
  tags: ["orders"],
  summary: "The cash of a cash order is in the till, or in the driver's hand",
  who: staff("kitchen", "owner", "cashier", "delivery"),
  idempotency: "required",
  mayPend: true,
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "READ_ONLY_REGION"],
  request: { params: OrderParams },
  responses: {
    200: json(OrderSchema.pick({ id: true, order_number: true, status: true, payment_status: true, total_minor: true }), "Paid"),
  },
});

const assign = route({
  method: "post",
  path: "/admin/orders/{orderId}/assign-delivery",
  operationId: "assignDelivery",
  tags: ["delivery"],
  summary: "Say which driver brings a delivery",
  who: counter(),
  idempotency: "optional",
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "READ_ONLY_REGION"],
  request: { params: OrderParams, body: required(z.strictObject({ staff_id: z.uuid() })) },
  responses: { 200: json(BoardOrderSchema, "Assigned") },
});

export const boardRoutes = (platform: Platform) => {
  const { db } = platform;
  return router()
    .openapi(list, async (c) => {
      const { status, day, order_type, unpaid, limit, cursor } = c.req.valid("query");
      const page = await listBoard(db, {
        cafeId: cafeOf(c, undefined),
        statuses: status?.split(",") as OrderStatus[] | undefined,
        day,
        orderType: order_type,
        isUnpaid: unpaid,
        limit,
        cursor,
      });
      return c.json({ items: page.items, next_cursor: page.next }, 200);
    })
    .openapi(listOpen, async (c) => {
      const { limit, cursor } = c.req.valid("query");
      const { items, next } = await listUnfinished(db, { limit, after: cursor });
      return c.json({ items: items.map(presentUnfinished), next_cursor: next }, 200);
    })
    .openapi(read, async (c) => c.json(await readBoardOrder(db, c.req.valid("param").orderId, cafeOf(c, undefined)), 200))
    .openapi(move, async (c) => {
      const { orderId } = c.req.valid("param");
      const { status, from, reason } = c.req.valid("json");
      const order = await db.transaction(async (tx) => {
        const aloneUpToMinor = platform.config.REFUND_TWO_PEOPLE_ABOVE_MINOR;
        await moveOrder(tx, { orderId, to: status, aloneUpToMinor, ...byStaff(c), ...(from && { from }), ...(reason && { reason }) });
        return readBoardOrder(tx, orderId, ownCafeOf(c, undefined));
      });
      return c.json(order, 200);
    })
    .openapi(noShow, async (c) => {
      const { orderId } = c.req.valid("param");
      return once(c, "a day", async (tx) => {
        await noteNoShow(tx, { orderId, ...byStaff(c) });
        return { status: 200 as const, body: await readBoardOrder(tx, orderId, cafeOf(c, undefined)) };
      });
    })
    .openapi(cash, async (c) => {
      const { orderId } = c.req.valid("param");
      const { id: staffId, role } = staffOf(c);
      const cafeId = cafeOf(c, undefined);
      return once(c, "forever", async (tx) => {
        await takeCash(tx, { orderId, cafeId, staffId, isDriver: role === "delivery", requestId: c.var.requestId });
        const { id, order_number, status, payment_status, total_minor } = await readBoardOrder(tx, orderId, cafeId);
        return { status: 200 as const, body: { id, order_number, status, payment_status, total_minor } };
      });
    })
    .openapi(assign, async (c) => {
      const { orderId } = c.req.valid("param");
      const input = { ...cafeActorOf(c, undefined), orderId, driverId: c.req.valid("json").staff_id };
      return once(c, "a day", async (tx) => {
        await assignDelivery(tx, input);
        return { status: 200 as const, body: await readBoardOrder(tx, orderId, input.cafeId) };
      });
    });
};

const byStaff = (c: HttpContext) => ({
  by: staffOf(c).role as Mover,
  actor: { staffId: staffOf(c).id, cafeId: ownCafeOf(c, undefined) },
  requestId: c.var.requestId,
});

const presentUnfinished = (order: UnfinishedOrder): z.infer<typeof UnfinishedOrderSchema> => ({
  id: order.id,
  cafe_id: order.cafeId,
  cafe_name: order.cafeName,
  printed_number: order.printedNumber,
  status: order.status,
  payment_method: order.paymentMethod,
  payment_status: order.paymentStatus,
  total_minor: order.totalMinor,
  refunded_minor: order.refundedMinor,
  currency: order.currency,
  student_name: order.studentName,
  created_at: order.createdAt.toISOString(),
});
