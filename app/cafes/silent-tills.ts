import type { Platform } from "../platform/context.ts";
import { sql } from "../platform/postgres.ts";

const silentMinutes = 30;
const sameHourDays = 3;

/**
 * How many cafés are open, sold in this half hour on each of the last working days, and have sold nothing in it today. An order
 * that was placed counts: its café is reached. Ids are times, so each look reads one short range of the café's orders.
 */
export async function refreshSilentTills({ db, metrics }: Platform, at: Date = new Date()): Promise<void> {
  const row = await db.row<{ silent: number }>(sql`
    with working as (
      select d.day from generate_series(1, 10) back, lateral (select ${at}::timestamptz - make_interval(days => back) as day) d
      where extract(isodow from d.day) < 6 order by d.day desc limit ${sameHourDays}),
    half_hours as (select ${at}::timestamptz as until, true as is_today union all select day, false from working)
    select count(*) as silent from cafes f
    where extract(isodow from ${at}::timestamptz) < 6 and cafe_takes_orders_at(f.id, ${at})
      and cafe_takes_orders_at(f.id, ${at}::timestamptz - make_interval(mins => ${silentMinutes}))
      and (select bool_and(h.is_today <> exists (
        select from orders o where o.cafe_id = f.id and o.id >= uuid_from(h.until - make_interval(mins => ${silentMinutes})) and o.id < uuid_from(h.until)))
        from half_hours h)`);
  metrics.set("tills_silent", {}, row?.silent ?? 0);
}
