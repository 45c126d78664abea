import { auditActor, type CafeActor } from "../identity/actor.ts";
import { notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";

/** Switches an item off, or on again, whatever its stock says. */
export async function setSoldOut(tx: Transaction, actor: CafeActor, itemId: string, isSoldOut: boolean): Promise<void> {
  const set = await tx.run(sql`
    update menu_items set is_sold_out = ${isSoldOut}, updated_at = now()
    where id = ${itemId} and cafe_id = ${actor.cafeId} and deleted_at is null`);
  if (set === 0) throw notFound("The item");
  const action = isSoldOut ? "menu_item.sold_out" : "menu_item.back_on_sale";
  await auditActor(tx, actor, { action, objectKind: "menu_item", objectId: itemId });
}
