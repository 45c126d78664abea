import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ErrorBody } from "../platform/errors.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { addDish } from "../testing/menus.ts";
import { expectOk } from "../testing/money.ts";
import type { TestCafe, TestStaff } from "../testing/people.ts";
import { until } from "../testing/platform.ts";
import { outcome } from "../testing/refusal.ts";
import { maxChoicesOfMenu } from "./limits.ts";

interface ItemBody {
  readonly id: string;
  readonly name: string;
  readonly stock: number | null;
  readonly is_low_stock: boolean;
  readonly options: { id: string; name: string; choices: { id: string; name: string }[] }[];
}

let campus: Campus;
let cafe: TestCafe;
let owner: TestStaff;
let kitchen: TestStaff;
let category: string;

beforeAll(async () => {
  campus = await startCampus();
});
beforeEach(async () => {
  cafe = await campus.cafe();
  [owner, kitchen] = await Promise.all([campus.staff("owner", cafe), campus.staff("kitchen", cafe)]);
  category = (await addCategory("Lunch")).body.id;
});
afterAll(() => campus.end());

const addCategory = (name: string, more: Record<string, unknown> = {}) =>
  owner.api<{ id: string }>("POST", "/admin/menu/categories", { body: { name, ...more } });
const addItem = (more: Record<string, unknown> = {}, by = owner) =>
  by.api<ItemBody>("POST", "/admin/menu/items", { body: { category_id: category, name: "Soup", price_minor: 5_900, ...more } });
const auditOf = (objectId: string) =>
  campus.sql<{ action: string; actorId: string; cafeId: string }>`
    select action, actor_id, cafe_id from audit_log where object_id = ${objectId} order by id`;

const size = { name: "Size", is_required: true, choices: [{ name: "Small" }, { name: "Large", price_minor: 1_000 }] };
const extras = { name: "Extras", max_choices: 2, choices: [{ name: "Bread", price_minor: 500 }] };

describe("a category", () => {
  test("is added, changed, listed and removed by the owner, and each is audited", async () => {
    const added = await addCategory("Fika", { display_order: -1 });
    expect([added.status, added.body]).toEqual([
      201,
      { id: expect.any(String), name: "Fika", display_order: -1, is_active: true, image: null, item_count: 0 },
    ]);
    const path = `/admin/menu/categories/${added.body.id}`;
    const changed = await owner.api("PUT", path, { body: { is_active: false } });
    expect([changed.status, changed.body]).toEqual([200, { ...added.body, is_active: false }]);
    const listed = await owner.api<{ items: { name: string }[]; total: number }>("GET", "/admin/menu/categories");
    expect([listed.body.items.map((item) => item.name), listed.body.total]).toEqual([["Fika", "Lunch"], 2]);
    expect((await owner.api("DELETE", path)).status).toBe(204);
    expect(outcome(await owner.api("DELETE", path))).toEqual([404, "NOT_FOUND"]);
    const trail = await auditOf(added.body.id);
    expect(trail.map((line) => line.action)).toEqual(["category.added", "category.changed", "category.removed"]);
    expect(trail[0]).toMatchObject({ actorId: owner.id, cafeId: cafe.id });
  });

  test("has a name of its own in the café, and may share it with another café's", async () => {
    expect(outcome(await addCategory("Lunch"))).toEqual([409, "CONFLICT"]);
    const other = await addCategory("Dinner");
    expect(outcome(await owner.api("PUT", `/admin/menu/categories/${other.body.id}`, { body: { name: "Lunch" } }))).toEqual([
      409,
      "CONFLICT",
    ]);
    const elsewhere = await campus.staff("owner", await campus.cafe());
    expect((await elsewhere.api("POST", "/admin/menu/categories", { body: { name: "Lunch" } })).status).toBe(201);
  });

  test("with items on the menu is not removed; once they are gone it is, and its name is free again", async () => {
    const item = await addItem();
    const path = `/admin/menu/categories/${category}`;
    const refused = await owner.api<ErrorBody>("DELETE", path);
    expect([...outcome(refused), refused.body.error.details]).toEqual([409, "CONFLICT", { items: 1 }]);
    expect((await owner.api("DELETE", `/admin/menu/items/${item.body.id}`)).status).toBe(204);
    expect((await owner.api("DELETE", path)).status).toBe(204);
    expect((await addCategory("Lunch")).status).toBe(201);
  });

  test("is removed or gets an item, never both at once", async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      const spare = (await addCategory(`Spare ${turn}`)).body.id;
      const [added, removed] = await Promise.all([
        addItem({ category_id: spare, name: `Item ${turn}` }),
        owner.api("DELETE", `/admin/menu/categories/${spare}`, { process: 1 }),
      ]);
      expect([
        [201, 409],
        [404, 204],
      ]).toContainEqual([added.status, removed.status]);
    }
  });

  test("added twice with one Idempotency-Key is one category", async () => {
    const headers = { "Idempotency-Key": randomUUID() };
    const add = () => owner.api("POST", "/admin/menu/categories", { body: { name: "Once" }, headers });
    const first = await add();
    const second = await add();
    expect([first.status, second.status, second.text]).toEqual([201, 201, first.text]);
  });
});

