import { type Queryable, sql } from "../platform/postgres.ts";

export interface Category {
  readonly id: string;
  readonly name: string;
  readonly displayOrder: number;
  readonly isActive: boolean;
  readonly imageKey: string | null;
  readonly itemCount: number;
}

/** All of a café's categories, in the order of the menu; there are at most maxCategories. */
export const listCategories = (db: Queryable, cafeId: string): Promise<Category[]> =>
  db.rows<Category>(sql`
    select k.id, k.name, k.display_order, k.is_active, k.image_key,
      (select count(*) from menu_items m where m.category_id = k.id and m.deleted_at is null) as item_count
    from categories k where k.cafe_id = ${cafeId} order by k.display_order, k.name`);

export const readCategory = (db: Queryable, cafeId: string, categoryId: string): Promise<Category | undefined> =>
  db.row<Category>(sql`
    select k.id, k.name, k.display_order, k.is_active, k.image_key,
      (select count(*) from menu_items m where m.category_id = k.id and m.deleted_at is null) as item_count
    from categories k where k.id = ${categoryId} and k.cafe_id = ${cafeId}`);
