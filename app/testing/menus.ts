import type { Campus } from "./campus.ts";

export interface DishWishes {
  readonly name?: string;
  readonly priceMinor?: number;
  /** Not counted unless given. */
  readonly stock?: number;
  readonly isSoldOut?: boolean;
}

/** Puts a dish on a café's menu and gives its id. */
export async function addDish(campus: Pick<Campus, "sql">, cafe: { readonly id: string }, wishes: DishWishes = {}): Promise<string> {
  const { name = "Soup of the day", priceMinor = 5_900, stock = null, isSoldOut = false } = wishes;
  const [dish] = await campus.sql<{ id: string }>`
    with category as (
      insert into categories (cafe_id, name) values (${cafe.id}, 'Lunch') on conflict (cafe_id, name) do update set name = excluded.name returning id)
    insert into menu_items (cafe_id, category_id, name, price_minor, stock, is_sold_out)
    select ${cafe.id}, id, ${name}, ${priceMinor}, ${stock}, ${isSoldOut} from category returning id`;
  if (!dish) throw new Error("The dish was not written.");
  return dish.id;
}
