import { z } from "@hono/zod-openapi";
import { imageUrlsOf } from "../images/image-urls.ts";
import { allergens } from "./allergens.ts";
import type { MenuCategory, MenuItem, OptionGroup } from "./menu.ts";

export const slotName = z
  .string()
  .regex(/^[a-z0-9_-]{1,30}$/, "must be 1 to 30 lower-case letters, digits, - or _")
  .openapi({ example: "lunch" });

export const allergen = z.enum(allergens);

/** Where the pictures are: WebP, 160, 480 and 960 pixels wide at most. */
export const ImageSchema = z.object({ small: z.string(), medium: z.string(), large: z.string() }).openapi("Image");

export const OptionGroupSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    is_required: z.boolean(),
    min_choices: z.number().int(),
    max_choices: z.number().int(),
    choices: z.array(z.object({ id: z.uuid(), name: z.string(), price_minor: z.number().int(), is_available: z.boolean() })),
  })
  .openapi("OptionGroup");

export const MenuCategorySchema = z
  .object({ id: z.uuid(), name: z.string(), display_order: z.number().int(), image: ImageSchema.nullable() })
  .openapi("MenuCategory");

export const MenuItemSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    description: z.string().nullable(),
    price_minor: z.number().int(),
    currency: z.string(),
    vat_basis_points: z.number().int(),
    is_veg: z.boolean(),
    allergens: z.array(allergen),
    is_available: z.boolean(),
    time_slots: z.array(z.string()),
    image: ImageSchema.nullable(),
    has_options: z.boolean(),
    category: z.object({ id: z.uuid(), name: z.string() }),
  })
  .openapi("MenuItem");

export const MenuItemWithOptionsSchema = MenuItemSchema.extend({ cafe_id: z.uuid(), options: z.array(OptionGroupSchema) }).openapi(
  "MenuItemWithOptions",
);

export const presentCategory = (category: MenuCategory): z.infer<typeof MenuCategorySchema> => ({
  id: category.id,
  name: category.name,
  display_order: category.displayOrder,
  image: imageUrlsOf(category.imageKey),
});

export const presentItem = (item: MenuItem, currency: string): z.infer<typeof MenuItemSchema> => ({
  id: item.id,
  name: item.name,
  description: item.description,
  price_minor: item.priceMinor,
  currency,
  vat_basis_points: item.vatBasisPoints,
  is_veg: item.isVeg,
  allergens: item.allergens.filter(isAllergen),
  is_available: item.isAvailable,
  time_slots: [...item.timeSlots],
  image: imageUrlsOf(item.imageKey),
  has_options: item.options.length > 0,
  category: { id: item.categoryId, name: item.categoryName },
});

const isAllergen = (name: string): name is z.infer<typeof allergen> => (allergens as readonly string[]).includes(name);

export const presentOptions = (groups: readonly OptionGroup[]): z.infer<typeof OptionGroupSchema>[] =>
  groups.map((group) => ({
    id: group.id,
    name: group.name,
    is_required: group.isRequired,
    min_choices: group.minChoices,
    max_choices: group.maxChoices,
    choices: group.choices.map((choice) => ({
      id: choice.id,
      name: choice.name,
      price_minor: choice.priceMinor,
      is_available: choice.isAvailable,
    })),
  }));
