import { notFound } from "../platform/errors.ts";
import { type Queryable, sql } from "../platform/postgres.ts";

export interface Slot {
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly slot: string;
  readonly remaining: number;
}

/** The slots of a day of the café's calendar that can still be booked, with what is left in each. */
export async function listSlots(db: Queryable, cafeId: string, day: string): Promise<Slot[]> {
  const cafe = await db.row(sql`select from cafes where id = ${cafeId} and status = 'approved'`);
  if (!cafe) throw notFound("The café");
  return db.rows<Slot>(sql`
    select s.starts_at, s.ends_at, s.slot, greatest(0, setting_number(${cafeId}, 'max_orders_per_slot') - coalesce(c.taken, 0)) as remaining
    from order_slots(${cafeId}, ${day}::date) s left join slot_counters c on c.cafe_id = ${cafeId} and c.starts_at = s.starts_at
    where s.starts_at > now() and s.starts_at <= now() + interval '7 days' and cafe_takes_orders_at(${cafeId}, s.starts_at)
    order by s.starts_at`);
}
