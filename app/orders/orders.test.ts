import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { addDish } from "../testing/menus.ts";
import type { TestCafe, TestStudent } from "../testing/people.ts";
import { orderStatuses, transitions } from "./transitions.ts";

let campus: Campus;
let cafe: TestCafe;
let student: TestStudent;

beforeAll(async () => {
  campus = await startCampus();
  cafe = await campus.cafe();
  student = await campus.student();
});
afterAll(() => campus.end());

interface OrderBody {
  readonly id: string;
  readonly order_number: string;
  readonly status: string;
  readonly total_minor: number;
  readonly version: number;
  readonly items: readonly { readonly item_name: string; readonly item_price_minor: number }[];
}

interface Refusal {
  readonly error: { readonly code: string; readonly details: Record<string, unknown> };
}

const order = (dish: string, quantity = 1, more: object = {}) => ({ cafe_id: cafe.id, items: [{ menu_item_id: dish, quantity }], ...more });
const place = (body: object, as: TestStudent = student, headers: Record<string, string> = {}) =>
  as.api<{ order: OrderBody }>("POST", "/orders", { body, headers });
const codeOf = (answer: { body: unknown }) => (answer.body as Refusal).error.code;
const stockOf = async (dish: string) => (await campus.sql<{ stock: number }>`select stock from menu_items where id = ${dish}`)[0]?.stock;

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
      "a way to pay that is not offered",
      409,
      "METHOD_UNAVAILABLE",
      async () => order(await addDish(campus, cafe), 1, { payment_method: "upi" }),
    ],
    [
      "a way to get it that is not offered",
      409,
      "METHOD_UNAVAILABLE",
      async () => order(await addDish(campus, cafe), 1, { order_type: "table" }),
    ],
    ["a field that nobody knows", 400, "VALIDATION_ERROR", async () => order(await addDish(campus, cafe), 1, { discount: 100 })],
  ])("refuses %s", async (_, status, code, body) => {
    const answer = await place(await body());
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
  });

  test("refuses a café that is not approved, and whoever is not a student", async () => {
    const pending = await campus.cafe({ status: "pending" });
    const answer = await place({ cafe_id: pending.id, items: [{ menu_item_id: await addDish(campus, pending), quantity: 1 }] });
    expect([answer.status, codeOf(answer)]).toEqual([409, "RESTAURANT_CLOSED"]);
    const owner = await campus.staff("owner", cafe);
    expect(codeOf(await owner.api("POST", "/orders", { body: order(await addDish(campus, cafe)) }))).toBe("INSUFFICIENT_ROLE");
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
  });

  test("is cancelled once, gives its stock back once, and cannot be changed then", async () => {
    const dish = await addDish(campus, cafe, { stock: 5 });
    const placed = await place(order(dish, 2));
    const path = `/orders/${placed.body.order.id}`;
    const answers = await Promise.all([student.api("POST", `${path}/cancel`), student.api("POST", `${path}/cancel`, { process: 1 })]);
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 409]);
    expect(await stockOf(dish)).toBe(5);
    expect((await student.api("GET", `${path}/status`)).body).toMatchObject({ status: "cancelled", payment_status: "pending" });
    expect(codeOf(await student.api("PUT", path, { body: { items: [{ menu_item_id: dish, quantity: 1 }] } }))).toBe("INVALID_TRANSITION");
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

describe("the table of how an order moves", () => {
  test("is the same in the code and in the database", async () => {
    const rows = await campus.sql<{ fromStatus: string; toStatus: string }>`select from_status, to_status from order_transitions`;
    const inDatabase = rows.map((row) => `${row.fromStatus} → ${row.toStatus}`).sort();
    expect(transitions.map(({ from, to }) => `${from} → ${to}`).sort()).toEqual(inDatabase);
    expect(new Set(transitions.flatMap(({ from, to }) => [from, to]))).toEqual(new Set(orderStatuses));
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
