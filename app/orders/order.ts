import { notFound } from "../platform/errors.ts";
import { type Queryable, sql } from "../platform/postgres.ts";
import type { OrderBody } from "./schemas.ts";

/** The student's own order; somebody else's is as absent as one that never was. */
export async function readOrder(db: Queryable, orderId: string, studentId: string): Promise<OrderBody> {
  const found = await db.row<{ body: OrderBody }>(sql`
    select order_json(o) as body from orders o where o.id = ${orderId} and o.student_id = ${studentId}`);
  if (!found) throw notFound("The order");
  return found.body;
}

export interface OrderPage<Body> {
  readonly items: Body[];
  readonly nextCursor: string | null;
}

/** One row more than the page says whether another page follows. */
export function pageOf<Body extends { readonly id: string }>(found: readonly Body[], limit: number): OrderPage<Body> {
  const items = found.slice(0, limit);
  return { items, nextCursor: found.length > limit ? (items.at(-1)?.id ?? null) : null };
}

/** Newest first; the cursor is the last id seen, because UUIDv7 sorts by time. */
export async function listOrders(
  db: Queryable,
  studentId: string,
  limit: number,
  cursor: string | undefined,
): Promise<OrderPage<OrderBody>> {
  const found = await db.rows<{ body: OrderBody }>(sql`
    select order_json(o) as body from orders o
    where o.student_id = ${studentId} and (${cursor ?? null}::uuid is null or o.id < ${cursor ?? null}::uuid) order by o.id desc limit ${limit + 1}`);
  return pageOf(
    found.map(({ body }) => body),
    limit,
  );
}
