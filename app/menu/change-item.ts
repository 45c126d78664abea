import { auditActor, type CafeActor } from "../identity/actor.ts";
import { notFound } from "../platform/errors.ts";
import { part, sql, type Transaction } from "../platform/postgres.ts";
import type { NewItem } from "./add-item.ts";
import { type Item, readItem } from "./item.ts";
import { writeOptions } from "./options.ts";

/** What is left out stays as it is. The stock has its own verb: a number in a form would undo what was sold meanwhile. */
export type ItemChange = { readonly [K in Exclude<keyof NewItem, "stock">]: NewItem[K] | undefined };

export async function changeItem(tx: Transaction, actor: CafeActor, itemId: string, change: ItemChange): Promise<Item> {
  const kept = <T>(value: T | undefined): T | null => value ?? null;
  // null is a value of these two: leaving out and clearing are told apart.
  const description = change.description === undefined ? part`description` : part`${change.description}`;
  const lowStockAt = change.lowStockAt === undefined ? part`low_stock_at` : part`${change.lowStockAt}::integer`;
  await refuseForeignCategory(tx, actor.cafeId, change.categoryId);
  const changed = await tx.run(sql`
    update menu_items set category_id = coalesce(${kept(change.categoryId)}, category_id), name = coalesce(${kept(change.name)}, name),
      description = ${description}, price_minor = coalesce(${kept(change.priceMinor)}, price_minor),
      vat_basis_points = coalesce(${kept(change.vatBasisPoints)}, vat_basis_points), is_veg = coalesce(${kept(change.isVeg)}, is_veg),
      allergens = coalesce(${kept(change.allergens)}, allergens), time_slots = coalesce(${kept(change.timeSlots)}, time_slots),
      display_order = coalesce(${kept(change.displayOrder)}, display_order), low_stock_at = ${lowStockAt}, updated_at = now()
    where id = ${itemId} and cafe_id = ${actor.cafeId} and deleted_at is null`);
  if (changed === 0) throw notFound("The item");
  if (change.options !== undefined) await writeOptions(tx, actor.cafeId, itemId, change.options);
  await auditActor(tx, actor, { action: "menu_item.changed", objectKind: "menu_item", objectId: itemId, details: { ...change } });
  return readItem(tx, actor.cafeId, itemId);
}

/** The lock keeps the category until the item is in it. */
async function refuseForeignCategory(tx: Transaction, cafeId: string, categoryId: string | undefined): Promise<void> {
  if (categoryId === undefined) return;
  const own = await tx.row(sql`select id from categories where id = ${categoryId} and cafe_id = ${cafeId} for key share`);
  if (!own) throw notFound("The category");
}
