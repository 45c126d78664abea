import { notFound } from "../platform/errors.ts";
import { type Page, type PageInput, pageOf } from "../platform/page.ts";
import { type Queryable, sql } from "../platform/postgres.ts";

export const adjustmentStatuses = ["pending", "approved", "rejected"] as const;
export type AdjustmentStatus = (typeof adjustmentStatuses)[number];

/** Money into a wallet (or out of it, negative) that two people of the university vouch for. */
export interface Adjustment {
  readonly id: string;
  readonly studentId: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly reason: string;
  readonly status: AdjustmentStatus;
  readonly requestedBy: string;
  readonly decidedBy: string | null;
  readonly transactionId: string | null;
  readonly createdAt: Date;
  readonly decidedAt: Date | null;
}

export async function readAdjustment(db: Queryable, id: string): Promise<Adjustment> {
  const adjustment = await db.row<Adjustment>(sql`
    select id, student_id, amount_minor, currency, reason, status, requested_by, decided_by, transaction_id, created_at, decided_at
    from adjustments where id = ${id}`);
  if (!adjustment) throw notFound("The adjustment");
  return adjustment;
}

interface Wanted extends PageInput {
  readonly status: AdjustmentStatus | undefined;
}

/** Newest first. */
export async function listAdjustments(db: Queryable, page: Wanted): Promise<Page<Adjustment>> {
  const { status, limit, after } = page;
  const rows = await db.rows<Adjustment>(sql`
    select id, student_id, amount_minor, currency, reason, status, requested_by, decided_by, transaction_id, created_at, decided_at
    from adjustments
    where (${status ?? null}::text is null or status = ${status ?? null}) and (${after ?? null}::uuid is null or id < ${after ?? null}::uuid)
    order by id desc limit ${limit + 1}`);
  return pageOf(rows, limit);
}
