import type { Proposal, ProposalStatus, ProposalTable } from "../identity/proposal.ts";
import { part } from "../platform/postgres.ts";

/** Money into a wallet (or out of it, negative) that two people of the university vouch for. */
export interface Adjustment extends Proposal {
  readonly status: ProposalStatus;
  readonly studentId: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly reason: string;
  readonly decidedBy: string | null;
  readonly transactionId: string | null;
  readonly createdAt: Date;
  readonly decidedAt: Date | null;
}

export const adjustments: ProposalTable<Adjustment> = {
  called: "The adjustment",
  table: part`adjustments`,
  columns: part`id, student_id, amount_minor, currency, reason, status, requested_by, decided_by, transaction_id, created_at, decided_at`,
  objectKind: "adjustment",
  actions: { pending: "adjustment.requested", approved: "adjustment.approved", rejected: "adjustment.rejected" },
  detailsOf: ({ studentId, amountMinor, currency, transactionId }) => ({
    student_id: studentId,
    amount_minor: amountMinor,
    currency,
    ...(transactionId !== null && { transaction_id: transactionId }),
  }),
};
