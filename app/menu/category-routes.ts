import { z } from "@hono/zod-openapi";
import { cafeQuery, nameField } from "../identity/field-schemas.ts";
import { cafeActorOf, cafeOf, staff } from "../identity/guards.ts";
import { imageUrlsOf } from "../images/image-urls.ts";
import type { Platform } from "../platform/context.ts";
import { once } from "../platform/http/once.ts";
import { json, listOf, required, route, router } from "../platform/http/router.ts";
import { addCategory } from "./add-category.ts";
import { type Category, listCategories } from "./category.ts";
import { changeCategory } from "./change-category.ts";
import { displayOrderField } from "./item-schemas.ts";
import { ImageSchema } from "./menu-schemas.ts";
import { removeCategory } from "./remove-category.ts";

const CategorySchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    display_order: z.number().int(),
    is_active: z.boolean(),
    image: ImageSchema.nullable(),
    item_count: z.number().int(),
  })
  .openapi("Category");

const CategoryParams = z.object({ categoryId: z.uuid() });
const who = staff("owner", "admin");

const list = route({
  method: "get",
  path: "/admin/menu/categories",
  operationId: "listCategories",
  tags: ["menu"],
  summary: "All categories of the café, inactive ones too, in the order of the menu",
  who,
  request: { query: cafeQuery },
  responses: { 200: json(listOf(CategorySchema), "The categories") },
});

const add = route({
  method: "post",
  path: "/admin/menu/categories",
  operationId: "addCategory",
  tags: ["menu"],
  summary: "Add a category; its name is unique in the café",
  who,
  idempotency: "optional",
  errors: ["NOT_FOUND", "CONFLICT"],
  request: {
    query: cafeQuery,
    body: required(
      z.strictObject({ name: nameField(100), display_order: displayOrderField.default(0), is_active: z.boolean().default(true) }),
    ),
  },
  responses: { 201: json(CategorySchema, "The category") },
});

const change = route({
  method: "put",
  path: "/admin/menu/categories/{categoryId}",
  operationId: "changeCategory",
  tags: ["menu"],
  summary: "Change a category; what is left out stays. Items of an inactive one are not on the menu",
  who,
  errors: ["NOT_FOUND", "CONFLICT"],
  request: {
    params: CategoryParams,
    query: cafeQuery,
    body: required(
      z
        .strictObject({ name: nameField(100).optional(), display_order: displayOrderField.optional(), is_active: z.boolean().optional() })
        .openapi({ minProperties: 1 }),
    ),
  },
  responses: { 200: json(CategorySchema, "The category as it is now") },
});

const remove = route({
  method: "delete",
  path: "/admin/menu/categories/{categoryId}",
  operationId: "removeCategory",
  tags: ["menu"],
  summary: "Remove a category that no item is in",
  who,
  errors: ["NOT_FOUND", "CONFLICT"],
  request: { params: CategoryParams, query: cafeQuery },
  responses: { 204: { description: "Removed" } },
});

export const categoryRoutes = (platform: Platform) =>
  router()
    .openapi(list, async (c) => {
      const found = await listCategories(platform.db, cafeOf(c, c.req.valid("query").cafe_id));
      return c.json({ items: found.map(presentCategory), next_cursor: null, total: found.length }, 200);
    })
    .openapi(add, (c) => {
      const { name, display_order, is_active } = c.req.valid("json");
      const actor = cafeActorOf(c, c.req.valid("query").cafe_id);
      return once(c, "a day", async (tx) => {
        const category = await addCategory(tx, actor, { name, displayOrder: display_order, isActive: is_active });
        return { status: 201 as const, body: presentCategory(category) };
      });
    })
    .openapi(change, async (c) => {
      const { name, display_order, is_active } = c.req.valid("json");
      const actor = cafeActorOf(c, c.req.valid("query").cafe_id);
      const input = { name, displayOrder: display_order, isActive: is_active };
      const category = await platform.db.transaction((tx) => changeCategory(tx, actor, c.req.valid("param").categoryId, input));
      return c.json(presentCategory(category), 200);
    })
    .openapi(remove, async (c) => {
      const actor = cafeActorOf(c, c.req.valid("query").cafe_id);
      await platform.db.transaction((tx) => removeCategory(tx, actor, c.req.valid("param").categoryId));
      return c.body(null, 204);
    });

const presentCategory = (category: Category): z.infer<typeof CategorySchema> => ({
  id: category.id,
  name: category.name,
  display_order: category.displayOrder,
  is_active: category.isActive,
  image: imageUrlsOf(category.imageKey),
  item_count: category.itemCount,
});
