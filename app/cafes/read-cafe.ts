import { notFound } from "../platform/errors.ts";
import { part, type Queryable, type Statement, sql } from "../platform/postgres.ts";
import type { Cafe } from "./cafe.ts";

const columns = part`id, code, name, wanted_name, status, address, time_zone, currency, opening_hours, holidays, paused_until, pause_reason, number_match_required,
  cafe_takes_orders_at(id, now()) as is_open, exists (select from cafe_tables t where t.cafe_id = cafes.id and t.is_active) as has_tables, created_at, updated_at`;

async function find(db: Queryable, condition: Statement): Promise<Cafe> {
  const cafe = await db.row<Cafe>(sql`select ${columns} from cafes where ${condition}`);
  if (!cafe) throw notFound("The café");
  return cafe;
}

/** For its own staff and the university, whatever its status. */
export const readCafe = (db: Queryable, cafeId: string): Promise<Cafe> => find(db, part`id = ${cafeId}`);

/** For everybody: only what was approved exists. */
export const readOpenCafe = (db: Queryable, cafeId: string): Promise<Cafe> => find(db, part`id = ${cafeId} and status = 'approved'`);
