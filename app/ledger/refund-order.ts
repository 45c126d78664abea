import { audit } from "../platform/audit.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { part, sql, sqlState, type Transaction } from "../platform/postgres.ts";
import { openWallet } from "./open-wallet.ts";
import { type PostedRefund, postGatewayRefund } from "./refund-through-gateway.ts";

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

/**
 * Gives money of a paid order back to the wallet, or through the gateway that it came by: over both ways never more than
 * was paid. Locks the order, then the wallet. The day's spending is not lowered by it: a limit that grows back with each
 * refund would be no limit.
 */
export async function refundOrder(tx: Transaction, input: Input): Promise<Refund> {
  const order = await lockOrder(tx, input);
  const to = input.to ?? "wallet";
  const amountMinor = input.amountMinor ?? (await refundableMinor(tx, input.orderId, order));
  const paymentStatus = await raiseRefunded(tx, input.orderId, amountMinor, order);
  const { orderId, reason, requestedBy } = input;
  const posted =
    to === "gateway"
      ? await postGatewayRefund(tx, { ...order, orderId, amountMinor, reason, requestedBy })
      : await refundToWallet(tx, input, amountMinor, order);
  const refund: Refund = {
    ...posted,
    orderId,
    amountMinor,
    refundedMinor: order.refundedMinor + amountMinor,
    paymentStatus,
    currency: order.currency,
    reason,
    to,
    status: to === "gateway" ? "pending" : "done",
  };
  await tell(tx, input, order, refund);
  return refund;
}

async function refundToWallet(tx: Transaction, input: Input, amountMinor: number, order: Order): Promise<PostedRefund> {
  const transactionId = await postRefund(tx, input.orderId, amountMinor, order);
  const made = await tx.row<{ id: string; createdAt: Date }>(sql`
    insert into refunds (order_id, amount_minor, reason, transaction_id, requested_by)
    values (${input.orderId}, ${amountMinor}, ${input.reason}, ${transactionId}, ${input.requestedBy}) returning id, created_at`);
  if (!made) throw new Error("The refund was not written.");
  return { ...made, transactionId };
}

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
  const amountMinor = await refundableMinor(tx, input.orderId, order);
  return amountMinor === 0 ? undefined : refundOrder(tx, { ...input, amountMinor });
}

/** What the customer's bank or somebody at the gateway has taken back, or may yet take, is not given back a second time. */
const takenElsewhere = (orderId: string) => part`taken_elsewhere(${orderId})`;

async function refundableMinor(tx: Transaction, orderId: string, order: Order): Promise<number> {
  const taken = await tx.row<{ takenMinor: number }>(sql`select ${takenElsewhere(orderId)} as taken_minor`);
  return Math.max(0, order.totalMinor - order.refundedMinor - (taken?.takenMinor ?? 0));
}

async function raiseRefunded(tx: Transaction, orderId: string, amountMinor: number, order: Order): Promise<"paid" | "refunded"> {
  const raised = await tx.row<{ paymentStatus: "paid" | "refunded" }>(sql`
    update orders set refunded_minor = refunded_minor + ${amountMinor}, updated_at = now(),
      payment_status = case when refunded_minor + ${amountMinor} = total_minor then 'refunded' else payment_status end
    where id = ${orderId} and payment_status = 'paid' and ${amountMinor} > 0
      and refunded_minor + ${amountMinor} + ${takenElsewhere(orderId)} <= total_minor
    returning payment_status`);
  if (raised) return raised.paymentStatus;
  const leftMinor = await refundableMinor(tx, orderId, order);
  throw new CodedError("CONFLICT", `At most ${leftMinor} of this order can still be refunded.`, {
    details: { refundable_minor: leftMinor, refunded_minor: order.refundedMinor },
  });
}

async function postRefund(tx: Transaction, orderId: string, amountMinor: number, order: Order): Promise<string> {
  if (order.studentId !== null) await openWallet(tx, order.studentId, order.currency);
  try {
    const posted = await tx.row<{ id: string }>(sql`
      select post_to_wallet('refund', ${order.studentId}, account_of('cafe_payable', null, ${order.cafeId}, ${order.currency}), ${amountMinor},
        ${order.currency}, ${orderId}, null, null, ${order.paidTransactionId}) as id`);
    if (!posted) throw new Error("The refund was not posted.");
    return posted.id;
  } catch (error) {
    if (sqlState(error) === "CP404")
      throw new CodedError("CONFLICT", "The student's wallet is closed and receives nothing.", { cause: error });
    throw error;
  }
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
