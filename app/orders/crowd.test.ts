import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { addDish } from "../testing/menus.ts";
import type { TestCafe, TestStudent } from "../testing/people.ts";

let campus: Campus;
let students: readonly TestStudent[];

beforeAll(async () => {
  campus = await startCampus();
  students = await Promise.all(Array.from({ length: 200 }, () => campus.student()));
});
afterAll(() => campus.end());

interface Answered {
  readonly order?: { readonly order_number: string };
  readonly error?: { readonly code: string; readonly details: Record<string, unknown> };
}

/** All two hundred at once, over both processes. */
const everybodyOrders = (bodyOf: (index: number) => object) =>
  Promise.all(
    students.map((student, index) => student.api<Answered>("POST", "/orders", { body: bodyOf(index), process: index % 2 === 0 ? 0 : 1 })),
  );

async function expectNoGap(cafe: TestCafe, orders: number): Promise<void> {
  const rows = await campus.sql<{
    orderNumber: string;
  }>`select order_number from orders where cafe_id = ${cafe.id} order by length(order_number), order_number`;
  expect(rows.map(({ orderNumber }) => Number(orderNumber.slice(13)))).toEqual(Array.from({ length: orders }, (_, index) => index + 1));
}

test("of 200 orders at once for 50 portions exactly 50 are sold, numbered without a gap, and every movement is in the log", async () => {
  const cafe = await campus.cafe();
  const dish = await addDish(campus, cafe, { stock: 50 });
  const answers = await everybodyOrders(() => ({ cafe_id: cafe.id, items: [{ menu_item_id: dish, quantity: 1 }] }));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(50);
  expect(answers.filter(({ body }) => body.error?.code === "ITEM_UNAVAILABLE")).toHaveLength(150);
  await expectNoGap(cafe, 50);
  const [books] = await campus.sql<{ stock: number; taken: number; moved: number }>`
    select stock, (select sum(stock_taken)::integer from order_items where menu_item_id = m.id) as taken,
      (select sum(change)::integer from stock_movements where item_id = m.id and reason = 'ordered') as moved
    from menu_items m where id = ${dish}`;
  expect(books).toEqual({ stock: 0, taken: 50, moved: -50 });
});

test("of 200 orders at once for a slot of 50 exactly 50 get in, and the others are told how full it is", async () => {
  const cafe = await campus.cafe();
  const dish = await addDish(campus, cafe);
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  const slots = await campus.api<{ items: { starts_at: string; remaining: number }[] }>("GET", `/cafes/${cafe.id}/slots?date=${tomorrow}`);
  const slot = slots.body.items[0]?.starts_at;
  const answers = await everybodyOrders(() => ({ cafe_id: cafe.id, items: [{ menu_item_id: dish, quantity: 1 }], scheduled_for: slot }));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(50);
  const full = answers.filter(({ body }) => body.error?.code === "ORDER_LIMIT_REACHED");
  expect(full).toHaveLength(150);
  expect(full[0]?.body.error?.details).toEqual({ current: 50, max: 50 });
  await expectNoGap(cafe, 50);
});

test("orders, changes and cancels of the same dishes at once all succeed, and the stock is what its log and the orders say", async () => {
  const cafe = await campus.cafe();
  const dishes = await Promise.all(Array.from({ length: 4 }, () => addDish(campus, cafe, { stock: 1_000 })));
  const basket = (turn: number) =>
    dishes.map((_, place) => ({ menu_item_id: dishes[(place + turn) % dishes.length], quantity: 1 + (turn % 2) }));
  const ends = await Promise.all(
    students.slice(0, 60).map(async (student, turn) => {
      const placed = await student.api<{ order: { id: string } }>("POST", "/orders", { body: { cafe_id: cafe.id, items: basket(turn) } });
      const path = `/orders/${placed.body.order.id}`;
      const changed = await student.api("PUT", path, { body: { items: basket(turn + 1).slice(0, 2) }, process: 1 });
      const cancelled = turn % 3 === 0 ? await student.api("POST", `${path}/cancel`) : undefined;
      return [placed.status, changed.status, cancelled?.status ?? 200];
    }),
  );
  expect(new Set(ends.map(String))).toEqual(new Set(["201,200,200"]));
  const stocks = await campus.sql<{ stock: number; logged: number; held: number }>`
    select stock, 1000 + (select sum(change) from stock_movements where item_id = m.id and reason <> 'set')::integer as logged,
      1000 - coalesce((select sum(stock_taken) from order_items where menu_item_id = m.id), 0)::integer as held
    from menu_items m where cafe_id = ${cafe.id}`;
  for (const { stock, logged, held } of stocks) expect([stock, stock]).toEqual([logged, held]);
});

test("a café's counter that somebody holds makes no other café wait", async () => {
  const [busy, other] = [await campus.cafe(), await campus.cafe()];
  const dishes = { [busy.id]: await addDish(campus, busy), [other.id]: await addDish(campus, other) };
  const [student] = students;
  if (!student) throw new Error("No student.");
  const place = (cafe: TestCafe) =>
    student.api("POST", "/orders", { body: { cafe_id: cafe.id, items: [{ menu_item_id: dishes[cafe.id], quantity: 1 }] } });
  await place(busy);
  let isDone = false;
  const held = await campus.owner.transaction(async (tx) => {
    await tx.run({ text: "select from order_counters where cafe_id = $1 for update", values: [busy.id], name: undefined });
    const waiting = place(busy).then((answer) => {
      isDone = true;
      return answer;
    });
    expect((await place(other)).status).toBe(201);
    expect(isDone).toBe(false);
    return { waiting };
  });
  expect((await held.waiting).status).toBe(201);
});

test("a kitchen that moves forty orders at once, while as many are paid and placed, moves each and leaves no estimate behind", async () => {
  const cafe = await campus.cafe();
  const dish = await addDish(campus, cafe, { stock: 1_000 });
  const staff = await Promise.all([campus.staff("kitchen", cafe), campus.staff("owner", cafe)]);
  const place = async (index: number) => {
    const body = { cafe_id: cafe.id, items: [{ menu_item_id: dish, quantity: 1 }], payment_method: "cash" };
    return (await students[index]?.api<{ order: { id: string } }>("POST", "/orders", { body }))?.body.order.id ?? "";
  };
  const orders = await Promise.all(students.slice(0, 40).map((_, index) => place(index)));
  const ends = await Promise.all(
    orders.map(async (id, index) => {
      const [cook, other] = index % 2 === 0 ? [staff[0], staff[1]] : [staff[1], staff[0]];
      const step = (status: string) =>
        cook.api("PATCH", `/admin/orders/${id}/status`, { body: { status }, process: index % 2 === 0 ? 0 : 1 });
      const [started, paid] = await Promise.all([
        step("preparing"),
        other.api("POST", `/admin/orders/${id}/cash-received`, { headers: { "Idempotency-Key": `cash-${id}` } }),
        place(index + 40),
      ]);
      const last = index % 4 === 0 ? await step("cancelled") : await step("ready");
      return [started.status, paid.status, last.status];
    }),
  );
  expect(new Set(ends.map(String))).toEqual(new Set(["200,200,200"]));
  const [left] = await campus.sql<{ stock: number; unestimated: number }>`
    select (select stock from menu_items where id = ${dish}) as stock,
      (select count(*)::integer from orders where cafe_id = ${cafe.id} and estimated_ready_time is null) as unestimated`;
  expect(left).toEqual({ stock: 1_000 - 80 + 10, unestimated: 0 });
});
