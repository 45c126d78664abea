import { z } from "@hono/zod-openapi";
import type { Platform } from "../platform/context.ts";
import { everyone, json, listOf, route, router } from "../platform/http/router.ts";
import { listMenu, type MenuItem } from "./list-menu.ts";

const MenuItemSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    description: z.string().nullable(),
    price_minor: z.number().int(),
    currency: z.string(),
    vat_basis_points: z.number().int(),
    is_veg: z.boolean(),
    allergens: z.array(z.string()),
    is_available: z.boolean(),
    time_slots: z.array(z.string()),
    category: z.object({ id: z.uuid(), name: z.string() }),
  })
  .openapi("MenuItem");

const items = route({
  method: "get",
  path: "/menu/items",
  operationId: "listMenuItems",
  tags: ["menu"],
  summary: "A café's menu",
  who: everyone,
  errors: ["NOT_FOUND"],
  request: { query: z.strictObject({ cafe_id: z.uuid(), category_id: z.uuid().optional(), search: z.string().min(1).max(60).optional() }) },
  responses: { 200: json(listOf(MenuItemSchema), "The items, in the order of the menu") },
});

export const menuRoutes = (platform: Platform) =>
  router().openapi(items, async (c) => {
    const { cafe_id, category_id, search } = c.req.valid("query");
    const found = await listMenu(platform.db, { cafeId: cafe_id, categoryId: category_id, search });
    return c.json({ items: found.map(presentItem), next_cursor: null, total: found.length }, 200);
  });

function presentItem(item: MenuItem): z.infer<typeof MenuItemSchema> {
  return {
    id: item.id,
    name: item.name,
    description: item.description,
    price_minor: item.priceMinor,
    currency: item.currency,
    vat_basis_points: item.vatBasisPoints,
    is_veg: item.isVeg,
    allergens: [...item.allergens],
    is_available: item.isAvailable,
    time_slots: [...item.timeSlots],
    category: { id: item.categoryId, name: item.categoryName },
  };
}
