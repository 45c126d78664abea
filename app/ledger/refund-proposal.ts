import type { Proposal, ProposalStatus, ProposalTable } from "../identity/proposal.ts";
import { part, sql, type Transaction } from "../platform/postgres.ts";

/** Money of an order that two people give back. */
export interface RefundProposal extends Proposal {
  readonly status: ProposalStatus;
  readonly orderId: string;
  readonly cafeId: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly goesTo: "wallet" | "gateway";
  readonly reason: string;
  /** What of the order had been given back when it was asked for. */
  readonly refundedBeforeMinor: number;
  readonly decidedBy: string | null;
  readonly transactionId: string | null;
  readonly createdAt: Date;
  readonly decidedAt: Date | null;
}

export const refundProposals: ProposalTable<RefundProposal> = {
  called: "The refund",
  table: part`refund_proposals`,
  columns: part`id, order_id, cafe_id, amount_minor, currency, goes_to, reason, refunded_before_minor, status, requested_by, decided_by, transaction_id, created_at, decided_at`,
  objectKind: "refund_proposal",
  actions: { pending: "refund_proposal.requested", approved: "refund_proposal.approved", rejected: "refund_proposal.rejected" },
  detailsOf: ({ orderId, amountMinor, currency, transactionId }) => ({
    order_id: orderId,
    amount_minor: amountMinor,
    currency,
    ...(transactionId !== null && { transaction_id: transactionId }),
  }),
};

/** The café's own people only: the student hears of money, not of a wish. */
export async function tellProposal(tx: Transaction, { id, orderId, cafeId, status, amountMinor, currency }: RefundProposal): Promise<void> {
  const channels = [`cafe:${cafeId}`];
  const event = { order_id: orderId, proposal_id: id, status, amount_minor: amountMinor, currency };
  await tx.run(sql`select emit_event(${channels}::text[], 'refund_proposal', ${JSON.stringify(event)}::jsonb)`);
}
