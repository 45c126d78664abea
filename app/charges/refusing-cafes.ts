import type { Platform } from "../platform/context.ts";
import { sql } from "../platform/postgres.ts";

const fewestCards = 5;
/** Of a hundred cards that are shown there. With one of two processes wrong it is every second one. */
const share = 40;

/**
 * How many cafés refuse so many of the cards that they are shown, in the ten minutes that run, that the cards cannot be at fault. One
 * such café may have a thief or a broken reader; several have a wrong pepper. Where nothing is refused no charge is read.
 */
export async function refreshRefusingCafes({ db, metrics }: Platform): Promise<void> {
  const row = await db.row<{ refusing: number }>(sql`
    select count(*) as refusing from refused_cards r
    where r.period = refusal_period() and r.cards >= ${fewestCards} and r.cards * ${100 - share} >= ${share} * (
      select count(*) from charges c where c.id >= uuid_from(r.period) and c.cafe_id = r.cafe_id)`);
  metrics.set("cafes_refusing_cards", {}, row?.refusing ?? 0);
}
