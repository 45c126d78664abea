import pg from "pg";

// A statement that waits for a table's lock holds up everybody who comes after it: a payment waits this long at most, then
// the step lets go and tries again later.
export const lockTimeoutMs = 100;
const firstPauseMs = 250;
const longestPauseMs = 4_000;
const defaultPatienceMs = 10 * 60_000;
const saidEveryMs = 10_000;

const tryAgain = new Set(["55P03", "40P01"]);

export interface Patience {
  /** Told of each long wait and of what goes on, for whoever watches. */
  readonly say: (line: string) => void;
  /** After so long without its lock a step gives up; nothing of it was done. */
  readonly patienceMs?: number;
}

/** Runs `work`, and again after a pause that grows, as long as it gets no lock. It must leave nothing behind where it fails. */
export async function patiently<T>(client: pg.Client, what: string, patience: Patience, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  let saidAt = Number.NEGATIVE_INFINITY;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!gotNoLock(error)) throw error;
      const waitedMs = performance.now() - startedAt;
      const seconds = Math.round(waitedMs / 1000);
      if (waitedMs > (patience.patienceMs ?? defaultPatienceMs)) {
        throw new Error(`${what} got no lock in ${seconds} s and gave up: ${await longestTransaction(client)}.`, { cause: error });
      }
      if (performance.now() - saidAt > saidEveryMs) {
        patience.say(`${what} waits for a lock, ${seconds} s so far: ${await longestTransaction(client)}`);
        saidAt = performance.now();
      }
      await pause(Math.min(longestPauseMs, firstPauseMs * 2 ** attempt) * (0.75 + Math.random() / 2));
    }
  }
}

/** The same in one transaction, in which no statement waits for a lock for long. */
export const inOneTransaction = <T>(client: pg.Client, what: string, patience: Patience, work: () => Promise<T>): Promise<T> =>
  patiently(client, what, patience, async () => {
    try {
      await client.query("begin");
      await client.query(`set local lock_timeout = ${lockTimeoutMs}`);
      const result = await work();
      await client.query("commit");
      return result;
    } catch (error) {
      // A lost connection has rolled back by itself.
      await client.query("rollback").catch(() => undefined);
      throw error;
    }
  });

function gotNoLock(error: unknown): boolean {
  const cause = error instanceof Error && error.cause instanceof pg.DatabaseError ? error.cause : error;
  return cause instanceof pg.DatabaseError && tryAgain.has(cause.code ?? "");
}

/** Who is probably in the way, as far as the role may see it. */
async function longestTransaction(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ pid: number; name: string; seconds: number; state: string | null }>(
    `select pid, application_name as name, extract(epoch from clock_timestamp() - xact_start)::integer as seconds, state
     from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null order by xact_start limit 1`,
  );
  const longest = rows[0];
  if (!longest) return "no other transaction is open now";
  const { pid, name, seconds, state } = longest;
  return `the oldest transaction is that of process ${pid} (${name || "no name"}, ${state ?? "its state is hidden from this role"}), ${seconds} s`;
}

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
