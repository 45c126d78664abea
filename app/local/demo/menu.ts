import type { Platform } from "../../platform/context.ts";
import { sql } from "../../platform/postgres.ts";
import { type Demo, type DemoPart, idOf } from "./demo.ts";
import { addPictures } from "./menu-pictures.ts";

interface Dish {
  readonly category: string;
  readonly name: string;
  readonly description: string;
  readonly priceMinor: number;
  readonly isVeg: boolean;
  readonly allergens: readonly string[];
}

const dish = (
  category: string,
  name: string,
  priceMinor: number,
  allergens: readonly string[],
  description: string,
  isVeg = true,
): Dish => ({ category, name, description, priceMinor, isVeg, allergens });

// Prices in öre with 12 % VAT in them, as Swedish cafés write them on the board.
const menus: Readonly<Record<string, readonly Dish[]>> = {
  AULA: [
    dish("Coffee", "Bryggkaffe", 2_800, [], "Filter coffee, one refill"),
    dish("Coffee", "Cappuccino", 4_200, ["milk"], "Double espresso with steamed milk"),
    dish("Coffee", "Havrelatte", 4_600, ["gluten"], "Latte with oat milk"),
    dish("Fika", "Kanelbulle", 3_200, ["gluten", "milk", "eggs"], "Cinnamon bun, baked here every morning"),
    dish("Fika", "Kardemummabulle", 3_400, ["gluten", "milk", "eggs"], "Cardamom bun"),
    dish("Fika", "Chokladboll", 2_500, ["gluten", "milk"], "Chocolate ball rolled in coconut"),
    dish("Sandwiches", "Räksmörgås", 11_900, ["gluten", "crustaceans", "eggs", "milk"], "Open sandwich with shrimps, egg and dill", false),
    dish("Sandwiches", "Ostfralla", 3_900, ["gluten", "milk"], "Roll with Västerbotten cheese"),
  ],
  NORR: [
    dish("Lunch", "Dagens husman", 10_500, ["milk", "gluten"], "Meatballs, mashed potatoes, lingonberries", false),
    dish("Lunch", "Dagens vegetariska", 9_900, ["milk"], "Root vegetable gratin with lentils"),
    dish(
      "Lunch",
      "Ärtsoppa och pannkakor",
      9_500,
      ["gluten", "milk", "eggs"],
      "Pea soup and pancakes, on Thursdays and every other day",
      false,
    ),
    dish("Lunch", "Laxpudding", 11_500, ["fish", "milk", "eggs"], "Baked salmon, potatoes and dill butter", false),
    dish("Salads", "Caesarsallad", 9_900, ["milk", "eggs", "fish", "gluten"], "Chicken, bacon, croutons and Parmesan", false),
    dish("Salads", "Halloumisallad", 9_500, ["milk"], "Fried halloumi, bulgur and pomegranate"),
    dish("Drinks", "Lingondricka", 2_500, [], "Lingonberry drink"),
  ],
  BIBL: [
    dish("Coffee", "Espresso", 2_600, [], "Single or double, the same price"),
    dish("Coffee", "Kaffe latte", 4_400, ["milk"], "Espresso with much milk"),
    dish("Tea", "Te i kanna", 3_500, [], "A pot of tea, for reading"),
    dish("Sweets", "Kladdkaka", 4_500, ["eggs", "milk", "gluten"], "Sticky chocolate cake with cream"),
    dish("Sweets", "Morotskaka", 4_300, ["eggs", "milk", "gluten", "nuts"], "Carrot cake with frosting"),
    dish("Snacks", "Grötfrukost", 4_900, ["gluten", "milk"], "Porridge with apple sauce, until ten"),
  ],
};

interface OptionGroup {
  readonly name: string;
  readonly maxChoices: number;
  readonly choices: readonly (readonly [name: string, priceMinor: number])[];
}

