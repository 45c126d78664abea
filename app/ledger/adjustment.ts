import { notFound } from "../platform/errors.ts";
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

interface Page {
  readonly status: AdjustmentStatus | undefined;
  readonly limit: number;
  /** The last id of the page before. */
  readonly after: string | undefined;
}

/** Newest first; one more than the limit tells that a further page exists. */
export async function listAdjustments(db: Queryable, page: Page): Promise<{ items: Adjustment[]; next: string | undefined }> {
  const { status, limit, after } = page;
  const rows = await db.rows<Adjustment>(sql`
    select id, student_id, amount_minor, currency, reason, status, requested_by, decided_by, transaction_id, created_at, decided_at
    from adjustments
    where (${status ?? null}::text is null or status = ${status ?? null}) and (${after ?? null}::uuid is null or id < ${after ?? null}::uuid)
    order by id desc limit ${limit + 1}`);
  const items = rows.slice(0, limit);
  return { items, next: rows.length > limit ? items.at(-1)?.id : undefined };
}
