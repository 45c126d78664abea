import { auditActor, type CafeActor } from "../identity/actor.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { largestStock } from "./limits.ts";

/** `set` to null stops the counting. `expected` is the stock that the person saw, so that a sale in between is not undone. */
export type StockMove =
  | { readonly kind: "set"; readonly to: number | null; readonly expected: number | null | undefined }
  | { readonly kind: "add"; readonly by: number };

/** Changes the stock and logs by how much. The row is held from the look to the write, so no sale falls in between. */
export async function moveStock(tx: Transaction, actor: CafeActor, itemId: string, move: StockMove): Promise<void> {
  const item = await tx.row<{ stock: number | null }>(sql`
    select stock from menu_items where id = ${itemId} and cafe_id = ${actor.cafeId} and deleted_at is null for no key update`);
  if (!item) throw notFound("The item");
  const to = move.kind === "set" ? move.to : sumOf(item.stock, move.by);
  if (move.kind === "set" && move.expected !== undefined && move.expected !== item.stock)
    throw new CodedError("CONFLICT", "The stock has changed since: look again.", { details: { stock: item.stock } });
  await tx.run(sql`update menu_items set stock = ${to}, updated_at = now() where id = ${itemId}`);
  const change = (to ?? 0) - (item.stock ?? 0);
  if (change !== 0)
    await tx.run(sql`
      insert into stock_movements (item_id, change, reason, staff_id)
      values (${itemId}, ${change}, ${move.kind === "set" ? "set" : "added"}, ${actor.staffId})`);
  await auditActor(tx, actor, {
    action: "menu_item.stock_moved",
    objectKind: "menu_item",
    objectId: itemId,
    details: { from: item.stock, to },
  });
}

function sumOf(stock: number | null, by: number): number {
  if (stock === null) throw new CodedError("CONFLICT", "This item's stock is not counted: set it first.", { details: { stock } });
  const sum = stock + by;
  if (sum < 0 || sum > largestStock)
    throw new CodedError("CONFLICT", `The stock is ${stock}: it cannot become ${sum}.`, { details: { stock } });
  return sum;
}
