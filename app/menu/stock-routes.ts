import { z } from "@hono/zod-openapi";
import { cafeQuery } from "../identity/field-schemas.ts";
import { cafeActorOf, cafeOf, staff } from "../identity/guards.ts";
import type { Platform } from "../platform/context.ts";
import { once } from "../platform/http/once.ts";
import { json, listOf, listQuery, required, route, router } from "../platform/http/router.ts";
import { readItem } from "./item.ts";
import { ItemSchema, presentOwnItem, stockField } from "./item-schemas.ts";
import { largestStock } from "./limits.ts";
import { moveStock, type StockMove } from "./move-stock.ts";
import { setSoldOut } from "./set-sold-out.ts";
import { listStockMovements, type StockMovement, stockReasons } from "./stock-movements.ts";

const ItemParams = z.object({ itemId: z.uuid() });

const StockMoveBody = z
  .union([
    z.strictObject({ set: stockField.nullable(), expected: stockField.nullable().optional() }),
    z.strictObject({
      add: z
        .number()
        .int()
        .min(-largestStock)
        .max(largestStock)
        .refine((by) => by !== 0, "must not be 0"),
    }),
  ])
  .openapi({ description: "Either the stock is set (null: it is not counted; refused where it is not `expected` any more) or added to" });

const StockMovementSchema = z
  .object({
    id: z.uuid(),
    change: z.number().int(),
    reason: z.enum(stockReasons),
    order_id: z.uuid().nullable(),
    staff_id: z.uuid().nullable(),
    at: z.iso.datetime(),
  })
  .openapi("StockMovement");

const patch = route({
  method: "patch",
  path: "/admin/menu/items/{itemId}/stock",
  operationId: "moveStock",
  tags: ["menu"],
  summary: "Set an item's stock or add to it",
  who: staff("owner", "admin"),
  idempotency: "optional",
  errors: ["NOT_FOUND", "CONFLICT"],
  request: { params: ItemParams, query: cafeQuery, body: required(StockMoveBody) },
  responses: { 200: json(ItemSchema, "The item as it is now") },
});

const movements = route({
  method: "get",
  path: "/admin/menu/items/{itemId}/stock-movements",
  operationId: "listStockMovements",
  tags: ["menu"],
  summary: "What has changed the item's stock, newest first",
  who: staff("owner", "admin"),
  errors: ["NOT_FOUND"],
  request: { params: ItemParams, query: listQuery.extend({ ...cafeQuery.shape }) },
  responses: { 200: json(listOf(StockMovementSchema), "A page of them") },
});

const soldOut = route({
  method: "post",
  path: "/admin/menu/items/{itemId}/sold-out",
  operationId: "setSoldOut",
  tags: ["menu"],
  summary: "Switch an item off for today, or on again",
  who: staff("owner", "kitchen", "admin"),
  idempotency: "optional",
  errors: ["NOT_FOUND"],
  request: { params: ItemParams, query: cafeQuery, body: required(z.strictObject({ is_sold_out: z.boolean() })) },
  responses: { 200: json(ItemSchema, "The item as it is now") },
});

export const stockRoutes = (platform: Platform) =>
  router()
    .openapi(patch, (c) => {
      const actor = cafeActorOf(c, c.req.valid("query").cafe_id);
      const { itemId } = c.req.valid("param");
      const move = moveOf(c.req.valid("json"));
      return once(c, "a day", async (tx) => {
        await moveStock(tx, actor, itemId, move);
        return { status: 200 as const, body: presentOwnItem(await readItem(tx, actor.cafeId, itemId)) };
      });
    })
    .openapi(movements, async (c) => {
      const { limit, cursor, cafe_id } = c.req.valid("query");
      const page = { limit, after: cursor };
      const { items, next } = await listStockMovements(platform.db, cafeOf(c, cafe_id), c.req.valid("param").itemId, page);
      return c.json({ items: items.map(presentMovement), next_cursor: next }, 200);
    })
    .openapi(soldOut, (c) => {
      const actor = cafeActorOf(c, c.req.valid("query").cafe_id);
      const { itemId } = c.req.valid("param");
      const { is_sold_out } = c.req.valid("json");
      return once(c, "a day", async (tx) => {
        await setSoldOut(tx, actor, itemId, is_sold_out);
        return { status: 200 as const, body: presentOwnItem(await readItem(tx, actor.cafeId, itemId)) };
      });
    });

const moveOf = (body: z.infer<typeof StockMoveBody>): StockMove =>
  "add" in body ? { kind: "add", by: body.add } : { kind: "set", to: body.set, expected: body.expected };

const presentMovement = (movement: StockMovement): z.infer<typeof StockMovementSchema> => ({
  id: movement.id,
  change: movement.change,
  reason: movement.reason,
  order_id: movement.orderId,
  staff_id: movement.staffId,
  at: movement.at.toISOString(),
});
