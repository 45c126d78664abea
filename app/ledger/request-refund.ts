import { noteProposal, readProposal } from "../identity/proposal.ts";
import type { Config } from "../platform/config.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction, violatedConstraint } from "../platform/postgres.ts";
import { keepNote } from "./note.ts";
import {
  lockOrder,
  notThroughGateway,
  type Refund,
  type RefundedOrder,
  type RefundInput,
  refundLocked,
  refuseOfStoppedCafe,
  takesTwo,
  tooMuch,
} from "./refund-order.ts";
import { type RefundProposal, refundProposals, tellProposal } from "./refund-proposal.ts";

/** Of somebody of the café; of finance where none is named. */
interface Input extends Omit<RefundInput, "requestedBy" | "to" | "requestId"> {
  readonly to: "wallet" | "gateway";
  readonly requestedBy: string;
  readonly requestId: string;
}

export type Asked = { readonly kind: "made"; readonly refund: Refund } | { readonly kind: "proposed"; readonly proposal: RefundProposal };

/**
 * Gives money of an order back; above REFUND_TWO_PEOPLE_ABOVE_MINOR nothing moves yet, and another person decides. So it is with any
 * amount that finance asks for: it is the café's money.
 */
export async function requestRefund(tx: Transaction, config: Pick<Config, "REFUND_TWO_PEOPLE_ABOVE_MINOR">, input: Input): Promise<Asked> {
  const order = await lockOrder(tx, input);
  const isOfCafe = input.cafeId !== undefined;
  if (isOfCafe) await refuseOfStoppedCafe(tx, order.cafeId);
  if (isOfCafe && !takesTwo(order, input.amountMinor, config.REFUND_TWO_PEOPLE_ABOVE_MINOR))
    return { kind: "made", refund: await refundLocked(tx, order, input) };
  await refuseInVain(tx, order, input);
  const proposal = await write(tx, order, input);
  await keepNote(tx, { document: "refund_proposals", documentId: proposal.id, cafeId: order.cafeId }, input.note ?? {});
  await noteProposal(tx, refundProposals, proposal, "pending", { staffId: input.requestedBy, requestId: input.requestId });
  await tellProposal(tx, proposal);
  return { kind: "proposed", proposal };
}

/** Nobody is asked to agree to what could not be given back in any case. */
async function refuseInVain(tx: Transaction, order: RefundedOrder, { amountMinor, to }: Input): Promise<void> {
  const wanted = amountMinor ?? order.leftMinor;
  if (order.paymentStatus !== "paid" || wanted > order.leftMinor || wanted === 0) throw tooMuch(order.leftMinor, order.refundedMinor);
  if (to === "gateway" && !(await tx.row(sql`select id from gateway_payments where transaction_id = ${order.paidTransactionId}`)))
    throw notThroughGateway();
}

async function write(tx: Transaction, order: RefundedOrder, input: Input): Promise<RefundProposal> {
  const made = await tx
    .row<{ id: string }>(sql`
      insert into refund_proposals (order_id, cafe_id, amount_minor, currency, goes_to, reason, refunded_before_minor, requested_by)
      values (${input.orderId}, ${order.cafeId}, ${input.amountMinor ?? order.leftMinor}, ${order.currency}, ${input.to}, ${input.reason},
        ${order.refundedMinor}, ${input.requestedBy}) returning id`)
    .catch((error: unknown) => {
      if (violatedConstraint(error) !== "refund_proposals_one_pending") throw error;
      throw new CodedError("CONFLICT", "A refund of this order waits for the second person already: decide on that one first.", {
        cause: error,
      });
    });
  if (!made) throw new Error("The refund was not written down.");
  return readProposal(tx, refundProposals, made.id);
}
