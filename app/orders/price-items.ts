import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";

export interface WantedItem {
  readonly menuItemId: string;
  readonly quantity: number;
}

export interface PricedItem extends WantedItem {
  readonly name: string;
  readonly priceMinor: number;
  readonly vatBasisPoints: number;
  readonly isCounted: boolean;
}

/** What the items cost at this café now. The answer becomes the order's snapshot. Takes what is counted from the stock. */
export async function takeItems(tx: Transaction, cafeId: string, wanted: readonly WantedItem[]): Promise<PricedItem[]> {
  const asked = merge(wanted);
  const found = await tx.rows<Omit<PricedItem, "quantity">>(sql`
    select id as menu_item_id, name, price_minor, vat_basis_points, stock is not null as is_counted
    from menu_items
    where cafe_id = ${cafeId} and id = any(${[...asked.keys()]}) and deleted_at is null and not is_sold_out`);
  const missing = [...asked.keys()].filter((id) => !found.some((item) => item.menuItemId === id));
  if (missing.length > 0) throw unavailableItems(missing);
  const priced = found.map((item) => ({ ...item, quantity: asked.get(item.menuItemId) ?? 0 }));
  await takeStock(
    tx,
    priced.filter((item) => item.isCounted),
  );
  return priced;
}

function merge(wanted: readonly WantedItem[]): Map<string, number> {
  const asked = new Map<string, number>();
  for (const { menuItemId, quantity } of wanted) asked.set(menuItemId, (asked.get(menuItemId) ?? 0) + quantity);
  return asked;
}

/** Rows are locked in the order of their ids, so two orders for the same dishes wait and do not deadlock. */
async function takeStock(tx: Transaction, items: readonly PricedItem[]): Promise<void> {
  if (items.length === 0) return;
  const ids = items.map((item) => item.menuItemId);
  await tx.run(sql`select id from menu_items where id = any(${ids}) order by id for update`);
  const taken = await tx.rows<{ id: string }>(sql`
    update menu_items m set stock = m.stock - w.quantity, updated_at = now()
    from unnest(${ids}::uuid[], ${items.map((item) => item.quantity)}::integer[]) as w (id, quantity)
    where m.id = w.id and m.stock >= w.quantity
    returning m.id`);
  const short = ids.filter((id) => !taken.some((row) => row.id === id));
  if (short.length > 0) throw unavailableItems(short);
}

export async function giveBackStock(tx: Transaction, orderId: string): Promise<void> {
  const back = await tx.rows<{ menuItemId: string; quantity: number }>(sql`
    with given as (update order_items set stock_taken = 0 where order_id = ${orderId} and stock_taken > 0 returning menu_item_id, quantity)
    select menu_item_id, sum(quantity)::integer as quantity from given group by menu_item_id order by menu_item_id`);
  for (const { menuItemId, quantity } of back) {
    await tx.run(sql`update menu_items set stock = stock + ${quantity}, updated_at = now() where id = ${menuItemId} and stock is not null`);
  }
}

export async function writeItems(tx: Transaction, orderId: string, items: readonly PricedItem[]): Promise<void> {
  await tx.run(sql`
    insert into order_items (order_id, menu_item_id, item_name, item_price_minor, vat_basis_points, quantity, line_total_minor, stock_taken)
    select ${orderId}, w.id, w.name, w.price, w.vat, w.quantity, w.price * w.quantity, case when w.counted then w.quantity else 0 end
    from unnest(${items.map((item) => item.menuItemId)}::uuid[], ${items.map((item) => item.name)}::text[], ${items.map((item) => item.priceMinor)}::bigint[],
      ${items.map((item) => item.vatBasisPoints)}::integer[], ${items.map((item) => item.quantity)}::integer[], ${items.map((item) => item.isCounted)}::boolean[])
      as w (id, name, price, vat, quantity, counted)`);
}

export const totalOf = (items: readonly PricedItem[]): number => items.reduce((sum, item) => sum + item.priceMinor * item.quantity, 0);

const unavailableItems = (ids: readonly string[]) =>
  new CodedError("ITEM_UNAVAILABLE", "Something in the order is sold out or not on this café's menu.", { details: { menu_item_ids: ids } });
