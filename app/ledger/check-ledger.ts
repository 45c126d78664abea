import { type Database, type Statement, sql, type Transaction } from "../platform/postgres.ts";
import type { Invariant } from "./invariant.ts";
import { invariants, notCovered } from "./invariants.ts";
import { recentInvariants, wholeOnly } from "./recent.ts";

export interface InvariantOutcome {
  readonly id: string;
  readonly ok: boolean;
  readonly violations: number;
  readonly sample: readonly Readonly<Record<string, unknown>>[];
}

export interface LedgerCheck {
  readonly ok: boolean;
  readonly checkedAt: Date;
  /** Which transactions the check saw, as pg_current_snapshot() writes it. */
  readonly snapshot: string;
  readonly invariants: readonly InvariantOutcome[];
  readonly notCovered: readonly string[];
}

/** Those that do not hold, in a line: "I3 (2), I9 (1)". */
export const brokenIn = ({ invariants: asked }: LedgerCheck): string =>
  asked
    .filter(({ ok }) => !ok)
    .map(({ id, violations }) => `${id} (${violations})`)
    .join(", ");

/** Asks every invariant in one REPEATABLE READ snapshot: no debit can be half in the picture. */
export const checkLedger = (db: Pick<Database, "snapshot">, asked: readonly Invariant[] = invariants): Promise<LedgerCheck> =>
  askAll(db, asked, []);

/** Asks them of what happened since a moment. */
export const checkRecent = (db: Pick<Database, "snapshot">, since: Date): Promise<LedgerCheck> =>
  askAll(db, recentInvariants(invariants), [since]);

const askAll = (db: Pick<Database, "snapshot">, asked: readonly Invariant[], values: readonly unknown[]): Promise<LedgerCheck> =>
  db.snapshot(async (tx) => {
    // Joins of whole tables: with the default 4 MB they spill, and compiling them takes longer than it saves.
    await tx.run(sql`set local work_mem = '64MB'`);
    await tx.run(sql`set local jit = off`);
    // Helpers would take the processors that debits need: beside a whole check with them a debit's p99 was 3.4 times as long (measured).
    await tx.run(sql`set local max_parallel_workers_per_gather = 0`);
    await tx.run(sql`select set_config('statement_timeout', ${String(questionTimeoutMs)}, true)`);
    const moment = await tx.row<{ checkedAt: Date; snapshot: string }>(
      sql`select now() as checked_at, pg_current_snapshot()::text as snapshot`,
    );
    if (!moment) throw new Error("The database gave no snapshot.");
    const outcomes: InvariantOutcome[] = [];
    for (const invariant of asked) outcomes.push(await ask(tx, invariant, values));
    return {
      ...moment,
      ok: outcomes.every((outcome) => outcome.ok),
      invariants: outcomes,
      notCovered: values.length === 0 ? notCovered : [...notCovered, ...wholeOnly],
    };
  });

const maxSample = 20;
// All questions together took 30 s of one core for a million debits, 14 of them I16 (a digest and a receipt each), measured.
const questionTimeoutMs = 300_000;

async function ask(tx: Transaction, { id, sql: question }: Invariant, values: readonly unknown[]): Promise<InvariantOutcome> {
  const found = await tx.row<{ violations: number; sample: Readonly<Record<string, unknown>>[] }>(wrap(question, values));
  if (!found) throw new Error(`The question of ${id} gave no answer.`);
  return { id, ok: found.violations === 0, violations: found.violations, sample: found.sample };
}

const wrap = (question: string, values: readonly unknown[]): Statement => ({
  name: undefined,
  timeoutMs: questionTimeoutMs,
  values,
  text: `
    select count(*) as violations, coalesce(jsonb_agg(to_jsonb(v) - 'place') filter (where v.place <= ${maxSample}), '[]') as sample
    from (select q.*, row_number() over () as place from (${question}) q) v`,
});
