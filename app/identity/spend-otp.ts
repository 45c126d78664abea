import { timingSafeEqual } from "node:crypto";
import { part, sql, type Transaction } from "../platform/postgres.ts";
import { hashOtp } from "./otp-code.ts";
import { lockPhone } from "./request-otp.ts";

const maxWrongTries = 5;

interface Asked {
  readonly id: string;
  readonly codeHash: Buffer;
}

/**
 * Uses up a one-time password: true for the one caller that gave it right, in time and first. Whoever names the request that asked
 * for it tries that one; without a name the phone's newest is tried. The two count their wrong tries apart, so that a stranger who
 * knows the phone spoils nothing for the client that asked. Counted in this transaction, so the caller commits it in either case.
 */
export async function spendOtp(tx: Transaction, sealKey: string, phone: string, otp: string, requestId?: string): Promise<boolean> {
  await lockPhone(tx, phone);
  const named = requestId !== undefined;
  const asked = await tx.row<Asked>(
    named
      ? sql`select id, code_hash from otps where phone = ${phone} and id = ${requestId}`
      : sql`select id, code_hash from otps where phone = ${phone} order by created_at desc limit 1`,
  );
  if (!asked) return false;
  const tries = named ? part`wrong_tries` : part`stray_tries`;
  if (!timingSafeEqual(asked.codeHash, hashOtp(sealKey, phone, otp))) {
    await tx.run(sql`update otps set ${tries} = ${tries} + 1 where id = ${asked.id} and ${tries} < ${maxWrongTries}`);
    return false;
  }
  const spent = await tx.run(sql`
    update otps set used_at = clock_timestamp()
    where id = ${asked.id} and used_at is null and expires_at > clock_timestamp() and ${tries} < ${maxWrongTries}`);
  return spent === 1;
}
