import { CodedError, notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { type Order, readOrder } from "./order.ts";
import { takeItems, totalOf, type WantedItem, writeItems } from "./price-items.ts";

export interface OrderWish {
  readonly studentId: string;
  readonly cafeId: string;
  readonly items: readonly WantedItem[];
  readonly orderType: Order["orderType"];
  readonly paymentMethod: Order["paymentMethod"];
  readonly specialInstructions: string | null;
}

/** Takes the order: prices and names are snapshots from here on, stock is taken, version 1 begins. */
export async function placeOrder(tx: Transaction, wish: OrderWish): Promise<Order> {
  if (wish.items.length === 0) throw new CodedError("CART_EMPTY", "The order has no items.");
  refuseMethods(wish);
  const cafe = await tx.row<{ status: string; currency: string; day: string }>(sql`
    select status, currency, to_char(now() at time zone time_zone, 'YYYY-MM-DD') as day from cafes where id = ${wish.cafeId}`);
  if (!cafe) throw notFound("The café");
  if (cafe.status !== "approved") throw new CodedError("RESTAURANT_CLOSED", "This café takes no orders at the moment.");
  const items = await takeItems(tx, wish.cafeId, wish.items);
  const totalMinor = totalOf(items);
  const order = await tx.row<{ id: string }>(sql`
    insert into orders (cafe_id, student_id, order_number, order_day, order_type, payment_method, subtotal_minor, total_minor, currency, special_instructions)
    values (${wish.cafeId}, ${wish.studentId}, 'pending-' || uuidv7(), ${cafe.day}::date, ${wish.orderType}, ${wish.paymentMethod},
            ${totalMinor}, ${totalMinor}, ${cafe.currency}, ${wish.specialInstructions})
    returning id`);
  if (!order) throw new Error("The order was not written.");
  await writeItems(tx, order.id, items);
  await numberOrder(tx, order.id, wish.cafeId, cafe.day);
  return readOrder(tx, order.id, wish.studentId);
}

function refuseMethods(wish: OrderWish): void {
  if (wish.orderType !== "pickup") throw new CodedError("METHOD_UNAVAILABLE", `This café does not offer ${wish.orderType} orders.`);
  if (wish.paymentMethod === "upi") throw new CodedError("METHOD_UNAVAILABLE", "This café does not take UPI payments.");
}

/** The counter's row is taken last and held for this one statement and the commit: no gaps, and hardly a wait. */
async function numberOrder(tx: Transaction, orderId: string, cafeId: string, day: string): Promise<void> {
  await tx.run(sql`
    with taken as (
      insert into order_counters (cafe_id, day, last_number) values (${cafeId}, ${day}::date, 1)
      on conflict (cafe_id, day) do update set last_number = order_counters.last_number + 1
      returning last_number),
    numbered as (
      update orders set order_number = 'ORD-' || to_char(${day}::date, 'YYYYMMDD') || '-' || lpad(taken.last_number::text, greatest(3, length(taken.last_number::text)), '0')
      from taken where orders.id = ${orderId} returning orders.id, orders.order_number, orders.cafe_id, orders.student_id, orders.total_minor)
    select emit_event(array['cafe:' || cafe_id, 'order:' || id, 'student:' || student_id], 'order_placed',
      jsonb_build_object('order_id', id, 'order_number', order_number, 'amount_minor', total_minor)) from numbered`);
}
