import { notFound } from "../platform/errors.ts";
import { type Page, pageOf } from "../platform/page.ts";
import { type Queryable, sql } from "../platform/postgres.ts";
import type { OrderBody } from "./schemas.ts";

/** The student's own order; somebody else's is as absent as one that never was. */
export async function readOrder(db: Queryable, orderId: string, studentId: string): Promise<OrderBody> {
  const found = await db.row<{ body: OrderBody }>(sql`
    select order_json(o) as body from orders o where o.id = ${orderId} and o.student_id = ${studentId}`);
  if (!found) throw notFound("The order");
  return found.body;
}

type OrderStanding = Pick<OrderBody, "status" | "payment_status" | "estimated_ready_time" | "updated_at">;

/** As much of it as a phone polls for. */
export async function readStanding(db: Queryable, orderId: string, studentId: string): Promise<OrderStanding> {
  const found = await db.row<{ body: OrderStanding }>(sql`
    select json_build_object('status', status, 'payment_status', payment_status,
      'estimated_ready_time', json_time(estimated_ready_time), 'updated_at', json_time(updated_at)) as body
    from orders where id = ${orderId} and student_id = ${studentId}`);
  if (!found) throw notFound("The order");
  return found.body;
}

/** Newest first; the cursor is the last id seen, because UUIDv7 sorts by time. */
export async function listOrders(db: Queryable, studentId: string, limit: number, cursor: string | undefined): Promise<Page<OrderBody>> {
  const found = await db.rows<{ body: OrderBody }>(sql`
    select order_json(o) as body from orders o
    where o.student_id = ${studentId} and (${cursor ?? null}::uuid is null or o.id < ${cursor ?? null}::uuid) order by o.id desc limit ${limit + 1}`);
  return pageOf(
    found.map(({ body }) => body),
    limit,
  );
}
