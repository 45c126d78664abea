import { type Actor, auditActor } from "../identity/actor.ts";
import { lockPending, readProposal, refuseAsSecond, rejectProposal } from "../identity/proposal.ts";
import type { Config } from "../platform/config.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { lockOrder, type RefundedOrder, refundLocked } from "./refund-order.ts";
import { type RefundProposal, refundProposals, tellProposal } from "./refund-proposal.ts";

interface Decider extends Actor {
  /** Of the café's own people; undefined for finance. */
  readonly cafeId: string | undefined;
}

/** The second person agrees, and the money goes back in the same transaction. Locks the proposal, then the order, then the wallet. */
export async function approveRefund(
  tx: Transaction,
  config: Pick<Config, "FOUR_EYES_DAYS">,
  id: string,
  decider: Decider,
): Promise<RefundProposal> {
  await refuseAnotherCafe(tx, id, decider);
  const proposal = await lockPending(tx, refundProposals, id);
  await refuseAsSecond(tx, config, proposal, decider);
  const order = await lockUnchanged(tx, proposal);
  const { orderId, cafeId, amountMinor, reason, goesTo, requestedBy } = proposal;
  const { requestId, staffId } = decider;
  const { transactionId } = await refundLocked(tx, order, { orderId, cafeId, amountMinor, reason, to: goesTo, requestedBy, requestId });
  await tx.run(sql`
    update refund_proposals set status = 'approved', decided_by = ${staffId}, decided_at = now(), transaction_id = ${transactionId} where id = ${id}`);
  await auditActor(
    tx,
    { requestId, staffId, cafeId },
    { action: "refund_proposal.approved", objectKind: "refund_proposal", objectId: id, details: { transaction_id: transactionId } },
  );
  return told(tx, id);
}

export async function rejectRefund(tx: Transaction, id: string, decider: Decider): Promise<RefundProposal> {
  const { cafeId } = await refuseAnotherCafe(tx, id, decider);
  const actor = { ...decider, cafeId };
  await rejectProposal(tx, refundProposals, id, actor);
  return told(tx, id);
}

/** What the first of the two saw is what the second agrees to: where more of the order was given back meanwhile, it is asked for anew. */
async function lockUnchanged(tx: Transaction, { orderId, refundedBeforeMinor }: RefundProposal): Promise<RefundedOrder> {
  const order = await lockOrder(tx, { orderId });
  const { refundedMinor } = order;
  if (refundedMinor !== refundedBeforeMinor)
    throw new CodedError("CONFLICT", "Other money of this order was given back, or came back, meanwhile: reject this, and ask anew.", {
      details: { refunded_minor: refundedMinor, refunded_before_minor: refundedBeforeMinor },
    });
  return order;
}

async function refuseAnotherCafe(tx: Transaction, id: string, { cafeId }: Decider): Promise<RefundProposal> {
  const proposal = await readProposal(tx, refundProposals, id);
  if (cafeId !== undefined && proposal.cafeId !== cafeId) throw notFound(refundProposals.called);
  return proposal;
}

async function told(tx: Transaction, id: string): Promise<RefundProposal> {
  const proposal = await readProposal(tx, refundProposals, id);
  await tellProposal(tx, proposal);
  return proposal;
}
