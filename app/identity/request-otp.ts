import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { enqueue, outboxChannel } from "../platform/outbox.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { seal } from "../platform/seal.ts";
import { hashOtp, newOtp, otpSealPurpose } from "./otp-code.ts";

/**
 * Makes a one-time password and leaves its sending to the worker. Nothing here depends on whether the phone is known,
 * so neither the answer nor its time tells.
 */
export async function requestOtp({ cache, config, db, metrics, secrets }: Platform, phone: string): Promise<void> {
  const sealKey = await secrets.get("SEAL_KEY");
  const otp = newOtp();
  const limit = config.RATE_OTP_PER_10_MINUTES * config.RATE_LIMIT_SCALE;
  const waitSeconds = await db.transaction(async (tx) => {
    await lockPhone(tx, phone);
    const wait = await secondsToWait(tx, phone, limit);
    if (wait > 0) return wait;
    const row = await tx.row<{ id: string }>(sql`
      insert into otps (phone, code_hash, created_at, expires_at)
      values (${phone}, ${hashOtp(sealKey, phone, otp)}, clock_timestamp(), clock_timestamp() + make_interval(secs => ${config.OTP_SECONDS}))
      returning id`);
    await enqueue(tx, "sms.otp", { otp_id: row?.id, sealed: seal(sealKey, otpSealPurpose, otp) });
    return 0;
  });
  metrics.count("otp_requests_total", { outcome: waitSeconds > 0 ? "limited" : "made" });
  if (waitSeconds > 0)
    throw new CodedError("RATE_LIMITED", "Too many codes were asked for with this phone: please wait.", { retryAfterSeconds: waitSeconds });
  cache.publish(outboxChannel, "");
}

/** One request for a phone at a time, on every process: the count below and the newest password stay true until the commit. */
export async function lockPhone(tx: Transaction, phone: string): Promise<void> {
  await tx.run(sql`select pg_advisory_xact_lock(hashtextextended(${`otp|${phone}`}, 0))`);
}

/** 0, or how long until the oldest of the last `limit` requests is ten minutes old. */
async function secondsToWait(tx: Transaction, phone: string, limit: number): Promise<number> {
  const asked = await tx.row<{ count: number; waitSeconds: number }>(sql`
    select count(*)::int as count,
      greatest(1, ceil(extract(epoch from min(created_at) + interval '10 minutes' - clock_timestamp())))::int as wait_seconds
    from (
      select created_at from otps where phone = ${phone} and created_at > clock_timestamp() - interval '10 minutes'
      order by created_at desc limit ${limit}) newest`);
  return asked !== undefined && asked.count >= limit ? asked.waitSeconds : 0;
}
