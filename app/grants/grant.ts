import { readProposal } from "../identity/proposal.ts";
import { type Page, type PageInput, pageOf } from "../platform/page.ts";
import { type Queryable, sql } from "../platform/postgres.ts";
import { bulkCredits } from "./bulk-credit.ts";

export const grantStatuses = ["waiting", "credited", "no_wallet", "rejected", "expired"] as const;

/** What one line of a file gives to one student. */
export interface Grant {
  readonly id: string;
  readonly line: number;
  readonly studentId: string;
  readonly reference: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly expiresAt: Date | null;
  readonly status: (typeof grantStatuses)[number];
  readonly transactionId: string | null;
  readonly takenBackMinor: number | null;
}

/** Those of one file, in no order that means anything. */
export async function listGrants(db: Queryable, bulkCreditId: string, { limit, after }: PageInput): Promise<Page<Grant>> {
  await readProposal(db, bulkCredits, bulkCreditId);
  const rows = await db.rows<Grant>(sql`
    select id, line, student_id, reference, amount_minor, currency, expires_at, status, transaction_id, taken_back_minor from grants
    where bulk_credit_id = ${bulkCreditId} and (${after ?? null}::uuid is null or id > ${after ?? null}::uuid) order by id limit ${limit + 1}`);
  return pageOf(rows, limit);
}

/** What the university gave a student, and what of it that has a day is left. */
export interface OwnGrant {
  readonly id: string;
  readonly title: string;
  readonly reference: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly expiresAt: Date | null;
  readonly status: "credited" | "expired";
  /** null: it has no day, or the day is over. */
  readonly restMinor: number | null;
  readonly takenBackMinor: number | null;
}

const maxOwnGrants = 100;

/** The newest first. */
export const listOwnGrants = (db: Queryable, studentId: string): Promise<OwnGrant[]> =>
  db.rows<OwnGrant>(sql`
    select g.id, b.title, g.reference, g.amount_minor, g.currency, g.expires_at, g.status, g.taken_back_minor,
      case when g.status = 'credited' then r.rest_minor end as rest_minor
    from grants g join bulk_credits b on b.id = g.bulk_credit_id left join grant_rests(${studentId}) r on r.grant_id = g.id
    where g.student_id = ${studentId} and g.status in ('credited', 'expired') order by g.id desc limit ${maxOwnGrants}`);
