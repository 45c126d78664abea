import { auditActor, type CafeActor } from "../identity/actor.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";

/** Removes a category that no item on the menu is in; what was removed from the menu before lets go of it. */
export async function removeCategory(tx: Transaction, actor: CafeActor, categoryId: string): Promise<void> {
  // The lock keeps an item from coming in until this is done: its foreign key waits for it.
  const category = await tx.row<{ name: string }>(sql`
    select name from categories where id = ${categoryId} and cafe_id = ${actor.cafeId} for update`);
  if (!category) throw notFound("The category");
  const inUse = await tx.row<{ count: number }>(sql`
    select count(*) as count from menu_items where category_id = ${categoryId} and deleted_at is null`);
  if (inUse && inUse.count > 0)
    throw new CodedError("CONFLICT", `${inUse.count} items are in this category: move or remove them first.`, {
      details: { items: inUse.count },
    });
  await tx.run(sql`update menu_items set category_id = null where category_id = ${categoryId}`);
  await tx.run(sql`delete from images where category_id = ${categoryId}`);
  await tx.run(sql`delete from categories where id = ${categoryId}`);
  await auditActor(tx, actor, {
    action: "category.removed",
    objectKind: "category",
    objectId: categoryId,
    details: { name: category.name },
  });
}
