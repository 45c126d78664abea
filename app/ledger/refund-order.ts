import { audit } from "../platform/audit.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { sql, sqlState, type Transaction } from "../platform/postgres.ts";

interface Input {
  readonly orderId: string;
  /** What is given back; the rest of what was paid unless told. */
  readonly amountMinor?: number;
  readonly reason: string;
  /** Where it goes; the wallet unless told. */
  readonly to?: "wallet" | "gateway";
  /** The member of staff; null where the system or the student's own cancel gives it back. */
  readonly requestedBy: string | null;
  /** Staff refund orders of their own café only. */
  readonly cafeId?: string;
  readonly requestId?: string;
}

export interface Refund {
  readonly id: string;
  readonly orderId: string;
  readonly amountMinor: number;
  readonly refundedMinor: number;
  readonly paymentStatus: "paid" | "refunded";
  readonly currency: string;
  readonly reason: string;
  readonly to: "wallet" | "gateway";
  /** A gateway takes its time, and may refuse: then the money is the order's again. */
  readonly status: "done" | "pending";
  readonly transactionId: string;
  readonly createdAt: Date;
}

interface Order {
  readonly cafeId: string;
  readonly studentId: string | null;
  readonly paymentMethod: string;
  readonly paymentStatus: string;
  readonly paidTransactionId: string | null;
  readonly totalMinor: number;
  readonly refundedMinor: number;
  readonly currency: string;
}

/** Gives money of a paid order back to the wallet, or through the gateway that it came by: all that is left unless told. */
export async function refundOrder(tx: Transaction, input: Input): Promise<Refund> {
  const order = await lockOrder(tx, input);
  const to = input.to ?? "wallet";
  const posted = await postRefund(tx, input, to);
  if (posted.outcome !== "refunded") throw refusal(posted, order);
  const refund: Refund = {
    id: posted.id,
    orderId: input.orderId,
    amountMinor: posted.amountMinor,
    refundedMinor: posted.refundedMinor,
    paymentStatus: posted.paymentStatus,
    currency: order.currency,
    reason: input.reason,
    to,
    status: to === "gateway" ? "pending" : "done",
    transactionId: posted.transactionId,
    createdAt: posted.createdAt,
  };
  await tell(tx, input, order, refund);
  return refund;
}

interface PostedRefund {
  readonly outcome: "refunded" | "too_much" | "not_through_gateway";
  readonly id: string;
  readonly transactionId: string;
  /** What was given back; of one that was too much, what still can be. */
  readonly amountMinor: number;
  readonly refundedMinor: number;
  readonly paymentStatus: "paid" | "refunded";
  readonly createdAt: Date;
}

async function postRefund(
  tx: Transaction,
  { orderId, amountMinor, reason, requestedBy }: Input,
  to: "wallet" | "gateway",
): Promise<PostedRefund> {
  try {
    const posted = await tx.row<PostedRefund>(
      sql`select * from refund_order(${orderId}, ${amountMinor ?? null}, ${to}, ${reason}, ${requestedBy})`,
    );
    if (!posted) throw new Error("The refund was not posted.");
    return posted;
  } catch (error) {
    if (sqlState(error) === "CP404")
      throw new CodedError("CONFLICT", "The student's wallet is closed and receives nothing.", { cause: error });
    throw error;
  }
}

const refusal = ({ outcome, amountMinor }: PostedRefund, { refundedMinor }: Order) =>
  outcome === "not_through_gateway"
    ? new CodedError("CONFLICT", "This order was not paid through the gateway: give the money back to the wallet.")
    : new CodedError("CONFLICT", `At most ${amountMinor} of this order can still be refunded.`, {
        details: { refundable_minor: amountMinor, refunded_minor: refundedMinor },
      });

async function lockOrder(tx: Transaction, { orderId, cafeId }: Input): Promise<Order> {
  const order = await tx.row<Order>(sql`
    select cafe_id, student_id, payment_method, payment_status, paid_transaction_id, total_minor, refunded_minor, currency
    from orders where id = ${orderId} and (${cafeId ?? null}::uuid is null or cafe_id = ${cafeId ?? null}) for update`);
  if (!order) throw notFound("The order");
  if (order.paidTransactionId === null) {
    throw new CodedError("INVALID_TRANSITION", "Nothing was paid for this order.", { details: { payment_status: order.paymentStatus } });
  }
  if (order.paymentMethod === "cash" || order.studentId === null)
    throw new CodedError("CONFLICT", `This order was paid by ${order.paymentMethod}: it is paid back at the counter.`);
  return order;
}

/** All that is left, for an order that is cancelled; nothing where a bank or somebody at the gateway has taken, or may yet take, all of it. */
export async function refundRest(tx: Transaction, input: Omit<Input, "amountMinor">): Promise<Refund | undefined> {
  const order = await lockOrder(tx, input);
  const taken = await tx.row<{ minor: number }>(sql`select taken_elsewhere(${input.orderId}) as minor`);
  return order.totalMinor - order.refundedMinor - (taken?.minor ?? 0) > 0 ? refundOrder(tx, input) : undefined;
}

async function tell(tx: Transaction, input: Input, order: Order, refund: Refund): Promise<void> {
  const event = {
    order_id: refund.orderId,
    refund_id: refund.id,
    amount_minor: refund.amountMinor,
    refunded_minor: refund.refundedMinor,
    currency: refund.currency,
    payment_status: refund.paymentStatus,
  };
  const channels = [`order:${refund.orderId}`, `student:${order.studentId}`, `cafe:${order.cafeId}`];
  await tx.run(sql`select emit_event(${channels}::text[], 'refunded', ${JSON.stringify(event)}::jsonb)`);
  await audit(tx, {
    actorKind: input.requestedBy === null ? "system" : "staff",
    actorId: input.requestedBy,
    action: "order.refunded",
    objectKind: "order",
    objectId: refund.orderId,
    cafeId: order.cafeId,
    details: { refund_id: refund.id, amount_minor: refund.amountMinor, transaction_id: refund.transactionId },
    ...(input.requestId === undefined ? {} : { requestId: input.requestId }),
  });
}
