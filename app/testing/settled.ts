import { type Database, sql } from "../platform/postgres.ts";
import { until } from "./platform.ts";

/**
 * Waits until every transaction up to now is over for whoever asks pg_snapshot_xmin. That is one for the whole server, so
 * the transactions of other test files hold it back too.
 */
export async function settled(db: Pick<Database, "row">): Promise<void> {
  const now = await db.row<{ xid: string }>(sql`select pg_current_xact_id()::text as xid`);
  await until("the transactions before this one to end", async () => {
    const moment = await db.row<{ over: boolean }>(sql`select pg_snapshot_xmin(pg_current_snapshot()) > ${now?.xid}::xid8 as over`);
    return moment?.over === true;
  });
}
