import { notFound } from "../platform/errors.ts";
import { type Page, pageOf } from "../platform/page.ts";
import { part, type Queryable, sql } from "../platform/postgres.ts";
import type { BoardOrderBody, OrderBody } from "./schemas.ts";
import { type OrderStatus, orderStatuses } from "./transitions.ts";

export interface BoardFilter {
  readonly cafeId: string;
  readonly statuses: readonly OrderStatus[] | undefined;
  /** A day of the café's calendar. */
  readonly day: string | undefined;
  readonly orderType: OrderBody["order_type"] | undefined;
  readonly isUnpaid: boolean;
  readonly limit: number;
  readonly cursor: string | undefined;
}

interface BoardRow {
  readonly body: OrderBody;
  readonly studentName: string | null;
  readonly canStart: boolean;
  readonly delivery: BoardOrderBody["delivery"];
}

const boardColumns = part`order_json(o) as body, case when s.id is not null then student_label(s.name, s.phone) end as student_name, o.status = 'received' and may_prepare(o) as can_start,
  (select json_build_object('id', a.id, 'staff_id', a.staff_id, 'status', a.status) from delivery_assignments a where a.order_id = o.id) as delivery`;

/**
 * The café's orders, newest first. Each status is read from its own end of orders_board, so old orders cost nothing: whole
 * rows are compared, because with plain equalities the planner walks all ids (70 ms against 2 ms over 50,000 orders).
 */
export async function listBoard(db: Queryable, filter: BoardFilter): Promise<Page<BoardOrderBody>> {
  const { cafeId, day = null, orderType = null, cursor = null } = filter;
  const found = await db.rows<BoardRow>(sql`
    with zone as materialized (select time_zone from cafes where id = ${cafeId}),
    span as materialized (
      select coalesce(uuid_from((${day}::date::timestamp at time zone time_zone) - interval '1 hour'), '00000000-0000-0000-0000-000000000000') as first,
        coalesce(${cursor}::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff') as behind,
        coalesce(uuid_from(((${day}::date + 1)::timestamp at time zone time_zone) + interval '1 hour'), 'ffffffff-ffff-ffff-ffff-ffffffffffff') as last from zone),
    page as materialized (
      select o.id from unnest(${filter.statuses ?? orderStatuses}::text[]) w (status), span, lateral (
        select x.id from orders x
        where (x.cafe_id, x.status, x.id) > (${cafeId}, w.status, span.first) and (x.cafe_id, x.status, x.id) < (${cafeId}, w.status, least(span.last, span.behind))
          and (${day}::date is null or x.order_day = ${day}::date) and (${orderType}::text is null or x.order_type = ${orderType})
          and (not ${filter.isUnpaid} or x.payment_status in ('pending', 'failed'))
        order by x.cafe_id desc, x.status desc, x.id desc limit ${filter.limit + 1}) o
      order by o.id desc limit ${filter.limit + 1})
    select ${boardColumns} from page p join orders o on o.id = p.id left join students s on s.id = o.student_id order by o.id desc`);
  return pageOf(found.map(present), filter.limit);
}

/** Of any café where none is named. */
export async function readBoardOrder(db: Queryable, orderId: string, cafeId: string | undefined): Promise<BoardOrderBody> {
  const found = await db.row<BoardRow>(sql`
    select ${boardColumns} from orders o left join students s on s.id = o.student_id
    where o.id = ${orderId} and (${cafeId ?? null}::uuid is null or o.cafe_id = ${cafeId ?? null})`);
  if (!found) throw notFound("The order");
  return present(found);
}

const present = ({ body, studentName, canStart, delivery }: BoardRow): BoardOrderBody => ({
  ...body,
  student_name: studentName,
  can_start: canStart,
  delivery,
});
