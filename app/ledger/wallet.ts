import type { Platform } from "../platform/context.ts";
import { type Queryable, sql } from "../platform/postgres.ts";
import { openWallet } from "./open-wallet.ts";

export interface Wallet {
  readonly balanceMinor: number;
  /** Of it what waits to be paid out and cannot be spent. */
  readonly heldMinor: number;
  /** What the student owes; the next money that comes in pays it back. */
  readonly owedMinor: number;
  readonly currency: string;
  readonly status: "active" | "frozen" | "closed";
  readonly dailyLimitMinor: number | null;
  readonly spentTodayMinor: number;
  readonly lowBalanceAlertMinor: number | null;
  readonly updatedAt: Date;
}

/** The student's wallet, opened by the first look. */
export async function readWallet({ db, config }: Platform, studentId: string): Promise<Wallet> {
  const { CAMPUS_CURRENCY, CAMPUS_TIME_ZONE } = config;
  const wallet = await walletOf(db, studentId, CAMPUS_TIME_ZONE);
  if (wallet) return wallet;
  return db.transaction(async (tx) => {
    await openWallet(tx, studentId, CAMPUS_CURRENCY);
    const opened = await walletOf(tx, studentId, CAMPUS_TIME_ZONE);
    if (!opened) throw new Error("The wallet was not opened.");
    return opened;
  });
}

/** What was spent today belongs to the day of the last debit: on another day it is nothing. */
export const walletOf = (db: Queryable, studentId: string, timeZone: string): Promise<Wallet | undefined> =>
  db.row<Wallet>(sql`
    select balance_minor, held_minor, debt_of(student_id, currency) as owed_minor, currency, status, daily_limit_minor, low_balance_alert_minor, updated_at,
      case when spent_day = (now() at time zone ${timeZone})::date then spent_minor else 0 end as spent_today_minor
    from wallets where student_id = ${studentId}`);
