import { z } from "@hono/zod-openapi";
import type { Platform } from "../platform/context.ts";
import { notFound } from "../platform/errors.ts";
import { everyone, type HttpContext, json, listOf, route, router } from "../platform/http/router.ts";
import { maxItems } from "./limits.ts";
import { openMenus } from "./menu-cache.ts";
import { MenuCategorySchema, MenuItemSchema, MenuItemWithOptionsSchema, slotName } from "./menu-schemas.ts";
import type { ReadyAnswer } from "./ready-menu.ts";
import { searchMenu } from "./search-menu.ts";

const notModified = { description: "It is still what the If-None-Match header names" };

const categories = route({
  method: "get",
  path: "/menu/categories",
  operationId: "listMenuCategories",
  tags: ["menu"],
  summary: "A café's categories, in the order of its menu",
  who: everyone,
  errors: ["NOT_FOUND"],
  request: { query: z.strictObject({ cafe_id: z.uuid() }) },
  responses: { 200: json(listOf(MenuCategorySchema), "The categories"), 304: notModified },
});

const items = route({
  method: "get",
  path: "/menu/items",
  operationId: "listMenuItems",
  tags: ["menu"],
  summary: "A café's menu, whole unless a limit is given. time_slot=now asks for what is served at this moment by the café's clock",
  who: everyone,
  errors: ["NOT_FOUND"],
  request: {
    query: z.strictObject({
      cafe_id: z.uuid(),
      category_id: z.uuid().optional(),
      time_slot: slotName.optional(),
      veg: z.stringbool().optional().openapi({ type: "boolean" }),
      search: z
        .string()
        .trim()
        .min(1)
        .max(60)
        .regex(/^\P{Cc}*$/u, "must not contain control characters")
        .optional(),
      limit: z.coerce.number().int().min(1).max(100).optional(),
      cursor: z.uuid().optional(),
    }),
  },
  responses: { 200: json(listOf(MenuItemSchema), "The items, in the order of the menu; a search gives the best first"), 304: notModified },
});

const item = route({
  method: "get",
  path: "/menu/items/{itemId}",
  operationId: "getMenuItem",
  tags: ["menu"],
  summary: "One item with its options",
  who: everyone,
  errors: ["NOT_FOUND"],
  request: { params: z.object({ itemId: z.uuid() }) },
  responses: { 200: json(MenuItemWithOptionsSchema, "The item"), 304: notModified },
});

/** What everybody may read. The answers are ready bytes: nothing is written out again for a request. */
export function publicMenuRoutes(platform: Platform) {
  const menus = openMenus(platform);
  return router()
    .openapi(categories, async (c) => {
      const { ready } = await menus.of(c.req.valid("query").cafe_id);
      return answer(c, ready.categories());
    })
    .openapi(items, async (c) => {
      const { cafe_id, category_id, time_slot, veg, search, limit = maxItems, cursor } = c.req.valid("query");
      const { ready, slot } = await menus.of(cafe_id);
      const filter = { categoryId: category_id, slot: time_slot === "now" ? slot : time_slot, isVeg: veg, limit, after: cursor };
      if (search === undefined) return answer(c, ready.items(filter));
      return answer(c, ready.found(await searchMenu(platform.db, cafe_id, search), filter));
    })
    .openapi(item, async (c) => {
      const { itemId } = c.req.valid("param");
      const cafeId = await menus.cafeOfItem(itemId);
      const { ready } = await menus.of(cafeId);
      const found = ready.item(cafeId, itemId);
      if (!found) throw notFound("The item");
      return answer(c, found);
    });
}

/** Whoever keeps the answer asks again each time: a change shows at once, and an unchanged menu costs no bytes. */
function answer(c: HttpContext, { body, etag }: ReadyAnswer): never {
  c.header("Cache-Control", "public, no-cache");
  c.header("ETag", etag);
  if (isKnown(c.req.header("if-none-match"), etag)) return c.body(null, 304) as never;
  c.header("Content-Type", "application/json");
  return c.body(body, 200) as never;
}

// A proxy that compresses makes a weak tag of ours: for reading they are the same.
const isKnown = (asked: string | undefined, etag: string): boolean =>
  asked?.split(",").some((tag) => tag.trim() === "*" || tag.trim().replace(/^W\//, "") === etag) ?? false;
