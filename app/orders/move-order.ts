import { type RefundInput, refundRest, refuseOfStoppedCafe } from "../ledger/refund-order.ts";
import { audit } from "../platform/audit.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { type Mover, type Need, type OrderStatus, standsHours, transitionOf } from "./transitions.ts";

export interface Move {
  readonly orderId: string;
  readonly to: OrderStatus;
  /** What whoever moves it believes it to be: refused where somebody was quicker. */
  readonly from?: OrderStatus;
  readonly reason?: string;
  readonly by: Mover;
  /** Who moves it: the student whose order it is, or a member of staff; of the university's where no café is named. */
  readonly actor: { readonly studentId: string } | { readonly staffId: string; readonly cafeId: string | undefined };
  readonly requestId?: string;
  /** As much as one member of staff gives back by a cancel, and a student of what was begun; what is above is a refund by two people first. */
  readonly aloneUpToMinor?: number;
}

interface Movable {
  readonly cafeId: string;
  readonly status: OrderStatus;
  readonly orderType: string;
  readonly paymentMethod: string;
  readonly paymentStatus: string;
  readonly mayPrepare: boolean;
  readonly mayUndo: boolean;
  readonly stands: boolean;
  readonly wasBegun: boolean;
  readonly totalMinor: number;
  readonly atCounter: boolean;
}

/** Moves an order along the table of transitions; a cancelled one gives back what was paid, its stock and its slot. */
export async function moveOrder(tx: Transaction, move: Move): Promise<void> {
  const order = await lockMovable(tx, move);
  if (move.from !== undefined && move.from !== order.status) throw refusedStep(order, move.to, `it is not ${move.from} any more`);
  refuseStep(order, move.to, move.by);
  // It may be eaten by now: at a counter the food changes hands with the payment.
  if (move.by === "student" && order.atCounter && isPaid(order)) throw refusedStep(order, move.to, "it was sold at the counter, ask there");
  // A kitchen's step back lets nobody give a large sum away alone.
  if (move.by === "student" && order.wasBegun && isPaid(order) && order.totalMinor > (move.aloneUpToMinor ?? 0))
    throw refusedStep(order, move.to, "the kitchen had begun it, and so much is given back by two people, ask at the counter");
  await step(tx, order, move, false);
}

/**
 * Nobody came for it. What was paid stays paid, and the order is completed; an unpaid one is cancelled. Neither gives
 * portions back: they were cooked.
 */
export async function noteNoShow(tx: Transaction, move: Omit<Move, "from" | "to" | "reason">): Promise<void> {
  const order = await lockMovable(tx, move);
  const to = isPaid(order) ? "completed" : "cancelled";
  if (order.status !== "ready" && order.status !== "out_for_delivery")
    throw refusedStep(order, to, "only an order that is ready can be left behind");
  refuseStep(order, to, move.by);
  await step(tx, order, { ...move, to, reason: "no_show" }, true);
}

async function lockMovable(tx: Transaction, { orderId, actor }: Pick<Move, "orderId" | "actor">): Promise<Movable> {
  const studentId = "studentId" in actor ? actor.studentId : null;
  const cafeId = "cafeId" in actor ? (actor.cafeId ?? null) : null;
  const isUniversity = "staffId" in actor && actor.cafeId === undefined;
  const order = await tx.row<Movable>(sql`
    select o.cafe_id, o.status, o.order_type, o.total_minor, o.payment_method, o.payment_status, may_prepare(o) as may_prepare,
      coalesce((select max(l.at) from order_status_log l where l.order_id = o.id) >= clock_timestamp() - make_interval(secs => setting_number(o.cafe_id, 'undo_seconds')), false) as may_undo,
      greatest(o.created_at, o.scheduled_for) < now() - make_interval(hours => ${standsHours}) as stands,
      exists (select from order_status_log l where l.order_id = o.id and l.to_status = 'preparing') as was_begun,
      exists (select from counter_sales s where s.order_id = o.id) as at_counter
    from orders o where o.id = ${orderId} and (o.student_id = ${studentId} or o.cafe_id = ${cafeId} or ${isUniversity}) for update of o`);
  if (!order) throw notFound("The order");
  return order;
}

const isPaid = ({ paymentStatus }: Movable): boolean => paymentStatus === "paid" || paymentStatus === "refunded";

const holds: Readonly<Record<Need, (order: Movable) => boolean>> = {
  may_prepare: ({ mayPrepare }) => mayPrepare,
  paid: isPaid,
  delivery: ({ orderType }) => orderType === "delivery",
  undo: ({ mayUndo }) => mayUndo,
  stands: ({ stands }) => stands,
};

const becauses: Readonly<Record<Need, string>> = {
  may_prepare: "it is not paid yet",
  paid: "it is not paid yet",
  delivery: "it is not a delivery",
  undo: "the time to take that step back is over",
  stands: `the café has ${standsHours} hours to end it`,
};

function refuseStep(order: Movable, to: OrderStatus, by: Mover): void {
  const transition = transitionOf(order.status, to, by);
  if (!transition) throw refusedStep(order, to, by === "student" ? "ask at the counter" : `${by} may not do that`);
  if (transition.need !== undefined && !holds[transition.need](order)) throw refusedStep(order, to, becauses[transition.need]);
}

const refusedStep = (order: Movable, to: OrderStatus, because: string) =>
  new CodedError("INVALID_TRANSITION", `An order that is ${order.status} cannot become ${to} here: ${because}.`, {
    details: { status: order.status, payment_status: order.paymentStatus },
  });

const cancellers: Partial<Record<Mover, string>> = { student: "the student", finance: "the university" };

async function step(tx: Transaction, order: Movable, move: Move, isNoShow: boolean): Promise<void> {
  const { orderId, to, actor } = move;
  const staffId = "staffId" in actor ? actor.staffId : null;
  const reason = move.reason ?? `cancelled by ${cancellers[move.by] ?? "the café"}`;
  await tx.run(sql`select set_order_status(${orderId}, ${to}, ${reason}, ${isNoShow})`);
  const alone = move.aloneUpToMinor === undefined || move.by === "student" ? {} : { aloneUpToMinor: move.aloneUpToMinor };
  if (to === "cancelled" && order.paymentStatus === "paid") {
    if ("staffId" in actor && actor.cafeId !== undefined) await refuseOfStoppedCafe(tx, order.cafeId);
    await giveBack(tx, order, move.by, { orderId, reason, requestedBy: staffId, ...alone });
  }
  if (staffId === null) return;
  await audit(tx, {
    actorKind: "staff",
    actorId: staffId,
    action: isNoShow ? "order.no_show" : "order.status",
    objectKind: "order",
    objectId: orderId,
    cafeId: order.cafeId,
    details: { from: order.status, to, ...(move.reason === undefined ? {} : { reason: move.reason }) },
    ...(move.requestId === undefined ? {} : { requestId: move.requestId }),
  });
}

async function giveBack(
  tx: Transaction,
  order: Movable,
  by: Mover,
  refund: Pick<RefundInput, "orderId" | "reason" | "requestedBy" | "aloneUpToMinor">,
): Promise<void> {
  if (order.paymentMethod !== "cash") return void (await refundRest(tx, refund));
  // Cash goes back over the counter, so somebody has to stand there; what the university ends is given back there afterwards.
  if (by === "finance") return;
  if (refund.requestedBy === null) throw refusedStep(order, "cancelled", "it was paid in cash: ask at the counter");
  await tx.run(sql`select refund_cash(${refund.orderId}, null, ${refund.reason}, ${refund.requestedBy})`);
}