// None is required: whoever orders a dish by its id alone gets it plain.
const coffeeOptions: readonly OptionGroup[] = [
  {
    name: "Milk",
    maxChoices: 1,
    choices: [
      ["Oat", 400],
      ["Soy", 400],
      ["Lactose-free", 0],
    ],
  },
  {
    name: "Extras",
    maxChoices: 2,
    choices: [
      ["Extra shot", 800],
      ["Vanilla syrup", 600],
    ],
  },
];
const optionsOf: Readonly<Record<string, readonly OptionGroup[]>> = {
  Coffee: coffeeOptions,
  Salads: [
    {
      name: "Extras",
      maxChoices: 2,
      choices: [
        ["Bread and butter", 900],
        ["Extra dressing", 500],
      ],
    },
  ],
};

/** Each demo café's menu. What its owner changed since stays changed. */
export const addMenus: DemoPart = async (platform, demo) => {
  const wanted = Object.entries(menus).flatMap(([code, dishes]) =>
    dishes.map((item, index) => ({
      ...item,
      id: idOf(`item ${code} ${item.name}`),
      cafeId: idOf(`cafe ${code}`),
      categoryId: idOf(`category ${code} ${item.category}`),
      displayOrder: index,
    })),
  );
  const added = new Set(await writeMenus(platform, JSON.stringify(wanted)));
  const groups = wanted.filter(({ id }) => added.has(id)).flatMap(groupsOf);
  await writeOptions(platform, JSON.stringify(groups));
  await addPictures(platform, wanted);
  return { ...demo, cafes: await readMenus(platform, demo.cafes) };
};

const groupsOf = ({ id, category }: { readonly id: string; readonly category: string }) =>
  (optionsOf[category] ?? []).map((group, place) => ({ ...group, itemId: id, place }));

/** Gives the ids of the items that were not there before. */
async function writeMenus({ db }: Platform, wanted: string): Promise<string[]> {
  return db.transaction(async (tx) => {
    await tx.run(sql`
      insert into categories (id, cafe_id, name, display_order)
      select w."categoryId", w."cafeId", w.category, min(w."displayOrder")
      from jsonb_to_recordset(${wanted}::jsonb) w ("categoryId" uuid, "cafeId" uuid, category text, "displayOrder" integer)
      group by 1, 2, 3 on conflict do nothing`);
    const added = await tx.rows<{ id: string }>(sql`
      insert into menu_items (id, cafe_id, category_id, name, description, price_minor, vat_basis_points, is_veg, allergens, display_order)
      select w.id, w."cafeId", w."categoryId", w.name, w.description, w."priceMinor", 1200, w."isVeg", w.allergens, w."displayOrder"
      from jsonb_to_recordset(${wanted}::jsonb) w (id uuid, "cafeId" uuid, "categoryId" uuid, name text, description text, "priceMinor" bigint,
        "isVeg" boolean, allergens text[], "displayOrder" integer)
      where exists (select from categories c where c.id = w."categoryId")
      on conflict do nothing returning id`);
    return added.map(({ id }) => id);
  });
}

/** Groups and choices in one statement: a campus has options whole or not at all. */
async function writeOptions({ db }: Platform, groups: string): Promise<void> {
  await db.run(sql`
    with wanted as (
      select * from jsonb_to_recordset(${groups}::jsonb) w ("itemId" uuid, name text, "maxChoices" smallint, place integer, choices jsonb)),
    added as (
      insert into menu_option_groups (item_id, name, max_choices, display_order)
      select "itemId", name, "maxChoices", place from wanted returning id, item_id, name)
    insert into menu_option_choices (group_id, name, price_minor, display_order)
    select a.id, c.choice ->> 0, (c.choice ->> 1)::bigint, c.place
    from wanted w join added a on a.item_id = w."itemId" and a.name = w.name,
      jsonb_array_elements(w.choices) with ordinality c (choice, place)`);
}

async function readMenus({ db }: Platform, cafes: Demo["cafes"]): Promise<Demo["cafes"]> {
  const items = await db.rows<{ id: string; cafeId: string; priceMinor: number }>(sql`
    select id, cafe_id, price_minor from menu_items
    where cafe_id = any(${cafes.map(({ id }) => id)}) and deleted_at is null and not is_sold_out order by display_order, id`);
  return cafes.map((cafe) => ({
    ...cafe,
    items: items.filter(({ cafeId }) => cafeId === cafe.id).map(({ id, priceMinor }) => ({ id, price_minor: priceMinor })),
  }));
}
