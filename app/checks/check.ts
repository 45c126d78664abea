import { type Queryable, sql } from "../platform/postgres.ts";

/** What looks at the books by itself. */
export const checkNames = ["ledger_recent", "ledger_whole", "reconciliation", "anchors", "dead_letters"] as const;
export type CheckName = (typeof checkNames)[number];

export interface CheckResult {
  readonly name: CheckName;
  readonly checkedAt: Date;
  readonly tookMs: number;
  readonly ok: boolean;
  /** How many things are wrong; of the reconciliation how much money is not explained. */
  readonly findings: number;
  /** Since which look it has not been well. */
  readonly brokenSince: Date | null;
  readonly result: Readonly<Record<string, unknown>>;
}

export interface Found {
  readonly ok: boolean;
  readonly findings: number;
  readonly result: Readonly<Record<string, unknown>>;
}

export const listChecks = (db: Queryable): Promise<CheckResult[]> =>
  db.rows<CheckResult>(sql`select name, checked_at, took_ms, ok, findings, broken_since, result from checks order by name`);

const overlapSeconds = 600;
const longestWindowSeconds = 86_400;

/**
 * From which moment on the next look reads: a little before the last one, since a transaction's time is its start. A look that found
 * something is not gone past: the next ones read it again until it is mended, for a day; then it is for the nightly check.
 */
export async function lookFrom(db: Queryable, name: CheckName): Promise<Date> {
  const from = await db.row<{ at: Date }>(sql`
    select greatest(looked_until - make_interval(secs => ${overlapSeconds}), now() - make_interval(secs => ${longestWindowSeconds})) as at from checks where name = ${name}
    union all select now() - make_interval(secs => ${longestWindowSeconds}) limit 1`);
  if (!from) throw new Error("The database told no time.");
  return from.at;
}

export const keepResult = (db: Queryable, name: CheckName, tookMs: number, { ok, findings, result }: Found) =>
  db.run(sql`
    insert into checks as c (name, checked_at, looked_until, took_ms, ok, findings, result, broken_since)
    values (${name}, now(), now() - make_interval(secs => ${tookMs / 1_000}), ${Math.round(tookMs)}, ${ok}, ${findings}, ${JSON.stringify(result)}, case when not ${ok} then now() end)
    on conflict (name) do update set checked_at = excluded.checked_at, took_ms = excluded.took_ms, ok = excluded.ok, findings = excluded.findings, result = excluded.result,
      looked_until = case when excluded.ok then excluded.looked_until else c.looked_until end,
      broken_since = case when not excluded.ok then coalesce(c.broken_since, excluded.checked_at) end`);
