import { openWallet } from "../ledger/open-wallet.ts";
import { audit } from "../platform/audit.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
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
  readonly requestId: string;
}

/** From the next time the balance falls below the one line, it is filled up to the other. */
export async function setAutoTopUp(platform: Platform, { studentId, belowMinor, toMinor, requestId }: Lines): Promise<AutoTopUp> {
  const { db, config } = platform;
  await db.transaction(async (tx) => {
    await openWallet(tx, studentId, config.CAMPUS_CURRENCY);
    const set = await tx.run(sql`
      with lines as (
        update wallets set auto_top_up_below_minor = ${belowMinor}, updated_at = now()
        where student_id = ${studentId} and status <> 'closed' and exists (select from saved_methods where student_id = ${studentId})
        returning student_id)
      update saved_methods m set fill_to_minor = ${toMinor} from lines where m.student_id = lines.student_id`);
    if (set !== 1)
      throw new CodedError("CONFLICT", "There is no saved method of payment yet: top up once with save_method, then switch this on.");
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
