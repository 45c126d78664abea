import { CodedError, notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { type Order, readOrder } from "./order.ts";
import { giveBackStock, takeItems, totalOf, type WantedItem, writeItems } from "./price-items.ts";

export interface Amendment {
  readonly orderId: string;
  readonly studentId: string;
  readonly items: readonly WantedItem[];
  readonly specialInstructions: string | null;
}

/** Other items for an order that is not paid yet. The version rises, so a charge that was opened before asks again. */
export async function amendOrder(tx: Transaction, amendment: Amendment): Promise<Order> {
  const { orderId, studentId } = amendment;
  if (amendment.items.length === 0) throw new CodedError("CART_EMPTY", "The order has no items: cancel it instead.");
  const order = await tx.row<{ cafeId: string; status: string; paymentStatus: string }>(sql`
    select cafe_id, status, payment_status from orders where id = ${orderId} and student_id = ${studentId} for update`);
  if (!order) throw notFound("The order");
  if (order.status !== "received" || order.paymentStatus !== "pending") {
    throw new CodedError("INVALID_TRANSITION", "Only a new and unpaid order can be changed.", {
      details: { status: order.status, payment_status: order.paymentStatus },
    });
  }
  await giveBackStock(tx, orderId);
  await tx.run(sql`delete from order_items where order_id = ${orderId}`);
  const items = await takeItems(tx, order.cafeId, amendment.items);
  await writeItems(tx, orderId, items);
  const totalMinor = totalOf(items);
  await tx.run(sql`
    update orders set subtotal_minor = ${totalMinor}, total_minor = ${totalMinor} + delivery_charge_minor, version = version + 1,
      special_instructions = ${amendment.specialInstructions}, updated_at = now()
    where id = ${orderId} and payment_status = 'pending'`);
  return readOrder(tx, orderId, studentId);
}
