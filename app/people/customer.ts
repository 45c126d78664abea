import { allOf } from "../platform/all-of.ts";
import { notFound } from "../platform/errors.ts";
import { type Page, type PageInput, pageOf } from "../platform/page.ts";
import { part, type Queryable, type Statement, sql } from "../platform/postgres.ts";

/** Somebody whom a café knows. All but the label is what the café itself wrote down. */
export interface Customer {
  readonly id: string;
  readonly label: string;
  readonly isStudent: boolean;
  readonly name: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly address: string | null;
  readonly orderCount: number;
  readonly totalSpentMinor: number;
  readonly currency: string;
  readonly lastOrderAt: Date | null;
  readonly createdAt: Date;
  readonly version: number;
}

export type CustomerFields = Pick<Customer, "name" | "email" | "phone" | "address">;

/** What was paid at this café and not given back, along the index on a student's orders; for the customers that are shown only. */
const selectCustomers = (where: Statement, limit: number): Statement => sql`
  with page as (
    select c.*, student_label(s.name, s.phone) as student_label from customers c left join students s on s.id = c.student_id
    where ${where} order by c.id desc limit ${limit})
  select c.id, coalesce(c.name, c.student_label) as label, c.student_id is not null as is_student, c.name, c.email, c.phone, c.address,
    b.order_count::integer as order_count, b.total_spent_minor, f.currency, b.last_order_at, c.created_at,
    (extract(epoch from c.updated_at) * 1000000)::bigint as version
  from page c join cafes f on f.id = c.cafe_id, lateral (
    select count(*) as order_count, coalesce(sum(o.total_minor - o.refunded_minor), 0)::bigint as total_spent_minor, max(o.created_at) as last_order_at
    from orders o where o.student_id = c.student_id and o.cafe_id = c.cafe_id and o.payment_status in ('paid', 'refunded')) b
  order by c.id desc`;

export async function readCustomer(db: Queryable, cafeId: string, customerId: string): Promise<Customer> {
  const customer = await db.row<Customer>(selectCustomers(part`c.id = ${customerId} and c.cafe_id = ${cafeId}`, 1));
  if (!customer) throw notFound("The customer");
  return customer;
}

interface Wanted extends PageInput {
  readonly search: string | undefined;
}

/** Newest first: whom the café entered, and every student who paid for an order here. */
export async function listCustomers(db: Queryable, cafeId: string, { search, limit, after }: Wanted): Promise<Page<Customer>> {
  const bought = part`(c.name is not null or exists (select from orders o
    where o.student_id = c.student_id and o.cafe_id = c.cafe_id and o.payment_status in ('paid', 'refunded')))`;
  const conditions = [
    part`c.cafe_id = ${cafeId}`,
    ...(after === undefined ? [] : [part`c.id < ${after}`]),
    // A case keeps its order: the planner would look for the orders of all customers before it compares their names.
    search === undefined
      ? bought
      : part`case when strpos(lower(concat_ws(' ', c.name, c.email, c.phone, student_label(s.name, s.phone))), lower(${search}::text)) > 0
          then ${bought} else false end`,
  ];
  const rows = await db.rows<Customer>(selectCustomers(allOf(conditions), limit + 1));
  return pageOf(rows, limit);
}
