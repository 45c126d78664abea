import { notFound } from "../platform/errors.ts";
import type { PageInput } from "../platform/page.ts";
import { part, type Queryable, sql } from "../platform/postgres.ts";

/** What the bank is told to pay, in one file. */
export interface PaymentFile {
  readonly id: string;
  /** YYYY-MM-DD. */
  readonly executionDay: string;
  readonly currency: string;
  readonly paymentsCount: number;
  readonly totalMinor: number;
  readonly madeBy: string;
  readonly createdAt: Date;
}

const columns = part`id, to_char(execution_day, 'YYYY-MM-DD') as execution_day, currency, payments_count, total_minor, made_by, created_at`;

export async function readPaymentFile(db: Queryable, id: string): Promise<PaymentFile> {
  const found = await db.row<PaymentFile>(sql`select ${columns} from payment_files where id = ${id}`);
  if (!found) throw notFound("The payment file");
  return found;
}

/** Newest first; one more than the limit tells that a further page exists. */
export const listPaymentFiles = (db: Queryable, { limit, after }: PageInput): Promise<PaymentFile[]> =>
  db.rows<PaymentFile>(sql`
    select ${columns} from payment_files where (${after ?? null}::uuid is null or id < ${after ?? null}::uuid) order by id desc limit ${limit + 1}`);
