import { brokenIn, checkLedger } from "../ledger/check-ledger.ts";
import { openDatabase } from "../platform/postgres.ts";
import type { Outcome } from "./outcome.ts";

interface Restored {
  readonly url: string;
  readonly password: string;
  readonly ca: string | undefined;
}

const quiet = { warn: () => undefined };

/** Every invariant of the books, asked of a restored database as the app's own role, and how much it holds. */
export async function checkBooks({ url, password, ca }: Restored): Promise<Outcome> {
  const db = openDatabase({
    url,
    password: async () => password,
    freshPassword: async () => password,
    poolSize: 1,
    connectTimeoutMs: 10_000,
    statementTimeoutMs: 60_000,
    lockTimeoutMs: 2_000,
    idleInTransactionTimeoutMs: 60_000,
    ca,
    onlyReads: true,
    applicationName: "campus-restore-drill",
    log: quiet,
  });
  try {
    const [row] = await db.rows<{ transactions: number; newest: Date | null }>({
      text: "select count(*) as transactions, max(at) as newest from ledger_transactions",
      values: [],
      name: undefined,
    });
    const check = await checkLedger(db);
    const { ok, invariants } = check;
    const held = `${row?.transactions ?? 0} transactions, the newest of ${row?.newest?.toISOString() ?? "never"}`;
    return { ok, line: ok ? `the books are sound: ${invariants.length} invariants, ${held}` : `BROKEN: ${brokenIn(check)}; ${held}` };
  } finally {
    await db.end();
  }
}
