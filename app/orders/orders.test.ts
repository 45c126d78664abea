import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { addDish } from "../testing/menus.ts";
import type { TestCafe, TestStudent } from "../testing/people.ts";
import { codeOf } from "../testing/refusal.ts";
import { paymentMethods } from "./payment-methods.ts";

let campus: Campus;
let cafe: TestCafe;
let student: TestStudent;

beforeAll(async () => {
  campus = await startCampus();
  cafe = await campus.cafe();
  student = await campus.student();
});
afterAll(() => campus.end());

test("the code and the database know the same ways to pay", async () => {
  const [domain] = await campus.sql<{ check: string }>`
    select pg_get_constraintdef(oid) as check from pg_constraint where contypid = 'payment_method'::regtype`;
  expect([...(domain?.check ?? "").matchAll(/'(\w+)'::text/g)].map(([, method]) => method).toSorted()).toEqual(paymentMethods.toSorted());
  expect(await campus.sql`select payment_methods() as methods`).toEqual([{ methods: [...paymentMethods] }]);
});

interface OrderBody {
  readonly id: string;
  readonly order_number: string;
  readonly status: string;
  readonly total_minor: number;
  readonly version: number;
  readonly printed_number: string;
  readonly subtotal_minor: number;
  readonly delivery_charge_minor: number;
  readonly table_label: string | null;
  readonly items: readonly { readonly item_name: string; readonly item_price_minor: number }[];
}

interface Refusal {
  readonly error: { readonly code: string; readonly details: Record<string, unknown> };
}

const order = (dish: string, quantity = 1, more: object = {}) => ({ cafe_id: cafe.id, items: [{ menu_item_id: dish, quantity }], ...more });
const place = (body: object, as: TestStudent = student, headers: Record<string, string> = {}) =>
  as.api<{ order: OrderBody }>("POST", "/orders", { body, headers });
const set = (key: string, value: unknown, of = cafe.id) =>
  campus.sql`insert into settings (cafe_id, key, value) values (${of}, ${key}, ${JSON.stringify(value)})
    on conflict (cafe_id, key) do update set value = excluded.value`;
const movementsOf = (dish: string) =>
  campus.sql<{
    change: number;
    reason: string;
  }>`select change, reason from stock_movements where item_id = ${dish} and reason <> 'set' order by id`;
const stockOf = async (dish: string) => (await campus.sql<{ stock: number }>`select stock from menu_items where id = ${dish}`)[0]?.stock;

test("a student has fifty portions at a café that are not paid at most, whoever asks at once; what is cancelled makes room", async () => {
  const [own, elsewhere] = [await campus.student(), await campus.cafe()];
  const [dish, otherDish] = [await addDish(campus, cafe), await addDish(campus, elsewhere)];
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      own.api<{ order: OrderBody } & Refusal>("POST", "/orders", {
        body: order(dish, 20, { payment_method: "cash" }),
        process: (index % 2) as 0 | 1,
      }),
    ),
  );
  const placed = answers.filter(({ status }) => status === 201).map(({ body }) => body.order.id);
  expect(placed).toHaveLength(2);
  const refused = answers.filter(({ status }) => status !== 201);
  expect(refused.map(({ status, body }) => [status, body.error])).toEqual(
    refused.map(() => [409, { code: "UNPAID_LIMIT_REACHED", message: expect.any(String), details: { current: 40, max: 50 } }]),
  );
  const amend = (quantity: number) => own.api("PUT", `/orders/${placed[0]}`, { body: { items: [{ menu_item_id: dish, quantity }] } });
  expect(codeOf(await amend(31))).toBe("UNPAID_LIMIT_REACHED");
  expect((await amend(30)).status).toBe(200);
  expect(codeOf(await place(order(dish), own))).toBe("UNPAID_LIMIT_REACHED");
  expect((await place({ cafe_id: elsewhere.id, items: [{ menu_item_id: otherDish, quantity: 50 }] }, own)).status).toBe(201);
  expect((await own.api("POST", `/orders/${placed[1]}/cancel`)).status).toBe(200);
  expect((await place(order(dish, 20), own)).status).toBe(201);
  await set("max_unpaid_portions", 51);
  expect((await place(order(dish), own)).status).toBe(201);
  await campus.sql`delete from settings where cafe_id = ${cafe.id} and key = 'max_unpaid_portions'`;
});

