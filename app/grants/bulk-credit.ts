import { notFound } from "../platform/errors.ts";
import { type Page, type PageInput, pageOf } from "../platform/page.ts";
import { part, type Queryable, sql } from "../platform/postgres.ts";
import type { GrantProblem } from "./read-grant-file.ts";

export const bulkCreditStatuses = ["reading", "refused", "failed", "pending", "approved", "done", "rejected"] as const;
export type BulkCreditStatus = (typeof bulkCreditStatuses)[number];

/** A file that gives money to many students: read, agreed to, credited line by line. */
export interface BulkCredit {
  readonly id: string;
  readonly title: string;
  readonly currency: string;
  readonly status: BulkCreditStatus;
  readonly problems: readonly GrantProblem[];
  readonly lineCount: number;
  readonly totalMinor: number;
  readonly twoPeople: boolean;
  /** How many of its lines are in their wallets, those that ran out since included. */
  readonly creditedCount: number;
  readonly creditedMinor: number;
  /** Lines whose student had no wallet to take it when its turn came. */
  readonly noWalletCount: number;
  readonly takenBackMinor: number;
  readonly requestedBy: string;
  readonly requestedByName: string;
  readonly decidedBy: string | null;
  readonly decidedByName: string | null;
  readonly createdAt: Date;
  readonly decidedAt: Date | null;
  readonly finishedAt: Date | null;
}

const columns = part`
  b.id, b.title, b.currency, b.status, b.problems, b.line_count, b.total_minor, b.two_people, b.requested_by, a.name as requested_by_name,
  b.decided_by, d.name as decided_by_name, b.created_at, b.decided_at, b.finished_at,
  g.credited_count, g.credited_minor, g.no_wallet_count, g.taken_back_minor`;
const from = part`
  bulk_credits b join staff a on a.id = b.requested_by left join staff d on d.id = b.decided_by, lateral (
    select count(*) filter (where transaction_id is not null) as credited_count, coalesce(sum(amount_minor) filter (where transaction_id is not null), 0)::bigint as credited_minor,
      count(*) filter (where status = 'no_wallet') as no_wallet_count, coalesce(sum(taken_back_minor), 0)::bigint as taken_back_minor
    from grants where bulk_credit_id = b.id) g`;

export async function readBulkCredit(db: Queryable, id: string): Promise<BulkCredit> {
  const found = await db.row<BulkCredit>(sql`select ${columns} from ${from} where b.id = ${id}`);
  if (!found) throw notFound("The bulk credit");
  return found;
}

/** Newest first. */
export async function listBulkCredits(
  db: Queryable,
  { status, limit, after }: PageInput & { readonly status: BulkCreditStatus | undefined },
): Promise<Page<BulkCredit>> {
  const rows = await db.rows<BulkCredit>(sql`
    select ${columns} from ${from}
    where (${status ?? null}::text is null or b.status = ${status ?? null}) and (${after ?? null}::uuid is null or b.id < ${after ?? null}::uuid)
    order by b.id desc limit ${limit + 1}`);
  return pageOf(rows, limit);
}