describe("a whole menu", () => {
  const groups = (count: number) =>
    Array.from({ length: count }, (_, group) => ({
      name: `Group ${group}`,
      choices: Array.from({ length: 25 }, (_, choice) => ({ name: `Choice ${choice}` })),
    }));
  /** Up to 100 choices below what a menu may have, in dishes of 200 each. */
  const fill = async () => {
    const choices = Array.from({ length: 20 }, (_, place) => ({ name: `${place}` }));
    const options = Array.from({ length: 10 }, (_, place) => ({ name: `${place}`, choices }));
    const dishes = Array.from({ length: maxChoicesOfMenu / 200 - 1 }, (_, place) =>
      addDish(campus, cafe, { name: `Dish ${place}`, options }),
    );
    await Promise.all(dishes);
    return expectOk(await addItem({ options: groups(4) })).id;
  };

  test("has a limit of choices over all its items, also where they are written at once, and says it where they are written", async () => {
    const item = await fill();
    const answers = await Promise.all([0, 1, 2].map((n) => addItem({ name: `Last ${n}`, options: groups(4) })));
    expect(answers.map(outcome).toSorted()).toEqual([
      [201, undefined],
      [409, "CONFLICT"],
      [409, "CONFLICT"],
    ]);
    const change = (options: object) => owner.api<ErrorBody>("PUT", `/admin/menu/items/${item}`, { body: { options } });
    const refused = await change(groups(5));
    expect(refused.body.error).toMatchObject({
      code: "CONFLICT",
      details: { because: "too_many_choices", current: maxChoicesOfMenu + 25, max: maxChoicesOfMenu },
    });
    expect((await change(groups(3))).status).toBe(200);
    expect((await addItem({ name: "Without options" })).status).toBe(201);
  });
});