describe("placing an order", () => {
  test("keeps names and prices as they were, whatever the menu says later", async () => {
    const dish = await addDish(campus, cafe, { name: "Pea soup", priceMinor: 4_500 });
    const placed = await place(order(dish, 2));
    await campus.sql`update menu_items set price_minor = 9900, name = 'Caviar' where id = ${dish}`;
    const read = await student.api<OrderBody>("GET", `/orders/${placed.body.order.id}`, { process: 1 });
    expect(placed.status).toBe(201);
    expect(read.body).toMatchObject({ total_minor: 9_000, version: 1, items: [{ item_name: "Pea soup", item_price_minor: 4_500 }] });
  });

  test("with the same key answers the same bytes and takes the stock once", async () => {
    const dish = await addDish(campus, cafe, { stock: 5 });
    const headers = { "Idempotency-Key": randomUUID() };
    const answers = await Promise.all([place(order(dish), student, headers), place(order(dish), student, headers)]);
    const replay = await place(order(dish), student, headers);
    const placed = answers.filter((answer) => answer.status === 201);
    expect(new Set([...placed, replay].map((answer) => answer.text)).size).toBe(1);
    expect(replay.headers.get("Idempotency-Hit")).toBe("true");
    expect(await stockOf(dish)).toBe(4);
    expect(codeOf(await place(order(dish, 2), student, headers))).toBe("IDEMPOTENCY_MISMATCH");
  });

  test("numbers a café's orders of a day without a gap, also when many come at once and some are refused", async () => {
    const own = await campus.cafe();
    const dish = await addDish(campus, own, { stock: 20 });
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        student.api<{ order: OrderBody }>("POST", "/orders", {
          body: { cafe_id: own.id, items: [{ menu_item_id: dish, quantity: 1 }] },
          process: index % 2 === 0 ? 0 : 1,
        }),
      ),
    );
    const sold = answers.filter((answer) => answer.status === 201).map((answer) => answer.body.order.order_number);
    expect(sold.map((number) => Number(number.slice(-3))).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    expect(sold[0]).toMatch(/^ORD-\d{8}-\d{3}$/);
    expect(answers.filter((answer) => answer.status === 409).map(codeOf)).toEqual(Array(20).fill("ITEM_UNAVAILABLE"));
    expect(await stockOf(dish)).toBe(0);
  });

  test.each([
    ["an empty basket", 400, "CART_EMPTY", async () => ({ cafe_id: cafe.id, items: [] })],
    ["a café that is not there", 404, "NOT_FOUND", async () => ({ ...order(await addDish(campus, cafe)), cafe_id: randomUUID() })],
    ["a dish of another café", 409, "ITEM_UNAVAILABLE", async () => order(await addDish(campus, await campus.cafe()))],
    ["a dish that is sold out", 409, "ITEM_UNAVAILABLE", async () => order(await addDish(campus, cafe, { isSoldOut: true }))],
    ["more than there is", 409, "ITEM_UNAVAILABLE", async () => order(await addDish(campus, cafe, { stock: 1 }), 2)],
    [
      "a delivery without an address",
      400,
      "VALIDATION_ERROR",
      async () => order(await addDish(campus, cafe), 1, { order_type: "delivery" }),
    ],
    ["a table without saying which", 400, "VALIDATION_ERROR", async () => order(await addDish(campus, cafe), 1, { order_type: "table" })],
    [
      "a table that is not there",
      404,
      "NOT_FOUND",
      async () => order(await addDish(campus, cafe), 1, { order_type: "table", table_code: "abcdefgh" }),
    ],
    [
      "a time that no slot begins at",
      400,
      "VALIDATION_ERROR",
      async () => order(await addDish(campus, cafe), 1, { scheduled_for: new Date(Date.now() + 3_601_000).toISOString() }),
    ],
    [
      "a text that the database cannot hold",
      400,
      "VALIDATION_ERROR",
      async () => order(await addDish(campus, cafe), 1, { special_instructions: "no\u0000onions" }),
    ],
    ["a field that nobody knows", 400, "VALIDATION_ERROR", async () => order(await addDish(campus, cafe), 1, { discount: 100 })],
  ])("refuses %s", async (_, status, code, body) => {
    const answer = await place(await body());
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
  });

  test("costs a billion minor units at most, so that the sum of all stays a number", async () => {
    const large = await campus.cafe();
    await campus.sql`insert into settings (cafe_id, key, value) values (${large.id}, 'max_unpaid_portions', '1000')`;
    const dish = await addDish(campus, large, { priceMinor: 10_000_000 });
    const lines = (count: number) => ({
      ...order(dish),
      cafe_id: large.id,
      items: Array.from({ length: count }, () => ({ menu_item_id: dish, quantity: 50 })),
    });
    expect(await place(lines(3))).toMatchObject({
      status: 400,
      body: {
        error: { code: "VALIDATION_ERROR", details: { fields: [{ field: "items", problem: expect.stringContaining("1000000000") }] } },
      },
    });
    const placed = (await place(lines(2))).body.order;
    expect(placed.total_minor).toBe(1_000_000_000);
    const amended = await student.api("PUT", `/orders/${placed.id}`, { body: { items: lines(3).items } });
    expect(codeOf(amended)).toBe("VALIDATION_ERROR");
  });

  test("refuses a café that is not approved, and whoever is not a student", async () => {
    const pending = await campus.cafe({ status: "pending" });
    const answer = await place({ cafe_id: pending.id, items: [{ menu_item_id: await addDish(campus, pending), quantity: 1 }] });
    expect([answer.status, codeOf(answer)]).toEqual([409, "RESTAURANT_CLOSED"]);
    const owner = await campus.staff("owner", cafe);
    expect(codeOf(await owner.api("POST", "/orders", { body: order(await addDish(campus, cafe)) }))).toBe("INSUFFICIENT_ROLE");
  });
});

