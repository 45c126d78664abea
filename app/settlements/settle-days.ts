import type { Job } from "../platform/jobs.ts";
import { type Queryable, sql } from "../platform/postgres.ts";

// Live events wait for the oldest transaction that writes: a day of 4,300 sales took 0.1 s (measured), so a run stays short.
const maxPerRun = 5;
const everySeconds = 15;
/** A debit of the day's last second has long ended by then; one that had not would come with the next day's. */
const waitAfterMidnightMinutes = 15;

/**
 * Settles the oldest finished business day of a few cafés that are not settled yet. Run twice, or by two workers at once, each
 * day is settled once. Among equals chance decides, so that one café that cannot be settled does not hold up the others.
 * `at` is the moment that is taken for now.
 */
export async function settleFinishedDays(tx: Queryable, at = new Date()): Promise<number> {
  const due = await tx.rows<{ cafeId: string; day: string }>(sql`
    select f.id as cafe_id, to_char(n.day, 'YYYY-MM-DD') as day
    from cafes f join accounts a on a.cafe_id = f.id and a.kind = 'cafe_payable' and a.currency = f.currency
      left join lateral (select s.day from settlements s where s.cafe_id = f.id order by s.day desc limit 1) last on true,
      lateral (select coalesce(last.day + 1, (a.created_at at time zone f.time_zone)::date) as day) n
    where n.day < ((${at}::timestamptz - make_interval(mins => ${waitAfterMidnightMinutes})) at time zone f.time_zone)::date
    order by n.day, random() limit ${maxPerRun}`);
  let settled = 0;
  for (const { cafeId, day } of due) {
    const made = await tx.row<{ id: string | null }>(sql`select settle_cafe_day(${cafeId}, ${day}::date, ${at}::timestamptz) as id`);
    if (made?.id) settled += 1;
  }
  return settled;
}

export const settleJob: Job = {
  name: "settle-days",
  everySeconds,
  run: async (tx) => {
    await settleFinishedDays(tx);
  },
};
