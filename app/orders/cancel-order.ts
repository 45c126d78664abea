import { refundOrder } from "../ledger/refund-order.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { type Order, readOrder } from "./order.ts";
import { giveBackStock } from "./price-items.ts";
import { mayMove, type OrderStatus } from "./transitions.ts";

/** The student's own cancel, until the kitchen has begun. What was paid goes back to the wallet, what was taken to the stock. */
export async function cancelOrder(tx: Transaction, orderId: string, studentId: string): Promise<Order> {
  const order = await tx.row<{ status: OrderStatus; paymentStatus: string }>(sql`
    select status, payment_status from orders where id = ${orderId} and student_id = ${studentId} for update`);
  if (!order) throw notFound("The order");
  if (!mayMove(order.status, "cancelled", "student")) {
    throw new CodedError("INVALID_TRANSITION", `An order that is ${order.status} can no longer be cancelled here: ask at the counter.`, {
      details: { status: order.status },
    });
  }
  await tx.run(sql`select end_charge(id, 'voided', 'order cancelled') from charges where order_id = ${orderId} and state = 'open'`);
  await giveBackStock(tx, orderId);
  await tx.run(sql`
    with gone as (
      update orders set status = 'cancelled', cancelled_at = now(), updated_at = now(), version = version + 1
      where id = ${orderId} and status = ${order.status} returning id, cafe_id, student_id, updated_at)
    select emit_event(array['order:' || id, 'cafe:' || cafe_id, 'student:' || student_id], 'status_changed', jsonb_build_object('order_id', id, 'status', 'cancelled', 'updated_at', updated_at)) from gone`);
  if (order.paymentStatus === "paid") await refundOrder(tx, { orderId, reason: "order cancelled by the student", requestedBy: null });
  return readOrder(tx, orderId, studentId);
}