interface Options {
  readonly size: { readonly small: string; readonly large: string };
  readonly extras: { readonly cream: string; readonly syrup: string };
}

/** A size that must be chosen, and up to two extras. */
async function addOptions(dish: string): Promise<Options> {
  const [size] = await campus.sql<{ id: string }>`
    insert into menu_option_groups (item_id, name, is_required, min_choices, max_choices) values (${dish}, 'Size', true, 1, 1) returning id`;
  const [extras] = await campus.sql<{ id: string }>`
    insert into menu_option_groups (item_id, name, max_choices, display_order) values (${dish}, 'Extras', 2, 1) returning id`;
  const choice = async (group: { id: string } | undefined, name: string, priceMinor: number) =>
    (
      await campus.sql<{ id: string }>`
        insert into menu_option_choices (group_id, name, price_minor) values (${group?.id}, ${name}, ${priceMinor}) returning id`
    )[0]?.id ?? "";
  return {
    size: { small: await choice(size, "Small", 0), large: await choice(size, "Large", 1_000) },
    extras: { cream: await choice(extras, "Cream", 500), syrup: await choice(extras, "Syrup", 300) },
  };
}

describe("options of a dish", () => {
  const chosen = (dish: string, choiceIds: readonly string[], quantity = 1) => ({
    cafe_id: cafe.id,
    items: [{ menu_item_id: dish, quantity, choice_ids: choiceIds }],
  });

  test("are priced and kept by name and price, whatever the menu says later", async () => {
    const dish = await addDish(campus, cafe, { name: "Cocoa", priceMinor: 3_000 });
    const { size, extras } = await addOptions(dish);
    const placed = await place(chosen(dish, [extras.cream, size.large], 2));
    await campus.sql`update menu_option_choices set price_minor = 9999, name = 'Gold' where id = ${extras.cream}`;
    const read = await student.api("GET", `/orders/${placed.body.order.id}`);
    expect(read.body).toMatchObject({
      total_minor: 9_000,
      items: [
        {
          item_price_minor: 4_500,
          line_total_minor: 9_000,
          options: [
            { choice_id: size.large, group_name: "Size", name: "Large", price_minor: 1_000 },
            { choice_id: extras.cream, group_name: "Extras", name: "Cream", price_minor: 500 },
          ],
        },
      ],
    });
  });

  test("must fit their groups: what is missing, too much or of another dish is refused by name", async () => {
    const [dish, other] = [await addDish(campus, cafe), await addDish(campus, cafe)];
    const [options, others] = [await addOptions(dish), await addOptions(other)];
    const refused = async (choiceIds: readonly string[]) => {
      const answer = await place(chosen(dish, choiceIds));
      return [answer.status, codeOf(answer), (answer.body as unknown as Refusal).error.details.fields];
    };
    expect(await refused([])).toEqual([400, "VALIDATION_ERROR", [{ field: "items.0.choice_ids", problem: 'of "Size" choose 1' }]]);
    expect((await refused([options.size.small, options.size.large]))[0]).toBe(400);
    expect((await refused([options.size.small, others.extras.cream]))[0]).toBe(400);
    expect((await refused([options.size.small, options.size.small]))[0]).toBe(400);
    await campus.sql`update menu_option_choices set is_available = false where id = ${options.size.small}`;
    expect((await refused([options.size.small])).slice(0, 2)).toEqual([409, "ITEM_UNAVAILABLE"]);
    expect((await place(chosen(dish, [options.size.large, options.extras.cream, options.extras.syrup]))).status).toBe(201);
  });
});

