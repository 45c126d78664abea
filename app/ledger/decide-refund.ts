import type { Actor } from "../identity/actor.ts";
import { approveProposal, lockForSecond, readProposal, rejectProposal } from "../identity/proposal.ts";
import type { Config } from "../platform/config.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { part, type Transaction } from "../platform/postgres.ts";
import { lockOrder, type RefundedOrder, refundLocked, refuseOfStoppedCafe } from "./refund-order.ts";
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
  const proposal = await lockForSecond(tx, config, refundProposals, id, decider);
  const order = await lockUnchanged(tx, proposal);
  if (decider.cafeId !== undefined) await refuseOfStoppedCafe(tx, decider.cafeId);
  const { orderId, cafeId, amountMinor, reason, goesTo, requestedBy } = proposal;
  const { requestId } = decider;
  const { transactionId } = await refundLocked(tx, order, { orderId, cafeId, amountMinor, reason, to: goesTo, requestedBy, requestId });
  return told(tx, await approveProposal(tx, refundProposals, id, decider, part`, transaction_id = ${transactionId}`));
}

export async function rejectRefund(tx: Transaction, id: string, decider: Decider): Promise<RefundProposal> {
  await refuseAnotherCafe(tx, id, decider);
  return told(tx, await rejectProposal(tx, refundProposals, id, decider));
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

async function refuseAnotherCafe(tx: Transaction, id: string, { cafeId }: Decider): Promise<void> {
  const proposal = await readProposal(tx, refundProposals, id);
  if (cafeId !== undefined && proposal.cafeId !== cafeId) throw notFound(refundProposals.called);
}

async function told(tx: Transaction, proposal: RefundProposal): Promise<RefundProposal> {
  await tellProposal(tx, proposal);
  return proposal;
}
