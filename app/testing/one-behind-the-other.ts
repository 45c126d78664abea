import { type Database, sql, type Transaction } from "../platform/postgres.ts";
import { until } from "./platform.ts";

/** A busy machine takes its time to begin; a lock that is missing is seen at once. */
const withinMs = 25_000;

/**
 * Two transactions that meet: `second` begins when `first` has done its work and not committed yet, and `first` commits when `second`
 * waits for it (or, where no lock makes it wait, is done). What `second` found. `meanwhile` is done by the first while the second waits.
 */
export async function oneBehindTheOther<Found>(
  owner: Database,
  first: (tx: Transaction) => Promise<unknown>,
  second: (tx: Transaction) => Promise<Found>,
  meanwhile: (tx: Transaction) => Promise<unknown> = async () => undefined,
): Promise<Found> {
  const { found } = await owner.transaction(async (tx) => {
    await first(tx);
    let pid: number | undefined;
    let isDone = false;
    const running = owner.transaction(async (other) => {
      await other.run(sql`set local lock_timeout = 0`);
      pid = (await other.row<{ pid: number }>(sql`select pg_backend_pid() as pid`))?.pid;
      return second(other);
    });
    const end = () => {
      isDone = true;
    };
    running.then(end, end);
    const isBehind = () => tx.row(sql`select 1 as yes where pg_backend_pid() = any (pg_blocking_pids(${pid ?? 0}))`);
    await until("the second transaction waits for the first one", async () => isDone || (await isBehind()), withinMs);
    await meanwhile(tx);
    return { found: running };
  });
  return found;
}