describe("how an order is got and paid", () => {
  test("a delivery costs what the café set, to the address that was given", async () => {
    const own = await campus.cafe();
    await set("delivery_charge", 3_900, own.id);
    const dish = await addDish(campus, own, { priceMinor: 10_000 });
    const body = {
      cafe_id: own.id,
      items: [{ menu_item_id: dish, quantity: 1 }],
      order_type: "delivery",
      delivery_address: "Dorm 4, room 12",
    };
    const placed = await place(body);
    expect(placed.body.order).toMatchObject({ delivery_charge_minor: 3_900, total_minor: 13_900, delivery_address: "Dorm 4, room 12" });
    await set("delivery_enabled", false, own.id);
    const refused = await place(body);
    expect([refused.status, codeOf(refused)]).toEqual([409, "METHOD_UNAVAILABLE"]);
    expect((await place({ ...body, order_type: "pickup" })).status).toBe(400);
  });

  test("an order to a table names it by id or by code, of this café and in use", async () => {
    const tables = await campus.sql<{ id: string }>`
      insert into cafe_tables (cafe_id, code, label) values (${cafe.id}, 'window07', 'Window 7'), (${(await campus.cafe()).id}, 'elsewher', 'Far') returning id`;
    const dish = await addDish(campus, cafe);
    const at = (table: object) => place(order(dish, 1, { order_type: "table", ...table }));
    expect((await at({ table_code: "window07" })).body.order.table_label).toBe("Window 7");
    expect((await at({ table_id: tables[0]?.id })).body.order.table_label).toBe("Window 7");
    expect((await at({ table_id: tables[1]?.id })).status).toBe(404);
    expect((await at({ table_id: tables[0]?.id, table_code: "window07" })).status).toBe(400);
    await campus.sql`update cafe_tables set is_active = false where id = ${tables[0]?.id}`;
    expect((await at({ table_code: "window07" })).status).toBe(404);
  });

  test("cash is taken where the café takes it, and the printed number has the café's code", async () => {
    const own = await campus.cafe();
    const body = { cafe_id: own.id, items: [{ menu_item_id: await addDish(campus, own), quantity: 1 }], payment_method: "cash" };
    const { order: placed } = (await place(body)).body;
    expect(placed.printed_number).toBe(`${own.code}-${placed.order_number}`);
    await set("cash_payment_enabled", false, own.id);
    expect(codeOf(await place(body))).toBe("METHOD_UNAVAILABLE");
  });

  test("an upi order answers with what the gateway is to collect, the same bytes to the same key", async () => {
    const body = order(await addDish(campus, cafe, { priceMinor: 7_000 }), 1, { payment_method: "upi" });
    const headers = { "Idempotency-Key": randomUUID() };
    const placed = await place(body, student, headers);
    expect([placed.status, placed.body]).toMatchObject([
      201,
      {
        order: { total_minor: 7_000, payment_status: "pending" },
        payment: { gateway_order_id: expect.any(String), amount: 7_000, currency: "SEK" },
      },
    ]);
    expect((await place(body, student, headers)).text).toBe(placed.text);
    await set("upi_payment_enabled", false);
    expect(codeOf(await place(body))).toBe("METHOD_UNAVAILABLE");
    await set("upi_payment_enabled", true);
  });

  test("a café that is switched off, paused or closed by its hours takes no order", async () => {
    const own = await campus.cafe();
    const body = { cafe_id: own.id, items: [{ menu_item_id: await addDish(campus, own), quantity: 1 }] };
    const answered = async () => {
      const answer = await place(body);
      return answer.status === 201 ? "placed" : codeOf(answer);
    };
    await set("restaurant_open", false, own.id);
    expect(await answered()).toBe("RESTAURANT_CLOSED");
    await set("restaurant_open", true, own.id);
    expect(await answered()).toBe("placed");
    await campus.sql`update cafes set paused_until = now() + interval '1 minute' where id = ${own.id}`;
    expect(await answered()).toBe("RESTAURANT_CLOSED");
    await campus.sql`update cafes set paused_until = null, opening_hours = '{}' where id = ${own.id}`;
    expect(await answered()).toBe("RESTAURANT_CLOSED");
  });

  test("takes one round trip to the database, its Idempotency-Key included", async () => {
    const dish = await addDish(campus, cafe, { stock: 100 });
    await place(order(dish));
    const query = vi.spyOn(pg.Client.prototype, "query");
    const counts: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      query.mockClear();
      const answer = await place(order(dish), student, { "Idempotency-Key": randomUUID() });
      expect(answer.status).toBe(201);
      counts.push(query.mock.calls.length);
    }
    query.mockRestore();
    // What else the processes ask now and then can only add to a count.
    expect(Math.min(...counts)).toBe(1);
  });
});

