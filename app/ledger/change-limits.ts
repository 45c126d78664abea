import { type Deed, type GivenStepUp, spendStepUp, tryStepUp } from "../identity/step-up.ts";
import { tellStudent } from "../notifications/notices/tell-student.ts";
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
  readonly given: GivenStepUp;
  readonly requestId: string;
}

export const deedOfLimits = (dailyLimitMinor: number | null): Deed => ({ purpose: "limits", lines: [String(dailyLimitMinor ?? "none")] });

/** Sets the daily limit and the alert. To raise or clear the limit needs a code of the phone: it is a guard against a thief too. */
export async function changeLimits(platform: Platform, limits: Limits): Promise<Wallet> {
  const { db, config } = platform;
  const { studentId, dailyLimitMinor, lowBalanceAlertMinor, given, requestId } = limits;
  const proven = await tryStepUp(platform, studentId, "limits", given);
  return db.transaction(async (tx) => {
    await openWallet(tx, studentId, config.CAMPUS_CURRENCY);
    const before = await tx.row<{ dailyLimitMinor: number | null }>(
      sql`select daily_limit_minor from wallets where student_id = ${studentId} for update`,
    );
    const isRaised = before !== undefined && before.dailyLimitMinor !== null && (dailyLimitMinor ?? Infinity) > before.dailyLimitMinor;
    if (isRaised) {
      await spendStepUp(tx, proven, deedOfLimits(dailyLimitMinor));
      await tellStudent(tx, studentId, "limits_raised");
    }
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