describe("an item", () => {
  test("is added with everything it has, and shown so to its café and to the public", async () => {
    const input = {
      description: "Good\nand warm",
      vat_basis_points: 600,
      is_veg: true,
      allergens: ["milk", "gluten"],
      time_slots: ["lunch"],
      display_order: 3,
      stock: 4,
      low_stock_at: 5,
      options: [size, extras],
    };
    const added = await addItem(input);
    expect(added.status).toBe(201);
    const { options: _, stock, low_stock_at, display_order: __, ...shown } = input;
    const seen = { ...shown, name: "Soup", price_minor: 5_900, currency: "SEK", is_available: true, has_options: true, image: null };
    expect(added.body).toMatchObject({ ...seen, stock, low_stock_at, is_low_stock: true, is_sold_out: false });
    expect(added.body.options).toMatchObject([
      {
        name: "Size",
        is_required: true,
        min_choices: 1,
        max_choices: 1,
        choices: [{ name: "Small" }, { name: "Large", price_minor: 1_000 }],
      },
      { name: "Extras", is_required: false, min_choices: 0, max_choices: 2 },
    ]);
    expect((await owner.api("GET", `/admin/menu/items/${added.body.id}`, { process: 1 })).body).toEqual(added.body);
    const open = await campus.api("GET", `/menu/items/${added.body.id}`);
    expect(open.body).toMatchObject({ ...seen, options: added.body.options });
    expect(open.text).not.toContain("stock");
  });

  test("keeps what a change leaves out, can be cleared where it may be empty, and is audited", async () => {
    const { body: item } = await addItem({ description: "Good", low_stock_at: 2, allergens: ["fish"] });
    const path = `/admin/menu/items/${item.id}`;
    const changed = await owner.api("PUT", path, { body: { price_minor: 6_100, description: null } });
    expect(changed.body).toMatchObject({ ...item, price_minor: 6_100, description: null, updated_at: expect.any(String) });
    expect((await owner.api("PUT", path, { body: { low_stock_at: null, allergens: [] } })).body).toMatchObject({
      low_stock_at: null,
      allergens: [],
      price_minor: 6_100,
    });
    expect((await auditOf(item.id)).map((line) => line.action)).toEqual(["menu_item.added", "menu_item.changed", "menu_item.changed"]);
  });

  test("is not changed by a body that is no object, nor is a category", async () => {
    const { body: item } = await addItem();
    for (const path of [`/admin/menu/items/${item.id}`, `/admin/menu/categories/${category}`])
      expect(outcome(await owner.api("PUT", path, { body: "text" }))).toEqual([400, "VALIDATION_ERROR"]);
  });

  test("has its options replaced: what keeps its id stays the same, names may be swapped, the rest goes", async () => {
    const { body: item } = await addItem({ options: [size, extras] });
    const [first, second] = item.options;
    const options = [
      { ...extras, id: second?.id, name: "Size", choices: [{ id: second?.choices[0]?.id, name: "Butter" }, { name: "Jam" }] },
      { ...size, id: first?.id, name: "Extras", choices: [{ id: first?.choices[1]?.id, name: "Small" }] },
    ];
    const changed = await owner.api<ItemBody>("PUT", `/admin/menu/items/${item.id}`, { body: { options } });
    expect(changed.status).toBe(200);
    expect(changed.body.options).toMatchObject([
      { id: second?.id, name: "Size", choices: [{ id: second?.choices[0]?.id, name: "Butter" }, { name: "Jam" }] },
      { id: first?.id, name: "Extras", choices: [{ id: first?.choices[1]?.id, name: "Small" }] },
    ]);
    const emptied = await owner.api<ItemBody>("PUT", `/admin/menu/items/${item.id}`, { body: { options: [] } });
    expect(emptied.body.options).toEqual([]);
  });

  test("cannot take over an option of another item", async () => {
    const [victim, thief] = [(await addItem({ options: [size] })).body, (await addItem({ name: "Other" })).body];
    const stolenGroup = [{ ...size, id: victim.options[0]?.id }];
    const stolenChoice = [{ ...size, choices: [{ id: victim.options[0]?.choices[0]?.id, name: "Mine" }] }];
    for (const options of [stolenGroup, stolenChoice])
      expect(outcome(await owner.api("PUT", `/admin/menu/items/${thief.id}`, { body: { options } }))).toEqual([400, "VALIDATION_ERROR"]);
    expect((await owner.api("GET", `/admin/menu/items/${victim.id}`)).body).toEqual(victim);
  });

  test("leaves the menu for good when it is removed, and stays in the orders that name it", async () => {
    const { body: item } = await addItem();
    expect((await owner.api("DELETE", `/admin/menu/items/${item.id}`)).status).toBe(204);
    expect(outcome(await owner.api("DELETE", `/admin/menu/items/${item.id}`))).toEqual([404, "NOT_FOUND"]);
    expect(outcome(await owner.api("GET", `/admin/menu/items/${item.id}`))).toEqual([404, "NOT_FOUND"]);
    expect(await campus.sql`select name from menu_items where id = ${item.id}`).toEqual([{ name: "Soup" }]);
  });

  test("is listed in the order of the menu, page by page, by category and by low stock", async () => {
    const sweets = (await addCategory("Sweets", { display_order: -1 })).body.id;
    await addItem({ name: "B" });
    await addItem({ name: "A", stock: 1, low_stock_at: 1 });
    await addItem({ name: "C", category_id: sweets, stock: 2, low_stock_at: 1 });
    const list = async (query: string) =>
      (await owner.api<{ items: ItemBody[]; next_cursor: string | null }>("GET", `/admin/menu/items?${query}`)).body;
    const first = await list("limit=2");
    const second = await list(`limit=2&cursor=${first.next_cursor}`);
    expect([...first.items, ...second.items].map((item) => item.name)).toEqual(["C", "A", "B"]);
    expect(second.next_cursor).toBeNull();
    expect((await list(`category_id=${sweets}`)).items.map((item) => item.name)).toEqual(["C"]);
    expect((await list("low_stock=true")).items.map((item) => item.name)).toEqual(["A"]);
  });

  test.each([
    ["no price", { price_minor: undefined }],
    ["a price of nothing", { price_minor: 0 }],
    ["a price in parts of an öre", { price_minor: 1.5 }],
    ["an allergen that the law does not know", { allergens: ["oats"] }],
    ["an allergen twice", { allergens: ["milk", "milk"] }],
    ["a VAT above all", { vat_basis_points: 10_001 }],
    ["a name of blanks", { name: "  " }],
    ["a stock below nothing", { stock: -1 }],
    ["a field that nobody knows", { colour: "red" }],
    ["a group without choices", { options: [{ name: "Size", choices: [] }] }],
    ["a choice that takes money off", { options: [{ name: "Size", choices: [{ name: "Small", price_minor: -1 }] }] }],
    ["more required than there is", { options: [{ ...size, is_required: undefined, min_choices: 3, max_choices: 3 }] }],
    ["at least more than at most", { options: [{ ...size, min_choices: 2, max_choices: 1 }] }],
    ["required and at least none", { options: [{ ...size, min_choices: 0 }] }],
    ["an option with an id on a new item", { options: [{ ...size, id: randomUUID() }] }],
  ])("is refused with %s", async (_, more) => {
    expect(outcome(await addItem(more))).toEqual([400, "VALIDATION_ERROR"]);
  });

  test.each([
    ["two groups of one name", { options: [size, size] }],
    ["two choices of one name", { options: [{ ...size, choices: [{ name: "Small" }, { name: "Small" }] }] }],
  ])("is refused with %s", async (_, more) => {
    expect(outcome(await addItem(more))).toEqual([409, "CONFLICT"]);
  });

  test("goes into a category of its own café alone", async () => {
    const elsewhere = await campus.staff("owner", await campus.cafe());
    const foreign = await elsewhere.api<{ id: string }>("POST", "/admin/menu/categories", { body: { name: "Theirs" } });
    const { body: item } = await addItem();
    expect(outcome(await addItem({ category_id: foreign.body.id }))).toEqual([404, "NOT_FOUND"]);
    expect(outcome(await owner.api("PUT", `/admin/menu/items/${item.id}`, { body: { category_id: foreign.body.id } }))).toEqual([
      404,
      "NOT_FOUND",
    ]);
  });
});

