import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { type Queryable, sql } from "../platform/postgres.ts";
import { unseal } from "../platform/seal.ts";
import type { StaffRole } from "./access-token.ts";
import type { Factor } from "./open-session.ts";
import { spendRecoveryCode } from "./recovery-codes.ts";
import { stepOfCode } from "./totp.ts";

export const totpSealPurpose = "staff-totp";

/** What beside the password was given, or nothing. */
export interface GivenFactor {
  readonly totp?: string | undefined;
  readonly recoveryCode?: string | undefined;
}

export interface Factors {
  readonly hasTotp: boolean;
  readonly passkeys: number;
  readonly recoveryCodesLeft: number;
}

export async function readFactors(db: Queryable, staffId: string): Promise<Factors> {
  const row = await db.row<Factors>(sql`
    select exists (select from staff_totp where staff_id = ${staffId} and sealed_secret is not null) as has_totp,
      (select count(*)::int from staff_passkeys where staff_id = ${staffId}) as passkeys,
      (select count(*)::int from staff_recovery_codes where staff_id = ${staffId} and used_at is null) as recovery_codes_left`);
  if (!row) throw new Error("The factors could not be read.");
  return row;
}

const needsFactor = (role: StaffRole): boolean => role === "admin" || role === "finance";

type Judged =
  | { readonly kind: "good"; readonly factor: Factor /** Nothing that the account has was left out. */; readonly isWhole: boolean }
  | { readonly kind: "wrong" }
  | { readonly kind: "missing"; readonly methods: readonly ("totp" | "recovery_code" | "passkey")[] };

/** To log in the configuration says who needs one; to change what opens the account, whoever has one. */
export type NeedOf = "login" | "change";

/** Whether what was given beside the right password is enough. Each code is used up by this. */
export async function judgeFactor(
  { config, db, secrets }: Pick<Platform, "config" | "db" | "secrets">,
  staff: { readonly id: string; readonly role: StaffRole },
  { totp, recoveryCode }: GivenFactor,
  need: NeedOf,
): Promise<Judged> {
  const sealKey = await secrets.get("SEAL_KEY");
  const given = totp ?? recoveryCode;
  if (given !== undefined) {
    const isGood =
      totp === undefined ? await spendRecoveryCode(sealKey, db, staff.id, given) : await spendTotp(db, sealKey, staff.id, totp);
    return isGood ? { kind: "good", factor: totp === undefined ? "recovery_code" : "totp", isWhole: true } : { kind: "wrong" };
  }
  const { hasTotp, passkeys } = await readFactors(db, staff.id);
  const hasOne = hasTotp || passkeys > 0;
  const isNeeded = need === "change" ? hasOne : config.STAFF_SECOND_FACTOR === "required" && (needsFactor(staff.role) || hasOne);
  if (!isNeeded) return { kind: "good", factor: "password", isWhole: !hasOne };
  const methods = [...(hasTotp ? ["totp" as const] : []), ...(passkeys > 0 ? ["passkey" as const] : [])];
  return { kind: "missing", methods: methods.length > 0 ? [...methods, "recovery_code"] : [] };
}

/** One statement takes the step, so that a code seen over a shoulder opens nothing after its owner. */
async function spendTotp(db: Queryable, sealKey: string, staffId: string, code: string): Promise<boolean> {
  const held = await db.row<{ sealedSecret: string }>(
    sql`select sealed_secret from staff_totp where staff_id = ${staffId} and sealed_secret is not null`,
  );
  const step = held && stepOfCode(unseal(sealKey, totpSealPurpose, held.sealedSecret), code);
  if (step === undefined) return false;
  return (await db.run(sql`update staff_totp set last_step = ${step} where staff_id = ${staffId} and last_step < ${step}`)) === 1;
}

export const secondFactorRequired = (methods: readonly string[]): CodedError =>
  new CodedError(
    "SECOND_FACTOR_REQUIRED",
    methods.length === 0
      ? "This account needs a second factor and has none yet: set one up with POST /api/v1/admin/auth/totp, then log in."
      : "The password is right; a second factor is needed: a code of the authenticator app, a recovery code or a passkey.",
    { details: { methods, must_enrol: methods.length === 0 } },
  );

/** For a reset: whoever lost the phone begins anew. */
export async function forgetFactors(tx: Queryable, staffId: string): Promise<void> {
  await tx.run(sql`delete from staff_totp where staff_id = ${staffId}`);
  await tx.run(sql`delete from staff_recovery_codes where staff_id = ${staffId}`);
  await tx.run(sql`delete from staff_passkeys where staff_id = ${staffId}`);
}

/** For the first factor of an account: what was begun with the password alone is not finished beside it. */
export async function forgetBegun(tx: Queryable, staffId: string): Promise<void> {
  await tx.run(
    sql`update staff_totp set pending_secret = null, pending_until = null where staff_id = ${staffId} and sealed_secret is not null`,
  );
  await tx.run(sql`delete from staff_totp where staff_id = ${staffId} and sealed_secret is null`);
  await tx.run(sql`delete from passkey_challenges where staff_id = ${staffId}`);
}
