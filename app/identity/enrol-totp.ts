import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { seal, unseal } from "../platform/seal.ts";
import { auditActor } from "./actor.ts";
import { replaceRecoveryCodes } from "./recovery-codes.ts";
import { forgetBegun, readFactors, totpSealPurpose } from "./second-factor.ts";
import { newTotpSecret, stepOfCode, totpUri } from "./totp.ts";

const pendingMinutes = 10;

interface Owner {
  readonly id: string;
  readonly username: string;
  readonly requestId: string;
}

/** A new secret, which counts for nothing until a code of it comes back: nobody is locked out by a picture that was not scanned. */
export async function beginTotp({ db, secrets }: Platform, { id, username }: Owner): Promise<{ secret: string; uri: string }> {
  const secret = newTotpSecret();
  const sealed = seal(await secrets.get("SEAL_KEY"), totpSealPurpose, secret);
  await db.run(sql`
    insert into staff_totp (staff_id, pending_secret, pending_until) values (${id}, ${sealed}, now() + make_interval(mins => ${pendingMinutes}))
    on conflict (staff_id) do update set pending_secret = excluded.pending_secret, pending_until = excluded.pending_until`);
  return { secret, uri: totpUri(secret, username) };
}

/** The first code makes the waiting secret the one that counts. Returns new recovery codes. */
export async function confirmTotp(platform: Platform, { id, requestId }: Owner, code: string): Promise<string[]> {
  const sealKey = await platform.secrets.get("SEAL_KEY");
  return platform.db.transaction(async (tx) => {
    await tx.run(sql`select id from staff where id = ${id} for no key update`);
    const { hasTotp, passkeys } = await readFactors(tx, id);
    const waiting = await lockPending(tx, id);
    const step = stepOfCode(unseal(sealKey, totpSealPurpose, waiting), code);
    if (step === undefined)
      throw new CodedError("INVALID_OTP", "This is no code of the new secret: look at the phone's clock and try the next one.");
    await tx.run(sql`
      update staff_totp set sealed_secret = pending_secret, pending_secret = null, pending_until = null, last_step = ${step}, confirmed_at = now()
      where staff_id = ${id}`);
    if (!hasTotp && passkeys === 0) await forgetBegun(tx, id);
    await auditActor(tx, { staffId: id, requestId }, { action: "staff.totp_enrolled", objectKind: "staff", objectId: id });
    return replaceRecoveryCodes(platform, tx, id);
  });
}

async function lockPending(tx: Transaction, staffId: string): Promise<string> {
  const row = await tx.row<{ pendingSecret: string }>(
    sql`select pending_secret from staff_totp where staff_id = ${staffId} and pending_until > now() for update`,
  );
  if (!row) throw new CodedError("NOT_FOUND", "No secret waits for its first code: begin with POST /api/v1/admin/auth/totp.");
  return row.pendingSecret;
}
