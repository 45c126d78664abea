import pg from "pg";
import { checkLedger, type LedgerCheck } from "../../../app/ledger/check-ledger.ts";
import { type Database, openDatabase } from "../../../app/platform/postgres.ts";
import type { LocalSystem } from "../local-system.ts";
import type { DebitPlace } from "./debit-run.ts";

/** One database of the benchmark's server: where debits are made and afterwards looked at. */
export interface BenchPlace extends DebitPlace {
  /** T7: no invariant is broken, or there is no result. Returns how many were asked. */
  assertBooks(): Promise<number>;
  end(): Promise<void>;
}

const checkTimeoutMs = 600_000;

export async function openPlace(system: LocalSystem, database: string): Promise<BenchPlace> {
  const superuser = new pg.Client({ connectionString: system.cluster.superuserUrl(database) });
  await superuser.connect();
  // The tables are vacuumed before each window instead: a worker that wakes up in one of them would be counted with it.
  await superuser.query("alter system set autovacuum = off");
  // As PostgreSQL comes; what is about full pages in the log switches it on for itself.
  await superuser.query(`alter database ${superuser.escapeIdentifier(database)} set wal_compression = off`);
  await superuser.query("select pg_reload_conf()");
  return {
    database,
    appPassword: system.env.DATABASE_PASSWORD ?? "",
    postgresPid: system.cluster.server.pid,
    superuser,
    assertBooks: () => assertBooks(system, database),
    end: () => superuser.end(),
  };
}

/** As the schema's owner, on one connection that waits as long as a check of the books takes. */
export async function withOwner<T>(
  { ownerUrl, ownerPassword }: LocalSystem,
  database: string,
  work: (owner: Database) => Promise<T>,
): Promise<T> {
  const password = async () => ownerPassword;
  const owner = openDatabase({
    url: ownerUrl.replace(/[^/]*$/, database),
    password,
    freshPassword: password,
    poolSize: 1,
    connectTimeoutMs: 10_000,
    statementTimeoutMs: checkTimeoutMs,
    lockTimeoutMs: 10_000,
    idleInTransactionTimeoutMs: 60_000,
    ca: undefined,
    applicationName: "campus-bench-books",
    log: { warn: () => undefined },
  });
  try {
    return await work(owner);
  } finally {
    await owner.end();
  }
}

async function assertBooks(system: LocalSystem, database: string): Promise<number> {
  const check = await withOwner(system, database, (owner) => checkLedger(owner));
  mustHold(database, check);
  return check.invariants.length;
}

export function mustHold(database: string, { invariants }: LedgerCheck): void {
  const broken = invariants.filter(({ ok }) => !ok);
  if (broken.length > 0)
    throw new Error(
      `The books of ${database} do not hold, so there is no result: ${JSON.stringify(broken.map(({ id, violations, sample }) => ({ id, violations, sample: sample[0] })))}`,
    );
}
