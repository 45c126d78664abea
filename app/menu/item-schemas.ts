import { z } from "@hono/zod-openapi";
import { nameField } from "../identity/field-schemas.ts";
import { linesOfText } from "../platform/http/text.ts";
import type { Item } from "./item.ts";
import { largestPriceMinor, largestStock, maxChoices, maxOptionGroups, maxTimeSlots } from "./limits.ts";
import { allergen, MenuItemSchema, OptionGroupSchema, presentItem, presentOptions, slotName } from "./menu-schemas.ts";
import type { WantedGroup } from "./options.ts";

export const ItemSchema = MenuItemSchema.extend({
  display_order: z.number().int(),
  stock: z.number().int().nullable().openapi({ description: "null: not counted" }),
  low_stock_at: z.number().int().nullable(),
  is_low_stock: z.boolean(),
  is_sold_out: z.boolean(),
  options: z.array(OptionGroupSchema),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
}).openapi("Item");

export const displayOrderField = z.number().int().min(-100_000).max(100_000);
export const stockField = z.number().int().min(0).max(largestStock);

const description = linesOfText(2_000);

const distinct = <S extends z.ZodType>(item: S, max: number) =>
  z
    .array(item)
    .max(max)
    .refine((given) => new Set(given).size === given.length, "must not name one twice");

const Choice = z.strictObject({
  id: z.uuid().optional(),
  name: nameField(100),
  price_minor: z.number().int().min(0).max(largestPriceMinor).default(0),
  is_available: z.boolean().default(true),
});

const Group = z
  .strictObject({
    id: z.uuid().optional(),
    name: nameField(100),
    is_required: z.boolean().optional(),
    min_choices: z.number().int().min(0).max(20).optional(),
    max_choices: z.number().int().min(1).max(20).optional(),
    choices: z.array(Choice).min(1).max(maxChoices),
  })
  .refine(({ is_required, min_choices }) => is_required === undefined || min_choices === undefined || is_required === min_choices > 0, {
    message: "is true exactly where min_choices is above 0",
    path: ["is_required"],
  })
  .refine((group) => maxOf(group) >= minOf(group) && minOf(group) <= group.choices.length, {
    message: "must fit: min_choices ≤ max_choices, and as many choices as min_choices asks for",
    path: ["min_choices"],
  });

interface Bounds {
  readonly is_required?: boolean | undefined;
  readonly min_choices?: number | undefined;
  readonly max_choices?: number | undefined;
}

const minOf = ({ min_choices, is_required }: Bounds): number => min_choices ?? (is_required ? 1 : 0);
const maxOf = (group: Bounds): number => group.max_choices ?? Math.max(1, minOf(group));

const fields = {
  category_id: z.uuid(),
  name: nameField(200),
  description: description.nullable(),
  price_minor: z.number().int().min(1).max(largestPriceMinor).openapi({ description: "VAT included" }),
  vat_basis_points: z.number().int().min(0).max(10_000).openapi({ example: 1200 }),
  is_veg: z.boolean(),
  allergens: distinct(allergen, 14),
  time_slots: distinct(slotName, maxTimeSlots).openapi({
    description: "When it is served, by the names of the café's slots; none: always",
  }),
  display_order: displayOrderField,
  low_stock_at: stockField.nullable().openapi({ description: "A stock at or below this is marked as low" }),
  options: z.array(Group).max(maxOptionGroups),
};

export const NewItemBody = z.strictObject({
  ...fields,
  description: fields.description.default(null),
  vat_basis_points: fields.vat_basis_points.default(1200),
  is_veg: fields.is_veg.default(false),
  allergens: fields.allergens.default([]),
  time_slots: fields.time_slots.default(["breakfast", "lunch", "dinner"]),
  display_order: fields.display_order.default(0),
  stock: stockField.nullable().default(null),
  low_stock_at: fields.low_stock_at.default(null),
  options: fields.options.default([]),
});

export const ItemChangeBody = z.strictObject(fields).partial().openapi({ minProperties: 1 });

export const groupsOf = (given: readonly z.infer<typeof Group>[]): WantedGroup[] =>
  given.map((group) => ({
    id: group.id,
    name: group.name,
    minChoices: minOf(group),
    maxChoices: maxOf(group),
    choices: group.choices.map(({ id, name, price_minor, is_available }) => ({
      id,
      name,
      priceMinor: price_minor,
      isAvailable: is_available,
    })),
  }));

export const presentOwnItem = (item: Item): z.infer<typeof ItemSchema> => ({
  ...presentItem(item, item.currency),
  display_order: item.displayOrder,
  stock: item.stock,
  low_stock_at: item.lowStockAt,
  is_low_stock: item.stock !== null && item.lowStockAt !== null && item.stock <= item.lowStockAt,
  is_sold_out: item.isSoldOut,
  options: presentOptions(item.options),
  created_at: item.createdAt.toISOString(),
  updated_at: item.updatedAt.toISOString(),
});
