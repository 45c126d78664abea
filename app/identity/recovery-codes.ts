import { createHmac, randomBytes } from "node:crypto";
import type { Platform } from "../platform/context.ts";
import { type Queryable, sql, type Transaction } from "../platform/postgres.ts";
import { keyFor } from "../platform/seal.ts";

const codeCount = 10;

/** Eighty bits each, so that a stolen table gives none away; the key is there because hashes of short texts have one everywhere here. */
const hashCode = (sealKey: string, code: string): Buffer =>
  createHmac("sha256", keyFor(sealKey, "recovery-code"))
    .update(code.toLowerCase().replaceAll(/[^a-z0-9]/g, ""))
    .digest();

/** Ten new codes in the place of those there were. Shown once. */
export async function replaceRecoveryCodes({ secrets }: Pick<Platform, "secrets">, tx: Transaction, staffId: string): Promise<string[]> {
  const sealKey = await secrets.get("SEAL_KEY");
  const codes = Array.from({ length: codeCount }, () => (randomBytes(10).toString("hex").match(/.{5}/g) ?? []).join("-"));
  await tx.run(sql`delete from staff_recovery_codes where staff_id = ${staffId}`);
  for (const code of codes)
    await tx.run(sql`insert into staff_recovery_codes (staff_id, code_hash) values (${staffId}, ${hashCode(sealKey, code)})`);
  return codes;
}

/** True for the first use of one of the codes. */
export async function spendRecoveryCode(sealKey: string, db: Queryable, staffId: string, code: string): Promise<boolean> {
  const spent = await db.run(sql`
    update staff_recovery_codes set used_at = clock_timestamp()
    where staff_id = ${staffId} and code_hash = ${hashCode(sealKey, code)} and used_at is null`);
  return spent === 1;
}
