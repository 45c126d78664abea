import { part, type Queryable, sql } from "../platform/postgres.ts";

export interface OptionChoice {
  readonly id: string;
  readonly name: string;
  readonly priceMinor: number;
  readonly isAvailable: boolean;
}

export interface OptionGroup {
  readonly id: string;
  readonly name: string;
  readonly isRequired: boolean;
  readonly minChoices: number;
  readonly maxChoices: number;
  readonly choices: readonly OptionChoice[];
}

export interface MenuCategory {
  readonly id: string;
  readonly name: string;
  readonly displayOrder: number;
  readonly imageKey: string | null;
}

export interface MenuItem {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly priceMinor: number;
  readonly vatBasisPoints: number;
  readonly isVeg: boolean;
  readonly allergens: readonly string[];
  readonly isAvailable: boolean;
  readonly timeSlots: readonly string[];
  readonly imageKey: string | null;
  readonly categoryId: string;
  readonly categoryName: string;
  readonly options: readonly OptionGroup[];
}

/** Everything that the public is shown of one café's menu, as of one version of it. */
export interface Menu {
  readonly version: string | null;
  readonly currency: string;
  readonly categories: readonly MenuCategory[];
  readonly items: readonly MenuItem[];
}

/** The options of the item `m`, groups and choices in their order. */
export const optionsOfItem = part`(
  select coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'name', g.name, 'isRequired', g.is_required, 'minChoices', g.min_choices,
    'maxChoices', g.max_choices, 'choices', (
      select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'name', c.name, 'priceMinor', c.price_minor, 'isAvailable', c.is_available)
        order by c.display_order, c.name), '[]')
      from menu_option_choices c where c.group_id = g.id)) order by g.display_order, g.name), '[]')
  from menu_option_groups g where g.item_id = m.id)`;

/** The menu and its version, in one statement: they always belong together. */
export function readMenu(db: Queryable, cafeId: string): Promise<Menu | undefined> {
  return db.row<Menu>(sql`
    select v.version, f.currency,
      (select coalesce(jsonb_agg(jsonb_build_object('id', k.id, 'name', k.name, 'displayOrder', k.display_order, 'imageKey', k.image_key)
         order by k.display_order, k.name), '[]')
       from categories k where k.cafe_id = f.id and k.is_active) as categories,
      (select coalesce(jsonb_agg(jsonb_build_object('id', m.id, 'name', m.name, 'description', m.description, 'priceMinor', m.price_minor,
         'vatBasisPoints', m.vat_basis_points, 'isVeg', m.is_veg, 'allergens', m.allergens,
         'isAvailable', not m.is_sold_out and coalesce(m.stock > 0, true), 'timeSlots', m.time_slots, 'imageKey', m.image_key,
         'categoryId', k.id, 'categoryName', k.name, 'options', ${optionsOfItem})
         order by k.display_order, k.name, m.display_order, m.name, m.id), '[]')
       from menu_items m join categories k on k.id = m.category_id
       where m.cafe_id = f.id and m.deleted_at is null and k.is_active) as items
    from cafes f left join menu_versions v on v.cafe_id = f.id where f.id = ${cafeId}`);
}
