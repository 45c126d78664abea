import { type Database, sql } from "../platform/postgres.ts";
import type { AccountKind } from "./account-plan.ts";

/** Whole days by the campus's clock, the last one included. */
export interface Period {
  readonly from: string;
  readonly until: string;
  readonly timeZone: string;
}

export interface JournalLine {
  readonly id: string;
  readonly at: Date;
  readonly kind: string;
  readonly fromKind: AccountKind;
  readonly toKind: AccountKind;
  readonly amountMinor: number;
  readonly currency: string;
  readonly cafeCode: string | null;
  readonly orderId: string | null;
  readonly correctsId: string | null;
  readonly reference: string | null;
  readonly metadata: Readonly<Record<string, string>> | null;
}

const windowHours = 1;

/**
 * Every transaction of finished days, the oldest first, an hour at a time along the index by time: whatever the period, only an hour of it is
 * in memory, and no transaction of the database stays open while the client reads.
 */
export async function* readJournal(db: Database, { from, until, timeZone }: Period): AsyncGenerator<readonly JournalLine[], void, void> {
  const hours = await db.rows<{ begin: Date }>(sql`
    select generate_series(${from}::date::timestamp at time zone ${timeZone}, ((${until}::date + 1)::timestamp at time zone ${timeZone}) - interval '1 microsecond',
      make_interval(hours => ${windowHours})) as begin`);
  for (const { begin } of hours) {
    const lines = await db.rows<JournalLine>(sql`
      select t.id, t.at, t.kind, a.kind as from_kind, b.kind as to_kind, t.amount_minor, t.currency, c.code as cafe_code, t.order_id, t.corrects_id, n.reference, n.metadata
      from ledger_transactions t join accounts a on a.id = t.from_account_id join accounts b on b.id = t.to_account_id
        left join cafes c on c.id = coalesce(a.cafe_id, b.cafe_id)
        left join lateral (select reference, metadata from noted_transactions where transaction_id = t.id limit 1) n on true
      where t.at >= ${begin} and t.at < least(${begin}::timestamptz + make_interval(hours => ${windowHours}), (${until}::date + 1)::timestamp at time zone ${timeZone})
      order by t.at, t.id`);
    if (lines.length > 0) yield lines;
  }
}

/** All movements of a day of one kind between the same two accounts. */
export interface DaySum {
  readonly day: string;
  readonly kind: string;
  readonly fromKind: AccountKind;
  readonly toKind: AccountKind;
  readonly fromCafe: string | null;
  readonly toCafe: string | null;
  readonly amountMinor: number;
  readonly transactions: number;
}

/** The days of a period one by one. */
export async function* readDaySums(
  db: Database,
  { from, until, timeZone }: Period,
  currency: string,
): AsyncGenerator<readonly DaySum[], void, void> {
  const days = await db.rows<{ day: string }>(sql`
    select to_char(day, 'YYYY-MM-DD') as day from generate_series(${from}::date::timestamp, ${until}::date::timestamp, interval '1 day') day`);
  for (const { day } of days) {
    const sums = await db.rows<DaySum>(sql`
      select ${day}::text as day, t.kind, a.kind as from_kind, b.kind as to_kind, x.code as from_cafe, y.code as to_cafe,
        sum(t.amount_minor)::bigint as amount_minor, count(*) as transactions
      from ledger_transactions t join accounts a on a.id = t.from_account_id join accounts b on b.id = t.to_account_id
        left join cafes x on x.id = a.cafe_id left join cafes y on y.id = b.cafe_id
      where t.at >= ${day}::date::timestamp at time zone ${timeZone} and t.at < (${day}::date + 1)::timestamp at time zone ${timeZone} and t.currency = ${currency}
      group by t.kind, a.kind, b.kind, x.code, y.code order by t.kind, a.kind, b.kind, x.code, y.code`);
    if (sums.length > 0) yield sums;
  }
}

export const isOver = async (db: Database, { until, timeZone }: Period): Promise<boolean> => {
  const row = await db.row<{ isOver: boolean }>(sql`select ${until}::date < (now() at time zone ${timeZone})::date as is_over`);
  return row?.isOver === true;
};
