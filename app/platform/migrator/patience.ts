import pg from "pg";

// A statement that waits for a table's lock holds up everybody who comes after it: a payment waits this long at most, then
// the step lets go and tries again later.
const lockTimeoutMs = 100;
const firstPauseMs = 250;
const longestPauseMs = 4_000;
export const patienceMs = 10 * 60_000;

const tryAgain = new Set(["55P03", "40P01"]);

export interface Patience {
  /** Told of each wait, for whoever watches. */
  readonly say: (line: string) => void;
  readonly patienceMs?: number;
}

/** Runs `work` in one transaction that waits for no lock for long; where it must, all of it is done again after a pause. */
export async function inOneTransaction<T>(client: pg.Client, what: string, patience: Patience, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.query("begin");
      await client.query(`set local lock_timeout = ${lockTimeoutMs}`);
      const result = await work();
      await client.query("commit");
      return result;
    } catch (error) {
      await client.query("rollback").catch(() => undefined);
      const waitedMs = performance.now() - startedAt;
      if (!mayWait(error)) throw error;
      if (waitedMs > (patience.patienceMs ?? patienceMs)) {
        throw new Error(`${what} got no lock in ${Math.round(waitedMs / 1000)} s: ${await longestTransaction(client)}.`, { cause: error });
      }
      if (attempt % 5 === 1)
        patience.say(`${what} waits for a lock, ${Math.round(waitedMs / 1000)} s so far: ${await longestTransaction(client)}`);
      await pause(Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1)) * (0.75 + Math.random() / 2));
    }
  }
}

function mayWait(error: unknown): boolean {
  const cause = error instanceof Error && error.cause instanceof pg.DatabaseError ? error.cause : error;
  return cause instanceof pg.DatabaseError && tryAgain.has(cause.code ?? "");
}

/** Who is probably in the way, as far as the role may see it. */
async function longestTransaction(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ pid: number; name: string; seconds: number; state: string }>(
    `select pid, application_name as name, extract(epoch from clock_timestamp() - xact_start)::integer as seconds, state
     from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null order by xact_start limit 1`,
  );
  const longest = rows[0];
  if (!longest) return "no transaction of another session is open now";
  return `the longest transaction is that of process ${longest.pid} (${longest.name || "no name"}, ${longest.state ?? "state hidden"}), ${longest.seconds} s`;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
