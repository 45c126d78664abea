import type { Config } from "../platform/config.ts";
import { type Queryable, sql } from "../platform/postgres.ts";

/** Read backwards from the newest: so many are paid in two hours of the busiest lunch, and whoever asks does it in the hour of a failover. */
const maxRead = 200_000;

/** When the newest debit was made that came over from the epoch before; those that were lost and posted again did not. Null where none is found. */
export async function lastKeptAt(db: Queryable, { CAMPUS_EPOCH }: Pick<Config, "CAMPUS_EPOCH">): Promise<Date | null> {
  const row = await db.row<{ at: Date }>(sql`
    select created_at as at from (select id, payload, created_at from receipts order by id desc limit ${maxRead}) newest
    where (payload::jsonb ->> 'epoch')::integer < ${CAMPUS_EPOCH}::integer
      and not exists (select from failover_cases where receipt_id = newest.id)
    order by id desc limit 1`);
  return row?.at ?? null;
}
