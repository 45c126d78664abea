import { type Deed, type GivenStepUp, spendStepUp, tryStepUp } from "../identity/step-up.ts";
import { openWallet } from "../ledger/open-wallet.ts";
import { tellStudent } from "../notifications/notices/tell-student.ts";
import { audit } from "../platform/audit.ts";
import type { Config } from "../platform/config.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { plainMoney } from "../platform/money-text.ts";
import { sql } from "../platform/postgres.ts";

export interface AutoTopUp {
  readonly belowMinor: number | null;
  readonly toMinor: number | null;
  readonly hasSavedMethod: boolean;
}

export async function readAutoTopUp({ db }: Pick<Platform, "db">, studentId: string): Promise<AutoTopUp> {
  const found = await db.row<AutoTopUp>(sql`
    select w.auto_top_up_below_minor as below_minor, m.fill_to_minor as to_minor, m.student_id is not null as has_saved_method
    from students s left join wallets w on w.student_id = s.id left join saved_methods m on m.student_id = s.id where s.id = ${studentId}`);
  return found ?? { belowMinor: null, toMinor: null, hasSavedMethod: false };
}

interface Lines {
  readonly studentId: string;
  readonly belowMinor: number;
  readonly toMinor: number;
  readonly given: GivenStepUp;
  readonly requestId: string;
}

export function deedOfAutoTopUp({ CAMPUS_CURRENCY: currency }: Pick<Config, "CAMPUS_CURRENCY">, belowMinor: number, toMinor: number): Deed {
  return { purpose: "auto_top_up", lines: [belowMinor, toMinor].map((minor) => plainMoney(minor, currency)) };
}

/**
 * From the next time the balance falls below the one line, it is filled up to the other. A line that is new or higher needs a code of the
 * phone: what a thief spends of a wallet would come out of the bank card behind it.
 */
export async function setAutoTopUp(platform: Platform, { studentId, belowMinor, toMinor, given, requestId }: Lines): Promise<AutoTopUp> {
  const { db, config } = platform;
  const proven = await tryStepUp(platform, studentId, "auto_top_up", given);
  await db.transaction(async (tx) => {
    await openWallet(tx, studentId, config.CAMPUS_CURRENCY);
    const before = await tx.row<{ belowMinor: number | null; toMinor: number | null }>(sql`
      select w.auto_top_up_below_minor as below_minor, m.fill_to_minor as to_minor
      from wallets w join saved_methods m on m.student_id = w.student_id where w.student_id = ${studentId} and w.status <> 'closed' for update`);
    if (!before)
      throw new CodedError("CONFLICT", "There is no saved method of payment yet: top up once with save_method, then switch this on.");
    if (belowMinor > (before.belowMinor ?? 0) || toMinor > (before.toMinor ?? 0)) {
      await spendStepUp(tx, proven, deedOfAutoTopUp(config, belowMinor, toMinor));
      await tellStudent(tx, studentId, "auto_top_up_set");
    }
    await tx.run(sql`
      with lines as (
        update wallets set auto_top_up_below_minor = ${belowMinor}, updated_at = now() where student_id = ${studentId} returning student_id)
      update saved_methods m set fill_to_minor = ${toMinor} from lines where m.student_id = lines.student_id`);
    await audit(tx, {
      actorKind: "student",
      actorId: studentId,
      action: "wallet.auto_top_up_set",
      objectKind: "wallet",
      objectId: studentId,
      details: { below_minor: belowMinor, to_minor: toMinor },
      requestId,
    });
  });
  return readAutoTopUp(platform, studentId);
}

/** Switches it off and forgets the saved method. */
export async function removeAutoTopUp(platform: Platform, studentId: string, requestId: string): Promise<AutoTopUp> {
  await platform.db.transaction(async (tx) => {
    await tx.run(sql`update wallets set auto_top_up_below_minor = null, updated_at = now() where student_id = ${studentId}`);
    const forgotten = await tx.run(sql`delete from saved_methods where student_id = ${studentId}`);
    if (forgotten === 0) return;
    await audit(tx, {
      actorKind: "student",
      actorId: studentId,
      action: "wallet.auto_top_up_removed",
      objectKind: "wallet",
      objectId: studentId,
      requestId,
    });
  });
  return readAutoTopUp(platform, studentId);
}
