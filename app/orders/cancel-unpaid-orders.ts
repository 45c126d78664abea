import type { Platform } from "../platform/context.ts";
import { sql } from "../platform/postgres.ts";

/** How long ago the orders were placed, as intervals of PostgreSQL: "9 days". */
export interface Ages {
  readonly oldest: string;
  readonly youngest: string;
}

const firstPauseSeconds = 60;
const longestPauseSeconds = 3_600;

/**
 * Cancels what nobody paid in time, so that its stock and its slot are free again: each order in a transaction of its own. One that
 * cannot be cancelled is written down, counted, tried again later, and stops no other. Says whether there may be more.
 */
export async function cancelUnpaidOrders(platform: Platform, ages: Ages, limit: number): Promise<"more" | "done"> {
  const unpaid = await platform.db.rows<{ id: string }>(sql`
    select id from unpaid_orders(now() - ${ages.oldest}::interval, now() - ${ages.youngest}::interval, ${limit}) as id`);
  for (const { id } of unpaid) await cancelOne(platform, id);
  return unpaid.length === limit ? "more" : "done";
}

async function cancelOne({ db, log, metrics }: Platform, orderId: string): Promise<void> {
  try {
    await db.transaction((tx) => tx.run(sql`select cancel_unpaid_order(${orderId})`));
  } catch (error) {
    log.error({ err: error, order_id: orderId }, "An order that nobody paid could not be cancelled");
    metrics.count("unpaid_cancels_failed_total", {});
    await db.run(sql`
      insert into unpaid_cancel_failures as f (order_id, error, try_at)
      values (${orderId}, ${String((error as Error).message).slice(0, 500)}, now() + make_interval(secs => ${firstPauseSeconds}))
      on conflict (order_id) do update set error = excluded.error, tries = f.tries + 1,
        try_at = now() + make_interval(secs => least(${longestPauseSeconds}, ${firstPauseSeconds} * 2.0 ^ least(f.tries, 12)))`);
  }
}
