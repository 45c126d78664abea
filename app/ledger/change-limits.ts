import { audit } from "../platform/audit.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { sql } from "../platform/postgres.ts";
import { openWallet } from "./open-wallet.ts";
import { type Wallet, walletOf } from "./wallet.ts";

interface Limits {
  readonly studentId: string;
  readonly dailyLimitMinor: number | null;
  readonly lowBalanceAlertMinor: number | null;
  readonly requestId: string;
}

/**
 * Sets the daily limit and the alert. A raise needs no more than the token: the limit guards against one's own spending.
 * Against a thief with a stolen token stands the phone's key, without which he cannot confirm; a student who has
 * registered none can lose what the wallet holds. The audit trail keeps both values.
 */
export async function changeLimits({ db, config }: Platform, limits: Limits): Promise<Wallet> {
  const { studentId, dailyLimitMinor, lowBalanceAlertMinor, requestId } = limits;
  return db.transaction(async (tx) => {
    await openWallet(tx, studentId, config.CAMPUS_CURRENCY);
    const before = await tx.row<{ dailyLimitMinor: number | null }>(
      sql`select daily_limit_minor from wallets where student_id = ${studentId} for update`,
    );
    const changed = await tx.run(sql`
      update wallets set daily_limit_minor = ${dailyLimitMinor}, low_balance_alert_minor = ${lowBalanceAlertMinor}, updated_at = now()
      where student_id = ${studentId} and status <> 'closed'`);
    const wallet = await walletOf(tx, studentId, config.CAMPUS_TIME_ZONE);
    if (changed === 0 || !wallet) throw new CodedError("INVALID_TRANSITION", "The wallet is closed.");
    await audit(tx, {
      actorKind: "student",
      actorId: studentId,
      action: "wallet.limits_changed",
      objectKind: "wallet",
      objectId: studentId,
      details: { daily_limit_minor: { before: before?.dailyLimitMinor ?? null, after: dailyLimitMinor } },
      requestId,
    });
    return wallet;
  });
}
