import { notFound } from "../platform/errors.ts";
import { type Database, sql } from "../platform/postgres.ts";

export interface WatchedOrder {
  readonly id: string;
  readonly status: string;
  readonly paymentStatus: string;
  readonly updatedAt: Date;
}

/** The student's own order, as it stands. */
export async function readWatchedOrder(db: Database, orderId: string, studentId: string): Promise<WatchedOrder> {
  const order = await db.row<WatchedOrder>(
    sql`select id, status, payment_status, updated_at from orders where id = ${orderId} and student_id = ${studentId}`,
  );
  if (!order) throw notFound("The order");
  return order;
}

export const isFinalStatus = (status: unknown): boolean => status === "completed" || status === "cancelled";
