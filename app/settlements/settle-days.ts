import type { Platform } from "../platform/context.ts";
import type { Job } from "../platform/jobs.ts";
import { sql } from "../platform/postgres.ts";

// Live events wait for the oldest transaction that writes: a day of 4,300 sales took 0.1 s (measured), so a run stays short.
const maxPerRun = 5;
const everySeconds = 15;
/** A debit of the day's last second has long ended by then; one that had not would come with the next day's. */
const waitAfterMidnightMinutes = 15;
const firstPauseSeconds = 60;
const longestPauseSeconds = 3_600;

interface Due {
  readonly cafeId: string;
  readonly day: string;
}

/**
 * Settles the oldest finished business day of a few cafés that are not settled yet, each in a transaction of its own: a café that
 * cannot be settled is written down, tried again later, and holds up nobody else. Run twice, or by two workers at once, each
 * day is settled once. `at` is the moment that is taken for now.
 */
export async function settleFinishedDays(platform: Pick<Platform, "db" | "log" | "metrics">, at = new Date()): Promise<number> {
  const due = await platform.db.rows<Due>(sql`
    select f.id as cafe_id, to_char(n.day, 'YYYY-MM-DD') as day
    from cafes f left join settlement_failures x on x.cafe_id = f.id, lateral day_to_settle(f.id) n
    where n.ends_at <= ${at}::timestamptz - make_interval(mins => ${waitAfterMidnightMinutes}) and (x.try_at is null or x.try_at <= now())
    order by n.ends_at, f.id limit ${maxPerRun}`);
  let settled = 0;
  for (const each of due) if (await settleDay(platform, each, at)) settled += 1;
  return settled;
}

async function settleDay({ db, log, metrics }: Pick<Platform, "db" | "log" | "metrics">, { cafeId, day }: Due, at: Date): Promise<boolean> {
  try {
    return await db.transaction(async (tx) => {
      const made = await tx.row<{ id: string | null }>(sql`select settle_cafe_day(${cafeId}, ${day}::date, ${at}::timestamptz) as id`);
      await tx.run(sql`delete from settlement_failures where cafe_id = ${cafeId}`);
      return made?.id != null;
    });
  } catch (error) {
    log.error({ err: error, cafe_id: cafeId, day }, "A café's day could not be settled");
    metrics.count("settlements_failed_total", {});
    await db.run(sql`
      insert into settlement_failures as f (cafe_id, day, error, try_at)
      values (${cafeId}, ${day}::date, ${String((error as Error).message).slice(0, 500)}, now() + make_interval(secs => ${firstPauseSeconds}))
      on conflict (cafe_id) do update set day = excluded.day, error = excluded.error, tries = f.tries + 1,
        try_at = now() + make_interval(secs => least(${longestPauseSeconds}, ${firstPauseSeconds} * 2.0 ^ least(f.tries, 12)))`);
    return false;
  }
}

export const settleJob = (platform: Platform): Job => ({
  name: "settle-days",
  everySeconds,
  run: async () => {
    await settleFinishedDays(platform);
  },
});
