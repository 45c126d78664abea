import type { Campus } from "./campus.ts";

export interface DishInput {
  readonly name?: string;
  readonly priceMinor?: number;
  /** Not counted unless given. */
  readonly stock?: number;
  readonly isSoldOut?: boolean;
  readonly timeSlots?: readonly string[];
  readonly options?: readonly GroupOptions[];
}

export interface GroupOptions {
  readonly name: string;
  /** How many must be chosen at least; none unless given. */
  readonly min?: number;
  /** How many may be chosen; one, or as many as must be, unless given. */
  readonly max?: number;
  readonly choices: readonly { readonly name: string; readonly priceMinor?: number; readonly isAvailable?: boolean }[];
}

/** Puts a dish on a café's menu and gives its id. */
export async function addDish(campus: Pick<Campus, "sql">, cafe: { readonly id: string }, input: DishInput = {}): Promise<string> {
  const { name = "Soup of the day", priceMinor = 5_900, stock = null, isSoldOut = false } = input;
  const { timeSlots = ["breakfast", "lunch", "dinner"], options = [] } = input;
  const [dish] = await campus.sql<{ id: string }>`
    with category as (
      insert into categories (cafe_id, name) values (${cafe.id}, 'Lunch') on conflict (cafe_id, name) do update set name = excluded.name returning id)
    insert into menu_items (cafe_id, category_id, name, price_minor, stock, is_sold_out, time_slots)
    select ${cafe.id}, id, ${name}, ${priceMinor}, ${stock}, ${isSoldOut}, ${timeSlots}::text[] from category returning id`;
  if (!dish) throw new Error("The dish was not written.");
  if (stock) await campus.sql`insert into stock_movements (item_id, change, reason) values (${dish.id}, ${stock}, 'set')`;
  for (const group of options) await addGroup(campus, dish.id, group);
  return dish.id;
}

async function addGroup(
  campus: Pick<Campus, "sql">,
  itemId: string,
  { name, min = 0, max = Math.max(1, min), choices }: GroupOptions,
): Promise<void> {
  const rows = choices.map((choice, place) => ({
    price: choice.priceMinor ?? 0,
    available: choice.isAvailable ?? true,
    name: choice.name,
    place,
  }));
  await campus.sql`
    with made as (
      insert into menu_option_groups (item_id, name, is_required, min_choices, max_choices)
      values (${itemId}, ${name}, ${min > 0}, ${min}, ${max}) returning id)
    insert into menu_option_choices (group_id, name, price_minor, is_available, display_order)
    select made.id, w.name, w.price, w.available, w.place
    from made, jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) w (name text, price bigint, available boolean, place integer)`;
}
