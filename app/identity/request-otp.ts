import { createHmac } from "node:crypto";
import type { Config } from "../platform/config.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { enqueue } from "../platform/outbox.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import type { Cache } from "../platform/redis.ts";
import { keyFor, seal } from "../platform/seal.ts";
import { hashOtp, newOtp, otpSealPurpose } from "./otp-code.ts";

/**
 * Makes a one-time password and leaves its sending to the worker. The answer is the same whether the phone is known, may have one
 * or is one too many: a fourth request within ten minutes is told to wait, whoever has the phone. `installation` is where this phone has
 * logged in before: strangers who know the number use up nothing of its own. Returns the request's id.
 */
export async function requestOtp(platform: Platform, phone: string, installation: string | undefined): Promise<string> {
  const { cache, config, metrics, secrets } = platform;
  const sealKey = await secrets.get("SEAL_KEY");
  const asking = { phone, installation: installation ?? null, limit: config.RATE_OTP_PER_10_MINUTES * config.RATE_LIMIT_SCALE };
  const asked = (await waitOfAnybody(cache, sealKey, asking)) ?? (await makeCode(platform, sealKey, asking));
  const { waitSeconds, id, isSent } = asked;
  metrics.count("otp_requests_total", { outcome: waitSeconds > 0 ? "limited" : isSent ? "made" : "over_budget" });
  if (waitSeconds > 0)
    throw new CodedError("RATE_LIMITED", "Too many codes were asked for with this phone: please wait.", { retryAfterSeconds: waitSeconds });
  return id;
}

interface Asking {
  readonly phone: string;
  readonly installation: string | null;
  readonly limit: number;
}

const makeCode = ({ config, db }: Platform, sealKey: string, asking: Asking): Promise<Asked> =>
  db.transaction(async (tx) => {
    const { phone, installation } = asking;
    await lockPhone(tx, phone);
    const waitSeconds = await secondsToWait(tx, asking);
    if (waitSeconds > 0) return { waitSeconds, id: "", isSent: false };
    const isStranger = (await tx.row(sql`select from students where phone = ${phone}`)) === undefined;
    const isSent = isStranger
      ? await mayReachStranger(tx, config, phone)
      : installation !== null || (await mayReachStudent(tx, config, phone));
    const otp = newOtp();
    // Made by the database in either case: an id of another kind would tell which it was.
    const row = isSent
      ? await tx.row<{ id: string }>(sql`
          insert into otps (phone, installation, code_hash, created_at, expires_at, is_stranger)
          values (${phone}, ${installation}, ${hashOtp(sealKey, phone, otp)}, clock_timestamp(),
            clock_timestamp() + make_interval(secs => ${config.OTP_SECONDS}), ${isStranger})
          returning id`)
      : await tx.row<{ id: string }>(sql`select uuidv7() as id`);
    if (!row) throw new Error("The database gave no id.");
    if (isSent) await enqueue(tx, "sms.otp", { otp_id: row.id, sealed: seal(sealKey, otpSealPurpose, otp) });
    return { waitSeconds: 0, id: row.id, isSent };
  });

interface Asked {
  readonly waitSeconds: number;
  readonly id: string;
  readonly isSent: boolean;
}

const windowMs = 600_000;

// Newest first. Taken only while there is room, in one step for all processes.
const askScript = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local oldest = redis.call('LINDEX', KEYS[1], ARGV[1] - 1)
  if oldest and now - oldest < ${windowMs} then return math.ceil((${windowMs} - (now - oldest)) / 1000) end
  redis.call('LPUSH', KEYS[1], now)
  redis.call('LTRIM', KEYS[1], 0, ARGV[1] - 1)
  redis.call('PEXPIRE', KEYS[1], ${windowMs})
  return 0`;

/**
 * A phone that gets no message leaves no row, so the limit of every phone is kept here: were it the students' alone, it would tell who is
 * one. Without Redis the rows decide, for students alone.
 */
async function waitOfAnybody(cache: Cache, sealKey: string, { phone, installation, limit }: Asking): Promise<Asked | undefined> {
  const who = createHmac("sha256", keyFor(sealKey, "otp-asked"))
    .update(`${phone}|${installation ?? ""}`)
    .digest("base64url");
  const waitSeconds = await cache.use(async (redis) => Number(await redis.eval(askScript, 1, `otp:${who}`, limit)));
  return waitSeconds ? { waitSeconds, id: "", isSent: false } : undefined;
}

/** Whoever asks from where nobody has logged in with it gets so many codes a day, and as many guesses: the message stays away, the answer does not say so. */
async function mayReachStudent(tx: Transaction, { RATE_LIMIT_SCALE, RATE_OTP_PER_DAY }: Config, phone: string): Promise<boolean> {
  const sent = await tx.row<{ count: number }>(sql`
    select count(*)::int as count from otps
    where phone = ${phone} and installation is null and created_at > clock_timestamp() - interval '1 day'`);
  return sent !== undefined && sent.count < RATE_OTP_PER_DAY * RATE_LIMIT_SCALE;
}

const prefixLength = 7;

/**
 * A message to a phone that nobody here knows costs money and may be what a pumper earns by. They have a budget a minute, a day and a
 * prefix, all of them together; it is counted under one lock, so that a flood gets exactly as many as a trickle.
 */
async function mayReachStranger(tx: Transaction, config: Config, phone: string): Promise<boolean> {
  const countries = config.OTP_COUNTRY_CODES.split(",");
  if (!countries.includes("*") && !countries.some((code) => phone.startsWith(`+${code.trim()}`))) return false;
  await tx.run(sql`select pg_advisory_xact_lock(hashtextextended('otp|strangers', 0))`);
  const sent = await tx.row<{ minute: number; day: number; prefix: number }>(sql`
    select count(*) filter (where created_at > clock_timestamp() - interval '1 minute')::int as minute, count(*)::int as day,
      count(*) filter (where created_at > clock_timestamp() - interval '10 minutes' and left(phone, ${prefixLength}) = ${phone.slice(0, prefixLength)})::int as prefix
    from otps where is_stranger and created_at > clock_timestamp() - interval '1 day'`);
  const scale = config.RATE_LIMIT_SCALE;
  return (
    sent !== undefined &&
    sent.minute < config.OTP_STRANGERS_PER_MINUTE * scale &&
    sent.day < config.OTP_STRANGERS_PER_DAY * scale &&
    sent.prefix < config.OTP_STRANGERS_PER_PREFIX * scale
  );
}

/** One request for a phone at a time, on every process: the count below and the newest password stay true until the commit. */
export async function lockPhone(tx: Transaction, phone: string): Promise<void> {
  await tx.run(sql`select pg_advisory_xact_lock(hashtextextended(${`otp|${phone}`}, 0))`);
}

/** 0, or how long until the oldest of the last `limit` requests is ten minutes old. */
async function secondsToWait(tx: Transaction, { phone, installation, limit }: Asking): Promise<number> {
  const asked = await tx.row<{ count: number; waitSeconds: number }>(sql`
    select count(*)::int as count,
      greatest(1, ceil(extract(epoch from min(created_at) + interval '10 minutes' - clock_timestamp())))::int as wait_seconds
    from (
      select created_at from otps
      where phone = ${phone} and installation is not distinct from ${installation} and created_at > clock_timestamp() - interval '10 minutes'
      order by created_at desc limit ${limit}) newest`);
  return asked !== undefined && asked.count >= limit ? asked.waitSeconds : 0;
}
