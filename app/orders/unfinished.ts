import { type Page, type PageInput, pageOf } from "../platform/page.ts";
import { type Queryable, sql } from "../platform/postgres.ts";
import type { OrderBody } from "./schemas.ts";
import { standsHours } from "./transitions.ts";

/** An order that its café neither hands over nor cancels: as long as it stands, its student can neither close the wallet nor be erased. */
export interface UnfinishedOrder {
  readonly id: string;
  readonly cafeId: string;
  readonly cafeName: string;
  readonly printedNumber: string;
  readonly status: OrderBody["status"];
  readonly paymentMethod: OrderBody["payment_method"];
  readonly paymentStatus: OrderBody["payment_status"];
  readonly totalMinor: number;
  readonly refundedMinor: number;
  readonly currency: string;
  readonly studentName: string | null;
  readonly createdAt: Date;
}

/** Of all cafés, the oldest first. */
export async function listUnfinished(db: Queryable, { limit, after }: PageInput): Promise<Page<UnfinishedOrder>> {
  // Whole rows are compared, so that orders_board is read and no other order.
  const rows = await db.rows<UnfinishedOrder>(sql`
    select o.id, o.cafe_id, f.name as cafe_name, f.code || '-' || o.order_number as printed_number, o.status, o.payment_method, o.payment_status,
      o.total_minor, o.refunded_minor, o.currency, case when s.id is not null then student_label(s.name, s.phone) end as student_name, o.created_at
    from cafes f, unnest('{received,preparing,ready,out_for_delivery}'::text[]) w (status), lateral (
        select * from orders x
        where (x.cafe_id, x.status, x.id) > (f.id, w.status, ${after ?? "00000000-0000-0000-0000-000000000000"}::uuid)
          and (x.cafe_id, x.status, x.id) < (f.id, w.status, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
          and greatest(x.created_at, x.scheduled_for) < now() - make_interval(hours => ${standsHours})
        order by x.cafe_id, x.status, x.id limit ${limit + 1}) o
      left join students s on s.id = o.student_id
    order by o.id limit ${limit + 1}`);
  return pageOf(rows, limit);
}
