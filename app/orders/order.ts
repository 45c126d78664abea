import { notFound } from "../platform/errors.ts";
import { type Queryable, type Statement, sql } from "../platform/postgres.ts";
import type { OrderStatus } from "./transitions.ts";

export interface OrderItem {
  readonly menuItemId: string;
  readonly itemName: string;
  readonly itemPriceMinor: number;
  readonly vatBasisPoints: number;
  readonly quantity: number;
  readonly lineTotalMinor: number;
}

export interface Order {
  readonly id: string;
  readonly cafeId: string;
  readonly studentId: string | null;
  readonly orderNumber: string;
  readonly status: OrderStatus;
  readonly orderType: "pickup" | "delivery" | "table";
  readonly paymentMethod: "wallet" | "upi" | "cash";
  readonly paymentStatus: "pending" | "paid" | "failed" | "refunded";
  readonly subtotalMinor: number;
  readonly deliveryChargeMinor: number;
  readonly totalMinor: number;
  readonly refundedMinor: number;
  readonly currency: string;
  readonly specialInstructions: string | null;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly items: readonly OrderItem[];
}

const itemsOfOrder = `coalesce((
    select json_agg(json_build_object('menuItemId', i.menu_item_id, 'itemName', i.item_name, 'itemPriceMinor', i.item_price_minor,
      'vatBasisPoints', i.vat_basis_points, 'quantity', i.quantity, 'lineTotalMinor', i.line_total_minor) order by i.id)
    from order_items i where i.order_id = o.id), '[]')`;

const columns = `o.id, o.cafe_id, o.student_id, o.order_number, o.status, o.order_type, o.payment_method, o.payment_status, o.subtotal_minor,
  o.delivery_charge_minor, o.total_minor, o.refunded_minor, o.currency, o.special_instructions, o.version, o.created_at, o.updated_at`;

const selectOrders = (rest: Statement): Statement => ({
  ...rest,
  text: `select ${columns}, ${itemsOfOrder} as items from orders o ${rest.text}`,
  name: undefined,
});

/** The student's own order; somebody else's is as absent as one that never was. */
export async function readOrder(db: Queryable, orderId: string, studentId: string): Promise<Order> {
  const order = await db.row<Order>(selectOrders(sql`where o.id = ${orderId} and o.student_id = ${studentId}`));
  if (!order) throw notFound("The order");
  return order;
}

export interface OrderPage {
  readonly items: readonly Order[];
  readonly nextCursor: string | null;
}

/** Newest first; the cursor is the last id seen, because UUIDv7 sorts by time. */
export async function listOrders(db: Queryable, studentId: string, limit: number, cursor: string | undefined): Promise<OrderPage> {
  const found = await db.rows<Order>(
    selectOrders(
      sql`where o.student_id = ${studentId} and (${cursor ?? null}::uuid is null or o.id < ${cursor ?? null}::uuid) order by o.id desc limit ${limit + 1}`,
    ),
  );
  const items = found.slice(0, limit);
  return { items, nextCursor: found.length > limit ? (items.at(-1)?.id ?? null) : null };
}