describe("ordering once more", () => {
  test("gives the same dishes and options at today's prices", async () => {
    const dish = await addDish(campus, cafe, { priceMinor: 2_000 });
    const { size } = await addOptions(dish);
    const first = await place({
      cafe_id: cafe.id,
      items: [{ menu_item_id: dish, quantity: 2, choice_ids: [size.large] }],
      payment_method: "cash",
    });
    await campus.sql`update menu_items set price_minor = 2500 where id = ${dish}`;
    const headers = { "Idempotency-Key": randomUUID() };
    const again = await student.api<{ order: OrderBody }>("POST", `/orders/${first.body.order.id}/reorder`, { body: {}, headers });
    expect(again.status).toBe(201);
    expect(again.body.order).toMatchObject({ total_minor: 7_000, payment_method: "cash" });
    expect(again.body.order.id).not.toBe(first.body.order.id);
    expect((await student.api("POST", `/orders/${first.body.order.id}/reorder`, { body: {}, headers })).text).toBe(again.text);
  });

  test("names what is not to be had, and leaves it out only when asked to", async () => {
    const [soup, cake] = [await addDish(campus, cafe, { name: "Soup" }), await addDish(campus, cafe, { name: "Cake", priceMinor: 3_000 })];
    const first = await place({ cafe_id: cafe.id, items: [soup, cake].map((id) => ({ menu_item_id: id, quantity: 1 })) });
    await campus.sql`update menu_items set is_sold_out = true where id = ${soup}`;
    const path = `/orders/${first.body.order.id}/reorder`;
    const refused = await student.api("POST", path, { body: {} });
    expect([refused.status, codeOf(refused)]).toEqual([409, "ITEM_UNAVAILABLE"]);
    expect((refused.body as Refusal).error.details).toMatchObject({ items: [{ menu_item_id: soup, item_name: "Soup" }] });
    const rest = await student.api<{ order: OrderBody }>("POST", path, { body: { without_unavailable: true } });
    expect(rest.body.order).toMatchObject({ total_minor: 3_000, items: [{ item_name: "Cake" }] });
    await campus.sql`update menu_items set deleted_at = now() where id = ${cake}`;
    expect((await student.api("POST", path, { body: { without_unavailable: true } })).status).toBe(409);
    expect((await (await campus.student()).api("POST", path, { body: {} })).status).toBe(404);
  });
});

