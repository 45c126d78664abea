import { notFound } from "../platform/errors.ts";
import { type Page, pageOf } from "../platform/page.ts";
import { type Queryable, sql } from "../platform/postgres.ts";

export const topUpPurposes = ["top_up", "auto_top_up", "gift"] as const;
export const topUpStatuses = ["created", "paid", "failed", "expired"] as const;

export interface TopUp {
  readonly id: string;
  readonly purpose: (typeof topUpPurposes)[number];
  readonly status: (typeof topUpStatuses)[number];
  readonly amountMinor: number;
  readonly currency: string;
  readonly gatewayOrderId: string | null;
  /** The entry in the wallet, once it is there. */
  readonly transactionId: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const maxPerPage = 100;

/** What was paid into the student's wallet, or was to be, newest first. */
export async function listTopUps(db: Queryable, studentId: string, limit: number, cursor: string | undefined): Promise<Page<TopUp>> {
  const found = await db.rows<TopUp>(sql`
    select g.id, g.purpose, g.status, g.amount_minor, g.currency, g.gateway_order_id, p.transaction_id, g.created_at, g.updated_at
    from gateway_orders g left join lateral (
      select transaction_id from gateway_payments where order_row_id = g.id order by id limit 1) p on true
    where g.student_id = ${studentId} and g.order_id is null and (${cursor ?? null}::uuid is null or g.id < ${cursor ?? null}::uuid)
    order by g.id desc limit ${Math.min(limit, maxPerPage) + 1}`);
  return pageOf(found, limit);
}

export async function readTopUp(db: Queryable, id: string, studentId: string): Promise<TopUp> {
  const topUp = await db.row<TopUp>(sql`
    select g.id, g.purpose, g.status, g.amount_minor, g.currency, g.gateway_order_id, p.transaction_id, g.created_at, g.updated_at
    from gateway_orders g left join lateral (
      select transaction_id from gateway_payments where order_row_id = g.id order by id limit 1) p on true
    where g.id = ${id} and g.student_id = ${studentId} and g.order_id is null`);
  if (!topUp) throw notFound("The top-up");
  return topUp;
}
