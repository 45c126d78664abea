import type { PaymentMethod } from "../orders/payment-methods.ts";
import { allOf } from "../platform/all-of.ts";
import { notFound } from "../platform/errors.ts";
import { part, type Queryable, type Statement, sql } from "../platform/postgres.ts";
import { uuidFloor } from "../platform/uuid-floor.ts";

/** One sale: an order that was paid, with the transaction of the ledger that paid it. */
export interface SaleLine {
  readonly id: string;
  readonly orderId: string;
  readonly orderNumber: string;
  readonly cafeId: string;
  readonly cafeName: string;
  readonly paidAt: Date;
  readonly paymentMethod: PaymentMethod;
  readonly studentLabel: string | null;
  readonly amountMinor: number;
  readonly refundedMinor: number;
  readonly currency: string;
  readonly reference: string | null;
  readonly metadata: Readonly<Record<string, string>> | null;
}

export interface Sale extends SaleLine {
  /** For the university's staff only; nobody for a sale without an account and for an erased student. */
  readonly student: {
    readonly id: string;
    readonly name: string | null;
    readonly phone: string;
    readonly studentNumber: string | null;
  } | null;
  readonly customerId: string | null;
  readonly subtotalMinor: number;
  readonly deliveryChargeMinor: number;
  readonly items: readonly {
    readonly itemName: string;
    readonly itemPriceMinor: number;
    readonly vatBasisPoints: number;
    readonly quantity: number;
    readonly lineTotalMinor: number;
  }[];
  readonly refunds: readonly {
    readonly id: string;
    readonly transactionId: string;
    readonly amountMinor: number;
    readonly reason: string;
    readonly createdAt: string;
  }[];
}

export interface SaleFilter {
  /** null: of all cafés, for the university's finance. */
  readonly cafeId: string | null;
  /** The business day of the payment, in the café's zone: YYYY-MM-DD. */
  readonly day?: string | undefined;
  /** The month of that day: YYYY-MM. */
  readonly month?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly method?: PaymentMethod | undefined;
  /** Part of the student's label or of the order number. */
  readonly search?: string | undefined;
  /** The university's staff know the students, and find them by name, phone and number too: a café does not. */
  readonly knowsStudents: boolean;
  /** Where their search may be a phone: as phones are kept. */
  readonly phone?: string | undefined;
  readonly studentId?: string | undefined;
  readonly minMinor?: number | undefined;
  readonly maxMinor?: number | undefined;
}

const columns = part`t.id, o.id as order_id, o.order_number, o.cafe_id, f.name as cafe_name, o.paid_at, o.payment_method,
  case when o.student_id is not null then student_label(s.name, s.phone) end as student_label, t.amount_minor, o.refunded_minor, t.currency, n.reference, n.metadata`;
const noted = part`left join transaction_notes n on n.document = 'orders' and n.document_id = o.id`;

interface Page {
  readonly limit: number;
  /** The last order's id of the page before. */
  readonly after: string | undefined;
}

/**
 * In the order in which the orders were placed, newest first; one more than the limit tells that a further page exists.
 * What is filtered is the orders alone; the ledger, the café and the student are read for the lines that are shown.
 */
export const readSales = (db: Queryable, filter: SaleFilter, { limit, after }: Page): Promise<SaleLine[]> =>
  db.rows<SaleLine>(sql`
    with paid as ${windowOf(filter)},
    page as (
      select o.* from paid o
      where ${allOf([...conditions(filter), ...(after === undefined ? [] : [part`o.id < ${after}`])])}
      order by o.id desc limit ${limit + 1})
    select ${columns} from page o join ledger_transactions t on t.id = o.paid_transaction_id join cafes f on f.id = o.cafe_id
      left join students s on s.id = o.student_id ${noted}
    order by o.id desc`);

/**
 * With a beginning the window is read first, along the BRIN index on the time of payment: left to itself the planner walks
 * the ids from the newest on and never knows when to stop (0.7 s for a day without a hit among 200,000 orders of a café).
 */
function windowOf({ day, month, from, to }: SaleFilter): Statement {
  const { first, last } =
    day !== undefined
      ? boundsAround(day, day)
      : month !== undefined
        ? boundsAround(`${month}-01`, lastDayOf(month))
        : { first: from, last: to };
  const bounds = [
    part`payment_status in ('paid', 'refunded')`,
    ...(first === undefined ? [] : [part`paid_at >= ${first}`]),
    ...(last === undefined ? [] : [part`paid_at < ${last}`]),
  ];
  return part`${first === undefined ? part`not materialized` : part`materialized`} (select * from orders where ${allOf(bounds)})`;
}

