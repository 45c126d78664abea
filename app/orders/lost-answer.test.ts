import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { sql } from "../platform/postgres.ts";
import type { Campus } from "../testing/campus.ts";
import { keyIsAwaited } from "../testing/database.ts";
import { addDish } from "../testing/menus.ts";
import type { TestCafe, TestStudent } from "../testing/people.ts";
import { until } from "../testing/platform.ts";
import { type CommitCutter, judgeOnce, type Verdict } from "../testing/proof/commit-cutter.ts";
import { startCutCampus } from "../testing/proof/cut-campus.ts";

let cutter: CommitCutter;
let campus: Campus;
let cafe: TestCafe;
let student: TestStudent;

beforeAll(async () => {
  ({ campus, cutter } = await startCutCampus({ DATABASE_CONNECT_TIMEOUT_MS: "500" }));
  cafe = await campus.cafe();
  student = await campus.student();
});
afterEach(() => cutter.judge(undefined));
afterAll(async () => {
  await campus.end();
});

const placing = /place_order_once\(/;

async function placeThrough(verdict: Verdict, headers: Record<string, string>) {
  const dish = await addDish(campus, cafe, { stock: 5 });
  const body = { cafe_id: cafe.id, items: [{ menu_item_id: dish, quantity: 2 }] };
  cutter.judge(judgeOnce(placing, verdict));
  const answer = await student.api<{ order: { id: string } }>("POST", "/orders", { body, headers });
  cutter.judge(undefined);
  const orders = await campus.sql<{ orderId: string }>`select order_id from order_items where menu_item_id = ${dish}`;
  const [left] = await campus.sql<{ stock: number }>`select stock from menu_items where id = ${dish}`;
  return { answer, body, orders, stock: left?.stock };
}

test.each(["cut before", "cut after"] as const)(
  "an order whose connection was %s its commit stands once, and its key gives the same bytes",
  async (verdict) => {
    const headers = { "Idempotency-Key": randomUUID() };
    const { answer, body, orders, stock } = await placeThrough(verdict, headers);
    expect([answer.status, orders.length, stock]).toEqual([201, 1, 3]);
    const again = await student.api("POST", "/orders", { body, headers, process: 1 });
    expect([again.text, again.headers.get("Idempotency-Hit")]).toEqual([answer.text, "true"]);
    expect(orders).toEqual([{ orderId: answer.body.order.id }]);
  },
);

test("while the first try still runs on the server, the second waits for it and gets its answer, not a 409", async () => {
  const dish = await addDish(campus, cafe, { stock: 5 });
  const body = { cafe_id: cafe.id, items: [{ menu_item_id: dish, quantity: 2 }] };
  const headers = { "Idempotency-Key": randomUUID() };
  cutter.judge(judgeOnce(placing, "cut during"));
  const { first } = await campus.owner.transaction(async (tx) => {
    await tx.run(sql`select from menu_items where id = ${dish} for update`);
    const first = student.api<{ order: { id: string } }>("POST", "/orders", { body, headers });
    await until("the second try waits for the key", () => keyIsAwaited(campus.database));
    const beside = await student.api("POST", "/orders", { body, headers, process: 1 });
    expect([beside.status, beside.headers.get("Retry-After")]).toEqual([409, "1"]);
    return { first };
  });
  const answer = await first;
  expect(answer.status).toBe(201);
  expect(await campus.sql`select order_id from order_items where menu_item_id = ${dish}`).toEqual([{ orderId: answer.body.order.id }]);
});

test("without a key nobody can know whether it stands, so the answer is not that it failed", async () => {
  const { answer, orders } = await placeThrough("cut after", {});
  expect([answer.status, orders.length]).toEqual([503, 1]);
  expect(answer.text).toContain("TEMPORARILY_UNAVAILABLE");
});
