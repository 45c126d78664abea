import { z } from "@hono/zod-openapi";
import { cafeQuery } from "../identity/field-schemas.ts";
import { cafeActorOf, cafeOf, staff } from "../identity/guards.ts";
import type { Platform } from "../platform/context.ts";
import { once } from "../platform/http/once.ts";
import { json, listOf, listQuery, required, route, router } from "../platform/http/router.ts";
import { addItem } from "./add-item.ts";
import { changeItem } from "./change-item.ts";
import { listItems, readItem } from "./item.ts";
import { groupsOf, ItemChangeBody, ItemSchema, NewItemBody, presentOwnItem } from "./item-schemas.ts";
import { removeItem } from "./remove-item.ts";

const ItemParams = z.object({ itemId: z.uuid() });
const who = staff("owner", "admin");

const list = route({
  method: "get",
  path: "/admin/menu/items",
  operationId: "listItems",
  tags: ["menu"],
  summary: "The café's items with stock and options, in the order of the menu",
  who,
  request: {
    query: listQuery.extend({
      category_id: z.uuid().optional(),
      low_stock: z.stringbool().optional().openapi({ type: "boolean" }),
      ...cafeQuery.shape,
    }),
  },
  responses: { 200: json(listOf(ItemSchema), "A page of them") },
});

const add = route({
  method: "post",
  path: "/admin/menu/items",
  operationId: "addItem",
  tags: ["menu"],
  summary: "Put an item on the menu",
  who,
  idempotency: "optional",
  errors: ["NOT_FOUND", "CONFLICT"],
  request: { query: cafeQuery, body: required(NewItemBody) },
  responses: { 201: json(ItemSchema, "The item") },
});

const read = route({
  method: "get",
  path: "/admin/menu/items/{itemId}",
  operationId: "getItem",
  tags: ["menu"],
  summary: "One item as its café sees it",
  who,
  errors: ["NOT_FOUND"],
  request: { params: ItemParams, query: cafeQuery },
  responses: { 200: json(ItemSchema, "The item") },
});

const change = route({
  method: "put",
  path: "/admin/menu/items/{itemId}",
  operationId: "changeItem",
  tags: ["menu"],
  summary: "Change an item; what is left out stays. Options that are given replace all: name the id of those that are kept",
  who,
  errors: ["NOT_FOUND", "CONFLICT"],
  request: { params: ItemParams, query: cafeQuery, body: required(ItemChangeBody) },
  responses: { 200: json(ItemSchema, "The item as it is now") },
});

const remove = route({
  method: "delete",
  path: "/admin/menu/items/{itemId}",
  operationId: "removeItem",
  tags: ["menu"],
  summary: "Take an item off the menu for good; orders keep its name and price",
  who,
  errors: ["NOT_FOUND"],
  request: { params: ItemParams, query: cafeQuery },
  responses: { 204: { description: "Removed" } },
});

export const itemRoutes = (platform: Platform) =>
  router()
    .openapi(list, async (c) => {
      const { limit, cursor, category_id, low_stock, cafe_id } = c.req.valid("query");
      const page = { limit, after: cursor, categoryId: category_id, isLow: low_stock };
      const { items, next } = await listItems(platform.db, cafeOf(c, cafe_id), page);
      return c.json({ items: items.map(presentOwnItem), next_cursor: next }, 200);
    })
    .openapi(add, (c) => {
      const { options, ...given } = c.req.valid("json");
      const actor = cafeActorOf(c, c.req.valid("query").cafe_id);
      return once(c, "a day", async (tx) => {
        const item = await addItem(tx, actor, { ...named(given), stock: given.stock, options: groupsOf(options) });
        return { status: 201 as const, body: presentOwnItem(item) };
      });
    })
    .openapi(read, async (c) => {
      const item = await readItem(platform.db, cafeOf(c, c.req.valid("query").cafe_id), c.req.valid("param").itemId);
      return c.json(presentOwnItem(item), 200);
    })
    .openapi(change, async (c) => {
      const { options, ...given } = c.req.valid("json");
      const actor = cafeActorOf(c, c.req.valid("query").cafe_id);
      const input = { ...named(given), options: options && groupsOf(options) };
      const item = await platform.db.transaction((tx) => changeItem(tx, actor, c.req.valid("param").itemId, input));
      return c.json(presentOwnItem(item), 200);
    })
    .openapi(remove, async (c) => {
      const actor = cafeActorOf(c, c.req.valid("query").cafe_id);
      await platform.db.transaction((tx) => removeItem(tx, actor, c.req.valid("param").itemId));
      return c.body(null, 204);
    });

/** The body's fields by the code's names; what is left out of a change stays undefined. */
const named = <G extends Omit<z.infer<typeof ItemChangeBody>, "options">>(given: G) => ({
  categoryId: given.category_id as G["category_id"],
  name: given.name as G["name"],
  description: given.description as G["description"],
  priceMinor: given.price_minor as G["price_minor"],
  vatBasisPoints: given.vat_basis_points as G["vat_basis_points"],
  isVeg: given.is_veg as G["is_veg"],
  allergens: given.allergens as G["allergens"],
  timeSlots: given.time_slots as G["time_slots"],
  displayOrder: given.display_order as G["display_order"],
  lowStockAt: given.low_stock_at as G["low_stock_at"],
});
