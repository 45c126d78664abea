import { auditActor, type CafeActor } from "../identity/actor.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { type Item, readItem } from "./item.ts";
import { maxItems } from "./limits.ts";
import { type WantedGroup, writeOptions } from "./options.ts";

export interface NewItem {
  readonly categoryId: string;
  readonly name: string;
  readonly description: string | null;
  readonly priceMinor: number;
  readonly vatBasisPoints: number;
  readonly isVeg: boolean;
  readonly allergens: readonly string[];
  readonly timeSlots: readonly string[];
  readonly displayOrder: number;
  readonly stock: number | null;
  readonly lowStockAt: number | null;
  readonly options: readonly WantedGroup[];
}

export async function addItem(tx: Transaction, actor: CafeActor, input: NewItem): Promise<Item> {
  const count = await tx.row<{ items: number }>(sql`
    select count(*) as items from menu_items where cafe_id = ${actor.cafeId} and deleted_at is null`);
  if (count && count.items >= maxItems) throw new CodedError("CONFLICT", `A menu has at most ${maxItems} items: remove one first.`);
  const added = await tx.row<{ id: string }>(sql`
    insert into menu_items (cafe_id, category_id, name, description, price_minor, vat_basis_points, is_veg, allergens, time_slots,
      display_order, stock, low_stock_at)
    select cafe_id, id, ${input.name}, ${input.description}, ${input.priceMinor}::bigint, ${input.vatBasisPoints}::integer, ${input.isVeg}::boolean,
      ${input.allergens}::text[], ${input.timeSlots}::text[], ${input.displayOrder}::integer, ${input.stock}::integer, ${input.lowStockAt}::integer
    from categories where id = ${input.categoryId} and cafe_id = ${actor.cafeId}
    for key share
    returning id`);
  if (!added) throw notFound("The category");
  if (input.stock !== null && input.stock > 0)
    await tx.run(sql`
      insert into stock_movements (item_id, change, reason, staff_id) values (${added.id}, ${input.stock}, 'set', ${actor.staffId})`);
  await writeOptions(tx, actor.cafeId, added.id, input.options);
  await auditActor(tx, actor, {
    action: "menu_item.added",
    objectKind: "menu_item",
    objectId: added.id,
    details: { name: input.name, price_minor: input.priceMinor },
  });
  return readItem(tx, actor.cafeId, added.id);
}