describe("the stock", () => {
  const patch = (id: string, body: unknown, process: 0 | 1 = 0) =>
    owner.api<ItemBody>("PATCH", `/admin/menu/items/${id}/stock`, { body, process });
  const sumOf = async (id: string) =>
    (await campus.sql<{ sum: number }>`select coalesce(sum(change), 0)::integer as sum from stock_movements where item_id = ${id}`)[0]?.sum;

  test("is set, added to and switched off, each with a movement that names who did it", async () => {
    const { body: item } = await addItem({ stock: 5 });
    expect((await patch(item.id, { add: 3 })).body.stock).toBe(8);
    expect((await patch(item.id, { set: 2, expected: 8 })).body.stock).toBe(2);
    expect((await patch(item.id, { set: 2 })).body.stock).toBe(2);
    expect((await patch(item.id, { set: null })).body.stock).toBeNull();
    const listed = await owner.api<{ items: Record<string, unknown>[] }>("GET", `/admin/menu/items/${item.id}/stock-movements`);
    expect(listed.body.items.map(({ change, reason, staff_id }) => [change, reason, staff_id])).toEqual([
      [-2, "set", owner.id],
      [-6, "set", owner.id],
      [3, "added", owner.id],
      [5, "set", owner.id],
    ]);
    const page = await owner.api<{ items: unknown[]; next_cursor: string }>("GET", `/admin/menu/items/${item.id}/stock-movements?limit=3`);
    const rest = await owner.api<{ items: unknown[] }>(
      "GET",
      `/admin/menu/items/${item.id}/stock-movements?limit=3&cursor=${page.body.next_cursor}`,
    );
    expect([...page.body.items, ...rest.body.items]).toEqual(listed.body.items);
  });

  test("loses nothing when forty people add at once, and its movements add up to it", async () => {
    const { body: item } = await addItem({ stock: 10 });
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => patch(item.id, { add: n % 2 === 0 ? 3 : -1 }, n % 2 === 0 ? 0 : 1)),
    );
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
    const [row] = await campus.sql<{ stock: number }>`select stock from menu_items where id = ${item.id}`;
    expect([row?.stock, await sumOf(item.id)]).toEqual([50, 50]);
  });

  test("is not set over a sale that nobody saw", async () => {
    const { body: item } = await addItem({ stock: 5 });
    await campus.sql`update menu_items set stock = 4 where id = ${item.id}`;
    const refused = await patch(item.id, { set: 20, expected: 5 });
    expect([...outcome(refused), (refused.body as unknown as ErrorBody).error.details]).toEqual([409, "CONFLICT", { stock: 4 }]);
  });

  test("never falls below nothing, and what is not counted is not added to", async () => {
    const [counted, uncounted] = [(await addItem({ stock: 1 })).body, (await addItem({ name: "Free" })).body];
    expect(outcome(await patch(counted.id, { add: -2 }))).toEqual([409, "CONFLICT"]);
    expect(outcome(await patch(uncounted.id, { add: 2 }))).toEqual([409, "CONFLICT"]);
    expect(await sumOf(counted.id)).toBe(1);
  });

  test("added with one Idempotency-Key is added once", async () => {
    const { body: item } = await addItem({ stock: 1 });
    const headers = { "Idempotency-Key": randomUUID() };
    const add = () => owner.api<ItemBody>("PATCH", `/admin/menu/items/${item.id}/stock`, { body: { add: 5 }, headers });
    expect([(await add()).body.stock, (await add()).body.stock]).toEqual([6, 6]);
  });

  test.each([[{}], [{ set: 1, add: 1 }], [{ add: 0 }], [{ set: -1 }], [{ set: "1" }], [{ add: 1, expected: 1 }]])(
    "refuses %j",
    async (body) => {
      expect(outcome(await patch((await addItem()).body.id, body))).toEqual([400, "VALIDATION_ERROR"]);
    },
  );

  test("of nothing, and the switch, are shown to the public within a second", async () => {
    const { body: item } = await addItem({ stock: 1 });
    const isAvailable = async () => (await campus.api<{ is_available: boolean }>("GET", `/menu/items/${item.id}`)).body.is_available;
    expect(await isAvailable()).toBe(true);
    await patch(item.id, { set: 0 });
    await until("it cannot be had", async () => !(await isAvailable()));
    await patch(item.id, { add: 9 });
    await until("it can be had again", isAvailable);
    const path = `/admin/menu/items/${item.id}/sold-out`;
    expect((await kitchen.api("POST", path, { body: { is_sold_out: true } })).body).toMatchObject({
      is_sold_out: true,
      is_available: false,
      stock: 9,
    });
    await until("it is sold out", async () => !(await isAvailable()));
    expect((await owner.api("POST", path, { body: { is_sold_out: false } })).body).toMatchObject({
      is_sold_out: false,
      is_available: true,
    });
    expect((await auditOf(item.id)).map((line) => line.action).slice(-2)).toEqual(["menu_item.sold_out", "menu_item.back_on_sale"]);
  });
});

