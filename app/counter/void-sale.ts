import type { OrderBody } from "../orders/schemas.ts";
import { audit } from "../platform/audit.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";

interface VoidInput {
  readonly orderId: string;
  readonly device: { readonly id: string; readonly cafeId: string };
  readonly requestId: string;
}

/**
 * Takes back a sale that is not paid: its request to the phone ends and its portions go back into the stock. Said twice it
 * is still void. Only what was sold at a counter: a student's own order is not the terminal's to cancel.
 */
export async function voidSale(tx: Transaction, { orderId, device, requestId }: VoidInput): Promise<OrderBody> {
  const order = await tx.row<{ status: string; paymentStatus: string }>(sql`
    select o.status, o.payment_status from orders o join counter_sales s on s.order_id = o.id
    where o.id = ${orderId} and o.cafe_id = ${device.cafeId} for update of o`);
  if (!order) throw notFound("The sale");
  if (order.paymentStatus !== "pending") {
    throw new CodedError("INVALID_TRANSITION", "This sale is paid: give the money back instead.", {
      details: { status: order.status, payment_status: order.paymentStatus },
    });
  }
  if (order.status !== "cancelled") {
    await tx.run(sql`select end_charge(id, 'voided', 'sale voided') from charges where order_id = ${orderId} and state = 'open'`);
    await tx.run(sql`select give_back_lines(${orderId}, 'sale_voided')`);
    await tx.run(sql`select set_order_status(${orderId}, 'cancelled', 'voided at the counter', false)`);
    await audit(tx, {
      actorKind: "device",
      actorId: device.id,
      action: "sale.void",
      objectKind: "order",
      objectId: orderId,
      cafeId: device.cafeId,
      requestId,
    });
  }
  const voided = await tx.row<{ body: OrderBody }>(sql`select order_json(o) as body from orders o where o.id = ${orderId}`);
  if (!voided) throw new Error("The voided order is gone.");
  return voided.body;
}
