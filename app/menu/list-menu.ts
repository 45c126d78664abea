import { notFound } from "../platform/errors.ts";
import { type Queryable, sql } from "../platform/postgres.ts";

export interface MenuItem {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly priceMinor: number;
  readonly currency: string;
  readonly vatBasisPoints: number;
  readonly isVeg: boolean;
  readonly allergens: readonly string[];
  readonly isAvailable: boolean;
  readonly timeSlots: readonly string[];
  readonly categoryId: string;
  readonly categoryName: string;
}

interface MenuQuery {
  readonly cafeId: string;
  readonly categoryId: string | undefined;
  readonly search: string | undefined;
}

const maxItems = 500;

export async function listMenu(db: Queryable, query: MenuQuery): Promise<MenuItem[]> {
  const cafe = await db.row(sql`select id from cafes where id = ${query.cafeId} and status = 'approved'`);
  if (!cafe) throw notFound("The café");
  return db.rows<MenuItem>(sql`
    select m.id, m.name, m.description, m.price_minor, f.currency, m.vat_basis_points, m.is_veg, m.allergens, m.time_slots,
      not m.is_sold_out and coalesce(m.stock > 0, true) as is_available, k.id as category_id, k.name as category_name
    from menu_items m join categories k on k.id = m.category_id join cafes f on f.id = m.cafe_id
    where m.cafe_id = ${query.cafeId} and m.deleted_at is null and k.is_active
      and (${query.categoryId ?? null}::uuid is null or m.category_id = ${query.categoryId ?? null})
      and (${query.search ?? null}::text is null or m.name ilike '%' || replace(replace(replace(${query.search ?? null}, '\\', '\\\\'), '%', '\\%'), '_', '\\_') || '%')
    order by k.display_order, k.name, m.display_order, m.name limit ${maxItems}`);
}
