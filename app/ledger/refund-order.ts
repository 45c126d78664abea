import { audit } from "../platform/audit.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { sql, sqlState, type Transaction } from "../platform/postgres.ts";
import { keepNote, type Note } from "./note.ts";

export interface RefundInput {
  readonly orderId: string;
  /** What is given back; the rest of what was paid unless told. */
  readonly amountMinor?: number;
  readonly reason: string;
  readonly note?: Note;
  /** Where it goes; the wallet unless told. */
  readonly to?: "wallet" | "gateway";
  /** The member of staff; null where the system or the student's own cancel gives it back. */
  readonly requestedBy: string | null;
  /** Staff refund orders of their own café only. */
  readonly cafeId?: string;
  /** As much of an order is given back by one person of the café; two people, and a student who cancels, give back all. */
  readonly aloneUpToMinor?: number;
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

export interface RefundedOrder {
  readonly cafeId: string;
  readonly studentId: string | null;
  readonly paymentMethod: string;
  readonly paymentStatus: string;
  readonly paidTransactionId: string | null;
  readonly totalMinor: number;
  readonly refundedMinor: number;
  /** What can still be given back. */
  readonly leftMinor: number;
  readonly currency: string;
}

/** Whether giving this back takes two people. In all, so that many small refunds are no way around it. */
export const takesTwo = ({ refundedMinor, leftMinor }: RefundedOrder, amountMinor: number | undefined, aloneUpToMinor: number): boolean =>
  refundedMinor + (amountMinor ?? leftMinor) > aloneUpToMinor;

/** Gives money of a paid order back to the wallet, or through the gateway that it came by: all that is left unless told. */
export async function refundOrder(tx: Transaction, input: RefundInput): Promise<Refund> {
  const order = await lockOrder(tx, input);
  refuseAlone(order, input);
  return refundLocked(tx, order, input);
}

function refuseAlone(order: RefundedOrder, { amountMinor, aloneUpToMinor }: RefundInput): void {
  if (aloneUpToMinor !== undefined && takesTwo(order, amountMinor, aloneUpToMinor)) throw secondPersonNeeded(aloneUpToMinor);
}

export async function refundLocked(tx: Transaction, order: RefundedOrder, input: RefundInput): Promise<Refund> {
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
  const noted = { document: to === "gateway" ? "gateway_refunds" : "refunds", documentId: posted.id, cafeId: order.cafeId } as const;
  await keepNote(tx, noted, input.note ?? {});
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
  { orderId, amountMinor, reason, requestedBy }: RefundInput,
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
      throw new CodedError("CONFLICT", "The student has no open wallet: it receives nothing.", { cause: error });
    throw error;
  }
}

const refusal = ({ outcome, amountMinor }: PostedRefund, { refundedMinor }: RefundedOrder) =>
  outcome === "not_through_gateway" ? notThroughGateway() : tooMuch(amountMinor, refundedMinor);

export const notThroughGateway = () =>
  new CodedError("CONFLICT", "This order was not paid through the gateway: give the money back to the wallet.");

export const tooMuch = (refundableMinor: number, refundedMinor: number) =>
  new CodedError("CONFLICT", `At most ${refundableMinor} of this order can still be refunded.`, {
    details: { refundable_minor: refundableMinor, refunded_minor: refundedMinor },
  });

const secondPersonNeeded = (aboveMinor: number) =>
  new CodedError(
    "INSUFFICIENT_ROLE",
    `It takes two people to give back more than ${aboveMinor} of an order: an owner, a cashier or finance asks for it in the portal, another owner or finance approves.`,
    { details: { because: "second_person", above_minor: aboveMinor, ask_at: "POST /api/v1/admin/orders/{orderId}/refund" } },
  );

/** A café that the university has stopped gives nothing back by its own people: they would empty its account. */
export async function refuseOfStoppedCafe(tx: Transaction, cafeId: string): Promise<void> {
  if (await tx.row(sql`select id from cafes where id = ${cafeId} and status = 'approved'`)) return;
  throw new CodedError("CONFLICT", "This café is not approved at present, so it gives no money back: the university's finance can.", {
    details: { because: "cafe_not_approved" },
  });
}

/** A paid order whose money can go back to a student; locked until the end of the transaction. */
export async function lockOrder(tx: Transaction, { orderId, cafeId }: Pick<RefundInput, "orderId" | "cafeId">): Promise<RefundedOrder> {
  const order = await tx.row<RefundedOrder>(sql`
    select cafe_id, student_id, payment_method, payment_status, paid_transaction_id, total_minor, refunded_minor, currency,
      greatest(0, total_minor - refunded_minor - taken_elsewhere(id)) as left_minor
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
export async function refundRest(tx: Transaction, input: Omit<RefundInput, "amountMinor">): Promise<Refund | undefined> {
  const order = await lockOrder(tx, input);
  if (order.leftMinor === 0) return undefined;
  refuseAlone(order, input);
  return refundLocked(tx, order, input);
}

async function tell(tx: Transaction, input: RefundInput, order: RefundedOrder, refund: Refund): Promise<void> {
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
