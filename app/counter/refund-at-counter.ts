import { cardHash } from "../cards/card-hash.ts";
import { auditActor } from "../identity/actor.ts";
import { keepNote, type Note } from "../ledger/note.ts";
import { refundOrder, refuseOfStoppedCafe } from "../ledger/refund-order.ts";
import type { PaymentMethod } from "../orders/payment-methods.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";

export interface RefundInput {
  readonly device: { readonly id: string; readonly cafeId: string };
  /** The member of staff who answers for it. */
  readonly staffId: string;
  readonly orderId: string;
  /** The card of the student whose wallet gets the money; null for an order that was paid in cash. */
  readonly cardHash: Buffer | null;
  /** All that is left unless told. */
  readonly amountMinor: number | undefined;
  readonly reason: string;
  readonly note: Note;
  /** To a card; what is above takes a second person, whom a till has not. */
  readonly aloneUpToMinor: number;
  readonly requestId: string;
}

export interface CounterRefund {
  readonly id: string;
  readonly orderId: string;
  readonly amountMinor: number;
  readonly refundedMinor: number;
  readonly paymentStatus: "paid" | "refunded";
  readonly currency: string;
  readonly to: "wallet" | "cash";
  readonly transactionId: string;
  readonly createdAt: Date;
}

interface Order {
  readonly studentId: string | null;
  readonly paymentMethod: PaymentMethod;
  readonly paymentStatus: string;
  readonly isPaid: boolean;
  readonly leftMinor: number;
  readonly refundedMinor: number;
}

export const hashOfCard = async ({ secrets }: Pick<Platform, "secrets">, cardUid: string | undefined): Promise<Buffer | null> =>
  cardUid === undefined ? null : cardHash(await secrets.get("CARD_PEPPER"), cardUid);

/**
 * Money over the counter, never more than was paid: cash for what was paid in cash; else into the wallet of the student who
 * paid, whose card was scanned. Locks the order, then the wallet.
 */
export async function refundAtCounter(tx: Transaction, input: RefundInput): Promise<CounterRefund> {
  const order = await lockOrder(tx, input);
  await refuseOfStoppedCafe(tx, input.device.cafeId);
  const refund = order.paymentMethod === "cash" ? await giveCash(tx, input, order) : await giveToWallet(tx, input, order);
  await tx.run(sql`insert into counter_refunds (transaction_id, device_id) values (${refund.transactionId}, ${input.device.id})`);
  return refund;
}

async function lockOrder(tx: Transaction, { orderId, device }: RefundInput): Promise<Order> {
  const order = await tx.row<Order>(sql`
    select student_id, payment_method, payment_status, paid_transaction_id is not null as is_paid, total_minor - refunded_minor as left_minor, refunded_minor
    from orders where id = ${orderId} and cafe_id = ${device.cafeId} for update`);
  if (!order) throw notFound("The order");
  if (!order.isPaid) {
    throw new CodedError("INVALID_TRANSITION", "Nothing was paid for this order.", { details: { payment_status: order.paymentStatus } });
  }
  return order;
}

async function giveToWallet(tx: Transaction, input: RefundInput, order: Order): Promise<CounterRefund> {
  const card = await tx.row<{ studentId: string }>(sql`
    select k.student_id from cards k join students s on s.id = k.student_id
    where k.uid_hash = ${input.cardHash} and k.status = 'active' and s.is_active`);
  if (!card) throw new CodedError("CARD_NOT_ACCEPTED", "This card is not accepted.");
  if (card.studentId !== order.studentId) throw notFound("An order of this card");
  const { orderId, reason, note, staffId, amountMinor, aloneUpToMinor, requestId } = input;
  const made = await refundOrder(tx, {
    orderId,
    reason,
    note,
    requestedBy: staffId,
    cafeId: input.device.cafeId,
    aloneUpToMinor,
    requestId,
    ...(amountMinor === undefined ? {} : { amountMinor }),
  });
  return { ...made, to: "wallet" };
}

interface CashRefund {
  readonly id: string | null;
  readonly amountMinor: number;
  readonly transactionId: string;
  readonly createdAt: Date;
  readonly currency: string;
}

async function giveCash(tx: Transaction, input: RefundInput, order: Order): Promise<CounterRefund> {
  const { orderId, amountMinor, reason, staffId, device } = input;
  const made = await tx.row<CashRefund>(sql`
    select f.id, f.amount_minor, f.transaction_id, f.created_at, o.currency
    from refund_cash(${orderId}, ${amountMinor ?? null}, ${reason}, ${staffId}) f join orders o on o.id = ${orderId}`);
  if (!made || made.id === null) {
    throw new CodedError("CONFLICT", `At most ${order.leftMinor} of this order can still be refunded.`, {
      details: { refundable_minor: order.leftMinor, refunded_minor: order.refundedMinor },
    });
  }
  await keepNote(tx, { document: "refunds", documentId: made.id, cafeId: device.cafeId }, input.note);
  const actor = { ...input, cafeId: device.cafeId };
  await auditActor(tx, actor, {
    action: "order.refunded",
    objectKind: "order",
    objectId: orderId,
    details: { refund_id: made.id, amount_minor: made.amountMinor, transaction_id: made.transactionId },
  });
  return {
    ...made,
    id: made.id,
    orderId,
    refundedMinor: order.refundedMinor + made.amountMinor,
    paymentStatus: made.amountMinor === order.leftMinor ? "refunded" : "paid",
    to: "cash",
  };
}
