import { type Queryable, sql } from "../platform/postgres.ts";

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
  readonly chargeId: string | null;
  readonly walletSeq: number;
}

interface Page {
  readonly limit: number;
  /** The number of the last entry of the page before. */
  readonly beforeSeq: number | undefined;
}

/**
 * The wallet's entries, newest first. Balances are the ones that the debits wrote, and entries are numbered without gaps,
 * so a page is the same whatever is posted meanwhile.
 */
export const readStatement = (db: Queryable, studentId: string, { limit, beforeSeq }: Page): Promise<StatementLine[]> =>
  db.rows<StatementLine>(sql`
    select t.id, t.at, t.kind, case when t.from_account_id = w.account_id then -t.amount_minor else t.amount_minor end as amount_minor,
      t.currency, t.wallet_balance_after_minor as balance_minor_after, t.order_id, o.order_number, t.charge_id, t.wallet_seq
    from ledger_transactions t
      join wallets w on w.student_id = t.wallet_student_id
      left join orders o on o.id = t.order_id
    where t.wallet_student_id = ${studentId} and (${beforeSeq ?? null}::bigint is null or t.wallet_seq < ${beforeSeq ?? null}::bigint)
    order by t.wallet_seq desc limit ${limit}`);
