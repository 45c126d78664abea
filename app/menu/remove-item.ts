import { auditActor, type CafeActor } from "../identity/actor.ts";
import { notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";

/** Takes an item off the menu for good. Its row stays, because orders name it. */
export async function removeItem(tx: Transaction, actor: CafeActor, itemId: string): Promise<void> {
  const removed = await tx.run(sql`
    update menu_items set deleted_at = now(), updated_at = now()
    where id = ${itemId} and cafe_id = ${actor.cafeId} and deleted_at is null`);
  if (removed === 0) throw notFound("The item");
  await auditActor(tx, actor, { action: "menu_item.removed", objectKind: "menu_item", objectId: itemId });
}
