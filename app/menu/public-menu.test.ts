import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { addDish } from "../testing/menus.ts";
import type { TestCafe } from "../testing/people.ts";
import { until } from "../testing/platform.ts";
import { codeOf } from "../testing/refusal.ts";

interface Listed {
  readonly items: { id: string; name: string; is_available: boolean; has_options: boolean; currency: string; image: unknown }[];
  readonly next_cursor: string | null;
  readonly total: number;
}

let campus: Campus;
let cafe: TestCafe;

beforeAll(async () => {
  campus = await startCampus();
});
beforeEach(async () => {
  cafe = await campus.cafe();
});
afterAll(() => campus.end());

const read = async (query = "", process: 0 | 1 = 0) =>
  (await campus.api<Listed>("GET", `/menu/items?cafe_id=${cafe.id}${query}`, { process })).body;
const names = async (query = "") => (await read(query)).items.map((item) => item.name);
describe("the public menu", () => {
  test("shows name, price and whether it can be had, in the order of categories and items", async () => {
    await campus.sql`insert into categories (cafe_id, name, display_order) values (${cafe.id}, 'Sweets', -1)`;
    const cake = await addDish(campus, cafe, { name: "Cake", stock: 0 });
    await campus.sql`update menu_items set category_id = (select id from categories where cafe_id = ${cafe.id} and name = 'Sweets') where id = ${cake}`;
    await addDish(campus, cafe, { name: "Apple soup" });
    await addDish(campus, cafe, { name: "Zucchini soup", isSoldOut: true });
    const { items, total, next_cursor } = await read();
    expect(items.map((item) => [item.name, item.is_available])).toEqual([
      ["Cake", false],
      ["Apple soup", true],
      ["Zucchini soup", false],
    ]);
    expect([total, next_cursor, items[0]?.currency, items[0]?.image]).toEqual([3, null, "SEK", null]);
    const categories = await campus.api<{ items: { name: string }[] }>("GET", `/menu/categories?cafe_id=${cafe.id}`);
    expect(categories.body.items.map((category) => category.name)).toEqual(["Sweets", "Lunch"]);
  });

  test("hides what was removed and what is in an inactive category", async () => {
    const gone = await addDish(campus, cafe, { name: "Gone" });
    await addDish(campus, cafe, { name: "Here" });
    await campus.sql`update menu_items set deleted_at = now() where id = ${gone}`;
    expect(await names()).toEqual(["Here"]);
    expect((await campus.api("GET", `/menu/items/${gone}`)).status).toBe(404);
    await campus.sql`update categories set is_active = false where cafe_id = ${cafe.id}`;
    await until("the category is gone", async () => (await names()).length === 0);
    expect((await campus.api<Listed>("GET", `/menu/categories?cafe_id=${cafe.id}`)).body.items).toEqual([]);
  });

  test("is filtered by category, time slot and what is vegetarian, and comes page by page where a limit is given", async () => {
    const porridge = await addDish(campus, cafe, { name: "Porridge", timeSlots: ["breakfast"] });
    await addDish(campus, cafe, { name: "Stew", timeSlots: ["lunch", "dinner"] });
    await addDish(campus, cafe, { name: "Toast" });
    await campus.sql`update menu_items set is_veg = true where id = ${porridge}`;
    const [{ id: category } = { id: "" }] = await campus.sql<{ id: string }>`select id from categories where cafe_id = ${cafe.id}`;
    expect(await names("&time_slot=breakfast")).toEqual(["Porridge", "Toast"]);
    expect(await names("&time_slot=lunch")).toEqual(["Stew", "Toast"]);
    expect(await names("&veg=true")).toEqual(["Porridge"]);
    expect(await names("&veg=false")).toEqual(["Stew", "Toast"]);
    expect(await names(`&category_id=${category}&time_slot=dinner`)).toEqual(["Stew", "Toast"]);
    expect(await names(`&category_id=${randomUUID()}`)).toEqual([]);
    const first = await read("&limit=2");
    const second = await read(`&limit=2&cursor=${first.next_cursor}`);
    expect([...first.items, ...second.items].map((item) => item.name)).toEqual(["Porridge", "Stew", "Toast"]);
    expect(second.next_cursor).toBeNull();
  });

  test("gives one item with its options in their order", async () => {
    const dish = await addDish(campus, cafe, {
      name: "Coffee",
      options: [
        { name: "Milk", choices: [{ name: "None" }, { name: "Oat", priceMinor: 400, isAvailable: false }] },
        { name: "Size", min: 1, choices: [{ name: "Small" }] },
      ],
    });
    const { status, body } = await campus.api("GET", `/menu/items/${dish}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: dish,
      cafe_id: cafe.id,
      has_options: true,
      options: [
        {
          name: "Milk",
          is_required: false,
          min_choices: 0,
          max_choices: 1,
          choices: [
            { name: "None", price_minor: 0, is_available: true },
            { name: "Oat", price_minor: 400, is_available: false },
          ],
        },
        { name: "Size", is_required: true, min_choices: 1, max_choices: 1 },
      ],
    });
  });

  test("of a café that is unknown or not approved does not exist, nor do its items", async () => {
    const pending = await campus.cafe({ status: "pending" });
    const dish = await addDish(campus, pending);
    const paths = [
      `/menu/items?cafe_id=${randomUUID()}`,
      `/menu/items?cafe_id=${pending.id}`,
      `/menu/categories?cafe_id=${pending.id}`,
      `/menu/items/${dish}`,
      `/menu/items/${randomUUID()}`,
    ];
    for (const path of paths) {
      const answer = await campus.api("GET", path);
      expect([path, answer.status, codeOf(answer)]).toEqual([path, 404, "NOT_FOUND"]);
    }
  });

  test.each([
    ["no café", "/menu/items"],
    ["a café that is no id", "/menu/items?cafe_id=1"],
    ["a flag that is no flag", `/menu/items?cafe_id=${randomUUID()}&veg=perhaps`],
    ["a slot that cannot be one", `/menu/items?cafe_id=${randomUUID()}&time_slot=LUNCH!`],
    ["a search with a control character", `/menu/items?cafe_id=${randomUUID()}&search=a%00b`],
    ["an item that is no id", "/menu/items/1"],
  ])("refuses %s", async (_, path) => {
    const answer = await campus.api("GET", path);
    expect([answer.status, codeOf(answer)]).toEqual([400, "VALIDATION_ERROR"]);
  });

  test("refuses a cursor of an item that has left the list", async () => {
    const answer = await campus.api("GET", `/menu/items?cafe_id=${cafe.id}&cursor=${randomUUID()}`);
    expect([answer.status, codeOf(answer)]).toEqual([400, "VALIDATION_ERROR"]);
  });
});

describe("a search", () => {
  beforeEach(async () => {
    await addDish(campus, cafe, { name: "Räksmörgås" });
    await addDish(campus, cafe, { name: "Soup with shrimps" });
    await addDish(campus, cafe, { name: "100% rye bread" });
    await campus.sql`update menu_items set description = 'With räkor from the sea' where cafe_id = ${cafe.id} and name = 'Soup with shrimps'`;
    await until("the change shows", async () => JSON.stringify(await read()).includes("räkor"));
  });

  test.each([
    ["the beginning of a word, names first", "räk", ["Räksmörgås", "Soup with shrimps"]],
    ["without the dots", "RAK", ["Räksmörgås", "Soup with shrimps"]],
    ["a part of a long word", "smörgås", ["Räksmörgås"]],
    ["several words in any order", "shrim soup", ["Soup with shrimps"]],
    ["a sign alone", "%", ["100% rye bread"]],
    ["nothing that is there", "pizza", []],
  ])("finds by %s", async (_, text, found) => {
    expect(await names(`&search=${encodeURIComponent(text)}`)).toEqual(found);
  });

  test.each(["' | '", "a & | !", "soup:*' | 'x", "'; drop table menu_items; --", "\\", "(", "<->", "räk'); select 1 --", "²", "́", "*:*"])(
    "takes %j for text and never for an expression",
    async (text) => {
      const answer = await campus.api<Listed>("GET", `/menu/items?cafe_id=${cafe.id}&search=${encodeURIComponent(text)}`);
      expect(answer.status).toBe(200);
      expect(answer.body.items.length).toBeLessThan(3);
    },
  );

  test("finds nothing of another café", async () => {
    const other = await campus.cafe();
    await addDish(campus, other, { name: "Räkost" });
    expect(await names("&search=r%C3%A4kost")).toEqual([]);
  });
});

describe("the time slot of now", () => {
  const minutes = (atMs: number, timeZone: string) =>
    new Intl.DateTimeFormat("sv-SE", { timeZone, hour: "2-digit", minute: "2-digit" }).format(new Date(atMs));

  test("is the one that the café's own clock reads, and between slots everything can be had, as an order would have it", async () => {
    const hourMs = 3_600_000;
    const now = Date.now();
    for (const timeZone of ["Europe/Stockholm", "Asia/Kolkata"]) {
      cafe = await campus.cafe({ timeZone });
      await addDish(campus, cafe, { name: "Now", timeSlots: ["now_slot"] });
      await addDish(campus, cafe, { name: "Afterwards", timeSlots: ["next_slot"] });
      await addDish(campus, cafe, { name: "Always", timeSlots: [] });
      const slots = [
        { name: "now_slot", from: minutes(now - hourMs, timeZone), to: minutes(now + hourMs, timeZone) },
        { name: "next_slot", from: minutes(now + hourMs, timeZone), to: minutes(now + 2 * hourMs, timeZone) },
      ];
      await campus.sql`insert into settings (cafe_id, key, value) values (${cafe.id}, 'time_slots', ${JSON.stringify(slots)}::jsonb)`;
      expect(await names("&time_slot=now")).toEqual(["Always", "Now"]);
      await campus.sql`update settings set value = ${JSON.stringify(slots.slice(1))}::jsonb where cafe_id = ${cafe.id}`;
      await until("the setting shows", async () => (await names("&time_slot=now")).length === 3);
    }
  });

  test.each([
    ["Europe/Stockholm", "2026-03-29T05:00:00Z", "breakfast"],
    ["Europe/Stockholm", "2026-03-29T04:59:59Z", null],
    ["Europe/Stockholm", "2026-10-25T05:59:59Z", null],
    ["Europe/Stockholm", "2026-10-25T06:00:00Z", "breakfast"],
    ["Europe/Rome", "2026-10-25T11:00:00Z", "lunch"],
    ["Europe/Rome", "2026-03-29T20:00:00Z", null],
  ])("in %s at %s, around a day of 23 or 25 hours, is %s", async (timeZone, at, slot) => {
    const there = await campus.cafe({ timeZone });
    expect(await campus.sql`select slot_of(${there.id}, ${at}::timestamptz) as slot`).toEqual([{ slot }]);
  });
});

describe("the ETag", () => {
  test.each([
    ["the items", () => `/menu/items?cafe_id=${cafe.id}`],
    ["the categories", () => `/menu/categories?cafe_id=${cafe.id}`],
    ["one item", (dish: string) => `/menu/items/${dish}`],
  ])("of %s saves the bytes while nothing changes, and changes with the menu", async (_, pathOf) => {
    const dish = await addDish(campus, cafe, { options: [{ name: "Size", choices: [{ name: "Small" }] }] });
    const path = pathOf(dish);
    const first = await campus.api("GET", path);
    const etag = first.headers.get("etag") ?? "";
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    expect(first.headers.get("cache-control")).toBe("public, no-cache");
    const known = (tag: string, process: 0 | 1 = 0) => campus.api("GET", path, { headers: { "If-None-Match": tag }, process });
    const again = await known(`"other", W/${etag}`, 1);
    expect([again.status, again.text, again.headers.get("etag")]).toEqual([304, "", etag]);
    expect((await known('"other"')).status).toBe(200);
    await campus.sql`update menu_items set name = name || '!' where id = ${dish}`;
    await campus.sql`update categories set name = name || '!' where cafe_id = ${cafe.id}`;
    await until("the tag is another", async () => (await known(etag)).status === 200);
  });
});
