import { part, type Queryable, type Statement, sql } from "../platform/postgres.ts";

export interface StatementLine {
  readonly id: string;
  readonly at: Date;
  readonly kind: string;
  /** Signed: what left the wallet is negative. */
  readonly amountMinor: number;
  readonly currency: string;
  readonly balanceMinorAfter: number;
  readonly orderId: string | null;
  readonly orderNumber: string | null;
  readonly cafeName: string | null;
  readonly chargeId: string | null;
  readonly walletSeq: number;
  /** What whoever moved the money calls it elsewhere. */
  readonly reference: string | null;
}

interface Page {
  readonly limit: number;
  /** The number of the last entry of the page before. */
  readonly beforeSeq: number | undefined;
}

const lines = part`
    select t.id, t.at, t.kind, case when t.from_account_id = w.account_id then -t.amount_minor else t.amount_minor end as amount_minor,
      t.currency, t.wallet_balance_after_minor as balance_minor_after, t.order_id, o.order_number, f.name as cafe_name, t.charge_id, t.wallet_seq,
      (select n.reference from noted_transactions n where n.transaction_id = t.id limit 1) as reference
    from ledger_transactions t
      join wallets w on w.student_id = t.wallet_student_id
      left join orders o on o.id = t.order_id left join cafes f on f.id = o.cafe_id`;

/**
 * The wallet's entries, newest first. Balances are the ones that the debits wrote, and entries are numbered without gaps,
 * so a page is the same whatever is posted meanwhile.
 */
export const readStatement = (db: Queryable, studentId: string, { limit, beforeSeq }: Page): Promise<StatementLine[]> =>
  db.rows<StatementLine>(sql`
    ${lines} where t.wallet_student_id = ${studentId} and (${beforeSeq ?? null}::bigint is null or t.wallet_seq < ${beforeSeq ?? null}::bigint)
    order by t.wallet_seq desc limit ${limit}`);

export interface MonthOfStatement {
  readonly openingMinor: number;
  readonly closingMinor: number;
  /** Oldest first: the opening balance and all of these are the closing balance. */
  readonly lines: readonly StatementLine[];
}

interface Month {
  /** Its first day. */
  readonly from: string;
  readonly timeZone: string;
  readonly mostLines: number;
}

/**
 * One month by the campus's clock; undefined where it has more lines. A month ends with the last entry before its end and
 * begins after that of the month before, by their numbers: an entry whose transaction waited over midnight is in one month
 * all the same, and the sums are whole.
 */
export async function readMonth(
  db: Queryable,
  studentId: string,
  { from, timeZone, mostLines }: Month,
): Promise<MonthOfStatement | undefined> {
  const lastBefore = (end: Statement) => part`
    coalesce((select wallet_seq from ledger_transactions where wallet_student_id = ${studentId} and at < ${end}::timestamp at time zone ${timeZone}
      order by wallet_seq desc limit 1), 0)`;
  const rows = await db.rows<StatementLine & { isBefore: boolean }>(sql`
    with month as materialized (
      select ${lastBefore(part`${from}::date`)} as before_seq, ${lastBefore(part`(${from}::date + interval '1 month')`)} as last_seq)
    select x.*, x.wallet_seq = month.before_seq as is_before from month, lateral (${lines}
      where t.wallet_student_id = ${studentId} and t.wallet_seq between month.before_seq and month.last_seq
      order by t.wallet_seq limit ${mostLines + 2}) x
    order by x.wallet_seq`);
  const ofMonth = rows.filter(({ isBefore }) => !isBefore);
  if (ofMonth.length > mostLines) return undefined;
  const openingMinor = rows.find(({ isBefore }) => isBefore)?.balanceMinorAfter ?? 0;
  return { openingMinor, closingMinor: ofMonth.at(-1)?.balanceMinorAfter ?? openingMinor, lines: ofMonth };
}
