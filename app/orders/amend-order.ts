import { CodedError, notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { readOrder } from "./order.ts";
import { refusalOf } from "./place-order.ts";
import type { OrderBody, WantedItem } from "./schemas.ts";

export interface Amendment {
  readonly orderId: string;
  readonly studentId: string;
  readonly items: readonly WantedItem[];
  readonly specialInstructions: string | null;
}

/** Other items for an order that is not paid yet. The version rises, so a charge that was opened before asks again. */
export async function amendOrder(tx: Transaction, amendment: Amendment): Promise<OrderBody> {
  const { orderId, studentId } = amendment;
  if (amendment.items.length === 0) throw new CodedError("CART_EMPTY", "The order has no items: cancel it instead.");
  const order = await tx.row<{ status: string; paymentStatus: string; atCounter: boolean }>(sql`
    select status, payment_status, exists (select from counter_sales where order_id = orders.id) as at_counter from orders where id = ${orderId} and student_id = ${studentId} for update`);
  if (!order) throw notFound("The order");
  if (order.status !== "received" || !["pending", "failed"].includes(order.paymentStatus)) {
    throw new CodedError("INVALID_TRANSITION", "Only a new and unpaid order can be changed.", {
      details: { status: order.status, payment_status: order.paymentStatus },
    });
  }
  if (order.atCounter) {
    throw new CodedError("INVALID_TRANSITION", "What was rung up at the counter is changed there, not here: ask there.", {
      details: { status: order.status, payment_status: order.paymentStatus },
    });
  }
  const amended = await tx.row<{ outcome: string; details: Record<string, unknown> | null }>(sql`
    select outcome, details from amend_lines(${orderId}, ${JSON.stringify(amendment.items)}::jsonb, ${amendment.specialInstructions})`);
  // Thrown, so that what was given back on the way is taken again.
  if (amended?.outcome !== "priced") throw refusalOf(amended?.outcome ?? "nothing", amended?.details ?? {});
  return readOrder(tx, orderId, studentId);
}
