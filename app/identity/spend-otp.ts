import { timingSafeEqual } from "node:crypto";
import { sql, type Transaction } from "../platform/postgres.ts";
import { hashOtp } from "./otp-code.ts";
import { lockPhone } from "./request-otp.ts";

const maxWrongTries = 5;

interface NewestOtp {
  readonly id: string;
  readonly codeHash: Buffer;
}

/**
 * Uses up the phone's newest one-time password: true for the one caller that gave it right, in time and first.
 * A wrong try is counted in this transaction, so the caller commits it in either case.
 */
export async function spendOtp(tx: Transaction, sealKey: string, phone: string, otp: string): Promise<boolean> {
  await lockPhone(tx, phone);
  const newest = await tx.row<NewestOtp>(sql`select id, code_hash from otps where phone = ${phone} order by created_at desc limit 1`);
  if (!newest) return false;
  if (!timingSafeEqual(newest.codeHash, hashOtp(sealKey, phone, otp))) {
    await tx.run(sql`update otps set wrong_tries = wrong_tries + 1 where id = ${newest.id} and wrong_tries < ${maxWrongTries}`);
    return false;
  }
  const spent = await tx.run(sql`
    update otps set used_at = clock_timestamp()
    where id = ${newest.id} and used_at is null and expires_at > clock_timestamp() and wrong_tries < ${maxWrongTries}`);
  return spent === 1;
}
