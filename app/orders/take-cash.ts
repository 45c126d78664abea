import { auditActor, type CafeActor } from "../identity/actor.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";

export interface CashTaken extends CafeActor {
  readonly orderId: string;
  /** A driver takes the cash of the orders that are assigned to them, and of no other. */
  readonly isDriver: boolean;
}

/** The money of a cash order is in the till: once, for the whole order. */
export async function takeCash(tx: Transaction, taken: CashTaken): Promise<void> {
  const { orderId, cafeId, staffId } = taken;
  const order = await tx.row<{ paymentMethod: string; paymentStatus: string; status: string }>(sql`
    select payment_method, payment_status, status from orders o where id = ${orderId} and cafe_id = ${cafeId}
      and (not ${taken.isDriver} or exists (select from delivery_assignments a where a.order_id = o.id and a.staff_id = ${staffId}))
    for update`);
  if (!order) throw notFound("The order");
  const posted = await tx.row<{ transactionId: string | null }>(sql`select take_cash(${orderId}) as transaction_id`);
  if (!posted?.transactionId) {
    throw new CodedError("INVALID_TRANSITION", "There is no cash to take for this order.", {
      details: { status: order.status, payment_method: order.paymentMethod, payment_status: order.paymentStatus },
    });
  }
  await auditActor(tx, taken, {
    action: "order.cash_received",
    objectKind: "order",
    objectId: orderId,
    details: { transaction_id: posted.transactionId },
  });
}
