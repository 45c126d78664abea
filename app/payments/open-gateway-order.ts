import type { Platform } from "../platform/context.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { sql } from "../platform/postgres.ts";
import { type GatewayOrder, openAtGateway } from "./gateway-order.ts";
import { gatewayOf } from "./open-gateway.ts";

export interface UpiOrder {
  readonly id: string;
  readonly studentId: string | null;
  readonly totalMinor: number;
  readonly currency: string;
}

export interface OrderPayment {
  readonly gateway_order_id: string;
  readonly amount: number;
  readonly currency: string;
}

/**
 * What the phone needs to pay this order by UPI. To be called after the transaction that placed the order, and again at
 * any time: for one total of one order it is always the same. A total that changed is another one, and money that
 * arrives for the old one goes into the wallet.
 */
export async function openGatewayOrder(platform: Platform, order: UpiOrder): Promise<OrderPayment> {
  const gateway = gatewayOf(platform);
  const { db } = platform;
  await db.run(sql`
    insert into gateway_orders (gateway, purpose, student_id, order_id, amount_minor, currency)
    values (${gateway.name}, 'order', ${order.studentId}, ${order.id}, ${order.totalMinor}, ${order.currency})
    on conflict (order_id, amount_minor) where order_id is not null do nothing`);
  const row = await db.row<GatewayOrder>(sql`
    select id, gateway_order_id, amount_minor, currency from gateway_orders where order_id = ${order.id} and amount_minor = ${order.totalMinor}`);
  if (!row) throw new Error("The order's payment was not written.");
  const { gatewayOrderId, amountMinor, currency } = await openAtGateway(platform, gateway, row);
  return { gateway_order_id: gatewayOrderId, amount: amountMinor, currency };
}

/** The same for a student who asks for it: after an answer that was lost, or a change of the order. */
export async function payOwnOrder(platform: Platform, orderId: string, studentId: string): Promise<OrderPayment> {
  const order = await platform.db.row<UpiOrder & { paymentMethod: string; paymentStatus: string; status: string; paidBefore: boolean }>(sql`
    select id, student_id, total_minor, currency, payment_method, payment_status, status,
      exists (select from gateway_orders g where g.order_id = orders.id and g.amount_minor = total_minor and g.status = 'paid') as paid_before
    from orders where id = ${orderId} and student_id = ${studentId}`);
  if (!order) throw notFound("The order");
  if (order.paymentMethod !== "upi") throw new CodedError("CONFLICT", `This order is to be paid by ${order.paymentMethod}.`);
  if (order.status === "cancelled" || !["pending", "failed"].includes(order.paymentStatus))
    throw new CodedError("INVALID_TRANSITION", "There is nothing to pay for this order.", {
      details: { status: order.status, payment_status: order.paymentStatus },
    });
  if (order.paidBefore)
    throw new CodedError("INVALID_TRANSITION", "This total was paid while the order had another one, and is in the wallet: order anew.", {
      details: { status: order.status, payment_status: order.paymentStatus },
    });
  return openGatewayOrder(platform, order);
}