describe("whose menu it is", () => {
  const routesOf = (item: string, group: string): readonly (readonly [string, string, unknown])[] => [
    ["GET", "/admin/menu/categories", undefined],
    ["POST", "/admin/menu/categories", { name: "X" }],
    ["PUT", `/admin/menu/categories/${group}`, { name: "X" }],
    ["DELETE", `/admin/menu/categories/${group}`, undefined],
    ["GET", "/admin/menu/items", undefined],
    ["POST", "/admin/menu/items", { category_id: group, name: "X", price_minor: 1 }],
    ["GET", `/admin/menu/items/${item}`, undefined],
    ["PUT", `/admin/menu/items/${item}`, { name: "X" }],
    ["DELETE", `/admin/menu/items/${item}`, undefined],
    ["PATCH", `/admin/menu/items/${item}/stock`, { add: 1 }],
    ["GET", `/admin/menu/items/${item}/stock-movements`, undefined],
    ["POST", `/admin/menu/items/${item}/sold-out`, { is_sold_out: true }],
  ];

  test("is the owner's: cashier, kitchen, delivery, finance and students are refused, the kitchen but for its switch", async () => {
    const { body: item } = await addItem();
    const refused = await Promise.all([
      campus.staff("cashier", cafe),
      campus.staff("delivery", cafe),
      campus.staff("finance"),
      campus.student(),
      Promise.resolve(kitchen),
    ]);
    for (const someone of refused)
      for (const [method, path, body] of routesOf(item.id, category)) {
        if (someone === kitchen && path.endsWith("sold-out")) continue;
        const answer = await someone.api(method, path, { body });
        expect([method, path, ...outcome(answer)]).toEqual([method, path, 403, "INSUFFICIENT_ROLE"]);
      }
    expect((await campus.api("GET", "/admin/menu/items")).status).toBe(401);
  });

  test("is nobody else's: to another café's owner its items and categories do not exist", async () => {
    const { body: item } = await addItem({ stock: 1 });
    const stranger = await campus.staff("owner", await campus.cafe());
    for (const [method, path, body] of routesOf(item.id, category)) {
      const answer = await stranger.api(method, path, { body });
      expect([method, path, (await stranger.api(method, `${path}?cafe_id=${cafe.id}`, { body })).status]).toEqual([method, path, 403]);
      if (path.includes(item.id) || path.includes(category) || (method === "POST" && path.endsWith("/items")))
        expect([method, path, answer.status]).toEqual([method, path, 404]);
      expect(answer.text).not.toContain(item.id);
    }
    expect((await owner.api("GET", `/admin/menu/items/${item.id}`)).body).toEqual(item);
  });

  test("is the admin's too, who names the café", async () => {
    const admin = await campus.staff("admin");
    const dish = await addDish(campus, cafe, { name: "Stew" });
    expect((await admin.api("PUT", `/admin/menu/items/${dish}?cafe_id=${cafe.id}`, { body: { is_veg: true } })).status).toBe(200);
    expect(outcome(await admin.api("GET", "/admin/menu/items"))).toEqual([400, "VALIDATION_ERROR"]);
    expect(outcome(await admin.api("POST", `/admin/menu/categories?cafe_id=${randomUUID()}`, { body: { name: "X" } }))).toEqual([
      404,
      "NOT_FOUND",
    ]);
  });
});
