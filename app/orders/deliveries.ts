import { auditActor, type CafeActor } from "../identity/actor.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { type Page, pageOf } from "../platform/page.ts";
import { type Queryable, sql, type Transaction } from "../platform/postgres.ts";
import { moveOrder } from "./move-order.ts";
import type { OrderBody } from "./schemas.ts";

export interface Assignment {
  readonly id: string;
  readonly status: "assigned" | "picked_up" | "delivered";
  readonly assignedAt: Date;
  readonly pickedUpAt: Date | null;
  readonly deliveredAt: Date | null;
  readonly studentName: string | null;
  readonly studentPhone: string | null;
  readonly order: OrderBody;
}

interface Assign extends CafeActor {
  readonly orderId: string;
  readonly driverId: string;
}

/** Says who brings an order. Somebody else can be named until it has left. */
export async function assignDelivery(tx: Transaction, assign: Assign): Promise<void> {
  const { orderId, driverId, cafeId } = assign;
  const order = await tx.row<{ status: string; orderType: string }>(sql`
    select status, order_type from orders where id = ${orderId} and cafe_id = ${cafeId} for update`);
  if (!order) throw notFound("The order");
  const driver = await tx.row(sql`select id from staff where id = ${driverId} and cafe_id = ${cafeId} and role = 'delivery' and is_active`);
  if (!driver) throw notFound("The driver");
  if (order.orderType !== "delivery" || !["received", "preparing", "ready"].includes(order.status))
    throw new CodedError("INVALID_TRANSITION", "Only a delivery that has not left yet can be given to a driver.", {
      details: { status: order.status, order_type: order.orderType },
    });
  await tx.run(sql`
    with given as (
      insert into delivery_assignments (order_id, staff_id) values (${orderId}, ${driverId})
      on conflict (order_id) do update set staff_id = excluded.staff_id, assigned_at = now() returning id, order_id)
    select emit_event(array['order:' || order_id, 'cafe:' || ${cafeId}::uuid], 'delivery_assigned', jsonb_build_object('order_id', order_id, 'assignment_id', id)) from given`);
  await auditActor(tx, assign, {
    action: "order.delivery_assigned",
    objectKind: "order",
    objectId: orderId,
    details: { driver_id: driverId },
  });
}

/** A driver's own assignments, newest first. */
export async function listAssignments(
  db: Queryable,
  driverId: string,
  { status, limit, cursor }: { readonly status?: string | undefined; readonly limit: number; readonly cursor?: string | undefined },
): Promise<Page<Assignment>> {
  const found = await db.rows<Assignment>(sql`
    select a.id, a.status, a.assigned_at, a.picked_up_at, a.delivered_at, s.name as student_name, s.phone as student_phone, order_json(o) as order
    from delivery_assignments a join orders o on o.id = a.order_id left join students s on s.id = o.student_id
    where a.staff_id = ${driverId} and (${status ?? null}::text is null or a.status = ${status ?? null}) and (${cursor ?? null}::uuid is null or a.id < ${cursor ?? null}::uuid)
    order by a.id desc limit ${limit + 1}`);
  return pageOf(found, limit);
}

interface Drive {
  readonly assignmentId: string;
  readonly driverId: string;
  readonly cafeId: string;
  readonly to: "picked_up" | "delivered";
  readonly requestId: string;
}

/** The driver has it, or has handed it over: the order moves, and the assignment with it. Said twice it is said once. */
export async function moveAssignment(tx: Transaction, drive: Drive): Promise<void> {
  const assignment = await tx.row<{ orderId: string }>(sql`
    select order_id from delivery_assignments where id = ${drive.assignmentId} and staff_id = ${drive.driverId}`);
  if (!assignment) throw notFound("The assignment");
  const order = await tx.row<{ isDone: boolean }>(sql`
    select exists (select from delivery_assignments a where a.id = ${drive.assignmentId} and a.status = ${drive.to}) as is_done
    from orders where id = ${assignment.orderId} for update`);
  if (order?.isDone) return;
  await moveOrder(tx, {
    orderId: assignment.orderId,
    to: drive.to === "picked_up" ? "out_for_delivery" : "completed",
    by: "delivery",
    actor: { staffId: drive.driverId, cafeId: drive.cafeId },
    requestId: drive.requestId,
  });
}

export async function readAssignment(db: Queryable, assignmentId: string, driverId: string): Promise<Assignment> {
  const found = await db.row<Assignment>(sql`
    select a.id, a.status, a.assigned_at, a.picked_up_at, a.delivered_at, s.name as student_name, s.phone as student_phone, order_json(o) as order
    from delivery_assignments a join orders o on o.id = a.order_id left join students s on s.id = o.student_id
    where a.id = ${assignmentId} and a.staff_id = ${driverId}`);
  if (!found) throw notFound("The assignment");
  return found;
}