describe("an order afterwards", () => {
  test("can be changed while it is new and unpaid: the version rises and the stock follows", async () => {
    const [soup, cake] = [await addDish(campus, cafe, { stock: 5 }), await addDish(campus, cafe, { stock: 5, priceMinor: 3_000 })];
    const placed = await place(order(soup, 3));
    const path = `/orders/${placed.body.order.id}`;
    const changed = await student.api<OrderBody>("PUT", path, { body: { items: [{ menu_item_id: cake, quantity: 2 }] } });
    expect(changed.body).toMatchObject({ version: 2, total_minor: 6_000 });
    expect([await stockOf(soup), await stockOf(cake)]).toEqual([5, 3]);
    expect(codeOf(await student.api("PUT", path, { body: { items: [] } }))).toBe("CART_EMPTY");
    expect(codeOf(await student.api("PUT", path, { body: { items: [{ menu_item_id: randomUUID(), quantity: 1 }] } }))).toBe(
      "ITEM_UNAVAILABLE",
    );
    expect([await stockOf(soup), await stockOf(cake)]).toEqual([5, 3]);
    expect(await movementsOf(soup)).toMatchObject([
      { change: -3, reason: "ordered" },
      { change: 3, reason: "order_changed" },
    ]);
    expect(await movementsOf(cake)).toMatchObject([{ change: -2, reason: "order_changed" }]);
  });

  test("is cancelled once, gives its stock back once, and cannot be changed then", async () => {
    const dish = await addDish(campus, cafe, { stock: 5 });
    const placed = await place(order(dish, 2));
    const path = `/orders/${placed.body.order.id}`;
    const answers = await Promise.all([student.api("POST", `${path}/cancel`), student.api("POST", `${path}/cancel`, { process: 1 })]);
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 409]);
    expect(await stockOf(dish)).toBe(5);
    expect((await movementsOf(dish)).map(({ change, reason }) => [change, reason])).toEqual([
      [-2, "ordered"],
      [2, "order_cancelled"],
    ]);
    expect((await student.api("GET", `${path}/status`)).body).toMatchObject({ status: "cancelled", payment_status: "pending" });
    expect(codeOf(await student.api("PUT", path, { body: { items: [{ menu_item_id: dish, quantity: 1 }] } }))).toBe("INVALID_TRANSITION");
  });

  test("tells a phone that polls where it stands as the order itself does, and nothing else", async () => {
    const path = `/orders/${(await place(order(await addDish(campus, cafe)))).body.order.id}`;
    const { status, payment_status, estimated_ready_time, updated_at } = (await student.api<Record<string, unknown>>("GET", path)).body;
    expect((await student.api("GET", `${path}/status`)).text).toBe(
      JSON.stringify({ status, payment_status, estimated_ready_time, updated_at }),
    );
  });

  test("stays the student's own: to another it does not exist", async () => {
    const placed = await place(order(await addDish(campus, cafe)));
    const other = await campus.student();
    const path = `/orders/${placed.body.order.id}`;
    const tries = await Promise.all([
      other.api("GET", path),
      other.api("GET", `${path}/status`),
      other.api("POST", `${path}/cancel`),
      other.api("PUT", path, { body: { items: [{ menu_item_id: await addDish(campus, cafe), quantity: 1 }] } }),
    ]);
    expect(tries.map((answer) => answer.status)).toEqual([404, 404, 404, 404]);
  });

  test("is listed newest first, page by page, without one missing", async () => {
    const reader = await campus.student();
    const dish = await addDish(campus, cafe);
    const placed: string[] = [];
    for (let index = 0; index < 5; index += 1) placed.unshift((await place(order(dish), reader)).body.order.id);
    const listed: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const query: string = cursor === "" ? "" : `&cursor=${cursor}`;
      const page: { body: { items: OrderBody[]; next_cursor: string | null } } = await reader.api("GET", `/orders?limit=2${query}`);
      listed.push(...page.body.items.map((item) => item.id));
      cursor = page.body.next_cursor;
    }
    expect(listed).toEqual(placed);
  });
});

describe("the menu", () => {
  test("shows what can be had, finds by a part of a name, and takes no pattern for it", async () => {
    const own = await campus.cafe();
    await addDish(campus, own, { name: "100% rye bread" });
    await addDish(campus, own, { name: "Cinnamon bun", stock: 0 });
    const all = await campus.api<{ items: { name: string; is_available: boolean }[] }>("GET", `/menu/items?cafe_id=${own.id}`);
    const found = await campus.api<{ items: { name: string }[] }>("GET", `/menu/items?cafe_id=${own.id}&search=${encodeURIComponent("%")}`);
    expect(all.body.items.map((item) => [item.name, item.is_available])).toEqual([
      ["100% rye bread", true],
      ["Cinnamon bun", false],
    ]);
    expect(found.body.items.map((item) => item.name)).toEqual(["100% rye bread"]);
    expect((await campus.api("GET", `/menu/items?cafe_id=${randomUUID()}`)).status).toBe(404);
  });
});

test("one student places so many orders in ten minutes, also by ordering the same again: nobody takes a café's portions or its kitchen alone", async () => {
  const small = await startCampus({ env: { RATE_LIMIT_SCALE: "1", RATE_ORDERS_PER_10_MINUTES: "4" } });
  const [there, eager, other] = [await small.cafe(), await small.student(), await small.student()];
  const body = { cafe_id: there.id, items: [{ menu_item_id: await addDish(small, there), quantity: 1 }] };
  const first = await eager.api<{ order: { id: string } }>("POST", "/orders", { body });
  const again = () => eager.api("POST", `/orders/${first.body.order.id}/reorder`, { body: {} });
  const statuses: number[] = [];
  // Two windows hold eight at most.
  for (let turn = 0; turn < 9; turn += 1) statuses.push((await (turn % 2 ? again() : eager.api("POST", "/orders", { body }))).status);
  expect(statuses[0]).toBe(201);
  expect(statuses).toContain(429);
  expect((await other.api("POST", "/orders", { body })).status).toBe(201);
  await small.end();
});
