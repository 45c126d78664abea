import type { Proposal, ProposalTable } from "../identity/proposal.ts";
import { part } from "../platform/postgres.ts";
import type { GrantProblem } from "./read-grant-file.ts";

export const bulkCreditStatuses = ["reading", "refused", "failed", "pending", "approved", "done", "rejected"] as const;
export type BulkCreditStatus = (typeof bulkCreditStatuses)[number];

/** A file that gives money to many students: read, agreed to, credited line by line. */
export interface BulkCredit extends Proposal {
  readonly title: string;
  readonly currency: string;
  readonly status: BulkCreditStatus;
  readonly problems: readonly GrantProblem[];
  readonly lineCount: number;
  readonly totalMinor: number;
  readonly twoPeople: boolean;
  /** Of each of its lines. */
  readonly metadata: Readonly<Record<string, string>>;
  /** How many of its lines are in their wallets, those that ran out since included. */
  readonly creditedCount: number;
  readonly creditedMinor: number;
  /** Lines whose student had no wallet to take it when its turn came. */
  readonly noWalletCount: number;
  readonly takenBackMinor: number;
  readonly requestedByName: string;
  readonly decidedBy: string | null;
  readonly decidedByName: string | null;
  readonly createdAt: Date;
  readonly decidedAt: Date | null;
  readonly finishedAt: Date | null;
}

export const bulkCredits: ProposalTable<BulkCredit> = {
  called: "The bulk credit",
  table: part`bulk_credits`,
  columns: part`*`,
  from: part`(
    select b.id, b.title, b.currency, b.status, b.problems, b.line_count, b.total_minor, b.two_people, b.metadata, b.requested_by, a.name as requested_by_name,
      b.decided_by, d.name as decided_by_name, b.created_at, b.decided_at, b.finished_at,
      g.credited_count, g.credited_minor, g.no_wallet_count, g.taken_back_minor
    from bulk_credits b join staff a on a.id = b.requested_by left join staff d on d.id = b.decided_by, lateral (
      select count(*) filter (where transaction_id is not null) as credited_count,
        coalesce(sum(amount_minor) filter (where transaction_id is not null), 0)::bigint as credited_minor,
        count(*) filter (where status = 'no_wallet') as no_wallet_count, coalesce(sum(taken_back_minor), 0)::bigint as taken_back_minor
      from grants where bulk_credit_id = b.id) g) known`,
  objectKind: "bulk_credit",
  actions: { pending: "bulk_credit.requested", approved: "bulk_credit.approved", rejected: "bulk_credit.rejected" },
  detailsOf: ({ lineCount, totalMinor, currency }) => ({ lines: lineCount, total_minor: totalMinor, currency }),
};