const hourMs = 3_600_000;

/** Days anywhere on earth lie within these: zones reach from 12 hours behind UTC to 14 before it, and a day may have 25. */
function boundsAround(firstDay: string, lastDay: string): { first: Date; last: Date } {
  const midnightOf = (day: string) => new Date(`${day}T00:00:00Z`).getTime();
  return { first: new Date(midnightOf(firstDay) - 15 * hourMs), last: new Date(midnightOf(lastDay) + 38 * hourMs) };
}

function lastDayOf(month: string): string {
  const next = new Date(`${month}-01T00:00:00Z`);
  next.setUTCMonth(next.getUTCMonth() + 1, 0);
  return next.toISOString().slice(0, 10);
}

/** An id is made a little after the transaction's own time. */
const idLeadMs = 60_000;

/** Only what was asked for stands in the statement, so that each question gets a plan of its own. */
function conditions({
  cafeId,
  day,
  month,
  from,
  to,
  method,
  search,
  knowsStudents,
  phone,
  studentId,
  minMinor,
  maxMinor,
}: SaleFilter): Statement[] {
  const studentText = knowsStudents
    ? part`concat_ws(' ', student_label(s.name, s.phone), s.name, s.phone, s.student_number)`
    : part`student_label(s.name, s.phone)`;
  return [
    ...(cafeId === null ? [] : [part`o.cafe_id = ${cafeId}`]),
    ...(day === undefined
      ? []
      : [part`(o.paid_at at time zone (select f.time_zone from cafes f where f.id = o.cafe_id))::date = ${day}::date`]),
    ...(month === undefined
      ? []
      : [part`to_char(o.paid_at at time zone (select f.time_zone from cafes f where f.id = o.cafe_id), 'YYYY-MM') = ${month}`]),
    ...(from === undefined ? [] : [part`o.paid_at >= ${from}`]),
    ...(to === undefined ? [] : [part`o.paid_at < ${to} and o.id < ${uuidFloor(new Date(to.getTime() + idLeadMs))}`]),
    ...(method === undefined ? [] : [part`o.payment_method = ${method}`]),
    ...(studentId === undefined ? [] : [part`o.student_id = ${studentId}`]),
    ...(minMinor === undefined ? [] : [part`o.total_minor >= ${minMinor}`]),
    ...(maxMinor === undefined ? [] : [part`o.total_minor <= ${maxMinor}`]),
    ...(search === undefined
      ? []
      : [
          part`(strpos(o.order_number, upper(${search}::text)) > 0 or o.student_id in (
            select s.id from students s where strpos(lower(${studentText}), lower(${search}::text)) > 0
              ${phone === undefined || !knowsStudents ? part`` : part`or strpos(s.phone, ${phone}) > 0`}))`,
        ]),
  ];
}

/** One sale with its lines and what was given back, in one statement and so as of one moment. */
export async function readSale(
  db: Queryable,
  transactionId: string,
  { cafeId, knowsStudents }: Pick<SaleFilter, "cafeId" | "knowsStudents">,
): Promise<Sale> {
  const sale = await db.row<Sale>(sql`
    select ${columns}, case when ${knowsStudents} and s.erased_at is null and s.id is not null
        then json_build_object('id', s.id, 'name', s.name, 'phone', s.phone, 'studentNumber', s.student_number) end as student,
      o.subtotal_minor, o.delivery_charge_minor,
      (select c.id from customers c where c.cafe_id = o.cafe_id and c.student_id = o.student_id) as customer_id,
      (select coalesce(json_agg(json_build_object('itemName', i.item_name, 'itemPriceMinor', i.item_price_minor, 'vatBasisPoints', i.vat_basis_points,
          'quantity', i.quantity, 'lineTotalMinor', i.line_total_minor) order by i.id), '[]') from order_items i where i.order_id = o.id) as items,
      (select coalesce(json_agg(json_build_object('id', r.id, 'transactionId', r.transaction_id, 'amountMinor', r.amount_minor, 'reason', r.reason,
          'createdAt', r.created_at) order by r.id), '[]') from refunds r where r.order_id = o.id) as refunds
    from ledger_transactions t join orders o on o.id = t.order_id and o.paid_transaction_id = t.id join cafes f on f.id = o.cafe_id
      left join students s on s.id = o.student_id ${noted}
    where t.id = ${transactionId} and (${cafeId}::uuid is null or o.cafe_id = ${cafeId}::uuid)`);
  if (!sale) throw notFound("The transaction");
  return sale;
}
