import { notFound } from "../platform/errors.ts";
import { type Page, type PageInput, pageOf } from "../platform/page.ts";
import { type Queryable, sql } from "../platform/postgres.ts";

export const stockReasons = ["ordered", "order_changed", "order_cancelled", "order_expired", "sale_voided", "set", "added"] as const;

export interface StockMovement {
  readonly id: string;
  readonly change: number;
  readonly reason: (typeof stockReasons)[number];
  readonly orderId: string | null;
  readonly staffId: string | null;
  readonly at: Date;
}

/** Newest first. */
export async function listStockMovements(
  db: Queryable,
  cafeId: string,
  itemId: string,
  { limit, after }: PageInput,
): Promise<Page<StockMovement>> {
  const item = await db.row(sql`select id from menu_items where id = ${itemId} and cafe_id = ${cafeId} and deleted_at is null`);
  if (!item) throw notFound("The item");
  const rows = await db.rows<StockMovement>(sql`
    select id, change, reason, order_id, staff_id, at from stock_movements
    where item_id = ${itemId} and (${after ?? null}::uuid is null or id < ${after ?? null}::uuid)
    order by id desc limit ${limit + 1}`);
  return pageOf(rows, limit);
}
