import { notFound } from "../platform/errors.ts";
import { type Page, type PageInput, pageOf } from "../platform/page.ts";
import { part, type Queryable, sql } from "../platform/postgres.ts";
import { type MenuItem, optionsOfItem } from "./menu.ts";

/** An item as its café sees it. */
export interface Item extends MenuItem {
  readonly currency: string;
  readonly displayOrder: number;
  /** null: not counted. */
  readonly stock: number | null;
  readonly lowStockAt: number | null;
  readonly isSoldOut: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const itemColumns = part`
  m.id, m.name, m.description, m.price_minor, m.vat_basis_points, m.is_veg, m.allergens, m.time_slots, m.image_key, m.display_order,
  m.stock, m.low_stock_at, m.is_sold_out, not m.is_sold_out and coalesce(m.stock > 0, true) as is_available, m.created_at, m.updated_at,
  k.id as category_id, k.name as category_name, f.currency, ${optionsOfItem} as options`;

export async function readItem(db: Queryable, cafeId: string, itemId: string): Promise<Item> {
  const item = await db.row<Item>(sql`
    select ${itemColumns} from menu_items m join categories k on k.id = m.category_id join cafes f on f.id = m.cafe_id
    where m.id = ${itemId} and m.cafe_id = ${cafeId} and m.deleted_at is null`);
  if (!item) throw notFound("The item");
  return item;
}

export interface ItemPage extends PageInput {
  readonly categoryId: string | undefined;
  readonly isLow: boolean | undefined;
}

const isLow = part`(m.stock is not null and m.low_stock_at is not null and m.stock <= m.low_stock_at)`;
const place = part`(k.display_order, k.name, m.display_order, m.name, m.id)`;

/** In the order of the menu. */
export async function listItems(db: Queryable, cafeId: string, page: ItemPage): Promise<Page<Item>> {
  const inCategory = page.categoryId === undefined ? part`` : part`and m.category_id = ${page.categoryId}`;
  const low = page.isLow === undefined ? part`` : part`and ${isLow} = ${page.isLow}`;
  const after =
    page.after === undefined
      ? part``
      : part`and ${place} > (select k2.display_order, k2.name, m2.display_order, m2.name, m2.id
          from menu_items m2 join categories k2 on k2.id = m2.category_id where m2.id = ${page.after} and m2.cafe_id = ${cafeId})`;
  const rows = await db.rows<Item>(sql`
    select ${itemColumns} from menu_items m join categories k on k.id = m.category_id join cafes f on f.id = m.cafe_id
    where m.cafe_id = ${cafeId} and m.deleted_at is null ${inCategory} ${low} ${after}
    order by k.display_order, k.name, m.display_order, m.name, m.id limit ${page.limit + 1}`);
  return pageOf(rows, page.limit);
}
