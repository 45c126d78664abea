import { createHmac } from "node:crypto";
import type { Config } from "../platform/config.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { enqueue } from "../platform/outbox.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import type { Cache } from "../platform/redis.ts";
import { keyFor, seal } from "../platform/seal.ts";
import { hashOtp, newOtp, otpSealPurpose } from "./otp-code.ts";
import { seenBudget } from "./shared-budget.ts";

/**
 * Makes a one-time password and leaves its sending to the worker. The answer is the same whether the phone is known, may have one
 * or is one too many: a fourth request within ten minutes is told to wait, whoever has the phone. Returns the request's id.
 */
export async function requestOtp(platform: Platform, phone: string, from: From): Promise<string> {
  const { cache, config, metrics, secrets } = platform;
  const sealKey = await secrets.get("SEAL_KEY");
  const asking = { phone, ...from, limit: config.RATE_OTP_PER_10_MINUTES * config.RATE_LIMIT_SCALE };
  const asked = (await waitOfAnybody(cache, sealKey, asking)) ?? (await makeCode(platform, sealKey, asking));
  const { waitSeconds, id, unsent } = asked;
  metrics.count("otp_requests_total", { outcome: waitSeconds > 0 ? "limited" : (unsent ?? "made") });
  if (waitSeconds > 0)
    throw new CodedError("RATE_LIMITED", "Too many codes were asked for with this phone: please wait.", { retryAfterSeconds: waitSeconds });
  return id;
}

interface From {
  /** Where this phone has logged in before: strangers who know the number use up nothing of its own. */
  readonly installation: string | null;
  readonly network: string;
}

/** Why a message stays away: no phones of that country, this phone's own day, or what all strangers share. */
type Unsent = "abroad" | "over_budget" | "shared_budget";

interface Asking extends From {
  readonly phone: string;
  readonly limit: number;
}

const makeCode = ({ config, db }: Platform, sealKey: string, asking: Asking): Promise<Asked> =>
  db.transaction(async (tx) => {
    const { phone, installation, network } = asking;
    await lockPhone(tx, phone);
    const waitSeconds = await secondsToWait(tx, asking);
    if (waitSeconds > 0) return { waitSeconds, id: "", unsent: undefined };
    const isStranger = (await tx.row(sql`select from students where phone = ${phone}`)) === undefined;
    const unsent = await (isStranger ? whyNotStranger : whyNotStudent)(tx, config, asking);
    const otp = newOtp();
    // Made by the database in either case: an id of another kind would tell which it was.
    const row = unsent
      ? await tx.row<{ id: string }>(sql`select uuidv7() as id`)
      : await tx.row<{ id: string }>(sql`
          insert into otps (phone, installation, network, code_hash, created_at, expires_at, is_stranger)
          values (${phone}, ${installation}, ${network}, ${hashOtp(sealKey, phone, otp)}, clock_timestamp(),
            clock_timestamp() + make_interval(secs => ${config.OTP_SECONDS}), ${isStranger})
          returning id`);
    if (!row) throw new Error("The database gave no id.");
    if (!unsent) await enqueue(tx, "sms.otp", { otp_id: row.id, sealed: seal(sealKey, otpSealPurpose, otp) });
    return { waitSeconds: 0, id: row.id, unsent };
  });

interface Asked {
  readonly waitSeconds: number;
  readonly id: string;
  readonly unsent: Unsent | undefined;
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
  return waitSeconds ? { waitSeconds, id: "", unsent: undefined } : undefined;
}

/**
 * So many codes a day, and as many guesses, for whoever asks from where nobody has logged in with it; as many for all where somebody has, since
 * each log-in makes another such place. The message stays away, the answer does not say so.
 */
async function whyNotStudent(tx: Transaction, config: Config, { phone, installation }: Asking): Promise<Unsent | undefined> {
  const sent = await tx.row<{ count: number }>(sql`
    select count(*)::int as count from otps
    where phone = ${phone} and (installation is null) = ${installation === null} and created_at > clock_timestamp() - interval '1 day'`);
  return sent !== undefined && sent.count < config.RATE_OTP_PER_DAY * config.RATE_LIMIT_SCALE ? undefined : "over_budget";
}

const prefixLength = 7;

/**
 * A message to a phone that nobody here knows costs money and may be what a pumper earns by. They have a budget a minute, a day and a
 * prefix, all of them together; it is counted under one lock, so that a flood gets exactly as many as a trickle. A network whose codes
 * nobody types gets half.
 */
async function whyNotStranger(tx: Transaction, config: Config, { phone, network }: Asking): Promise<Unsent | undefined> {
  const countries = config.OTP_COUNTRY_CODES.split(",");
  if (!countries.includes("*") && !countries.some((code) => phone.startsWith(`+${code.trim()}`))) return "abroad";
  await tx.run(sql`select pg_advisory_xact_lock(hashtextextended('otp|strangers', 0))`);
  const sent = await tx.row<{ minute: number; day: number; prefix: number; wasted: number }>(sql`
    select count(*) filter (where created_at > clock_timestamp() - interval '1 minute')::int as minute, count(*)::int as day,
      count(*) filter (where created_at > clock_timestamp() - interval '10 minutes' and left(phone, ${prefixLength}) = ${phone.slice(0, prefixLength)})::int as prefix,
      count(*) filter (where network = ${network} and used_at is null)::int as wasted
    from otps where is_stranger and created_at > clock_timestamp() - interval '1 day'`);
  const scale = config.RATE_LIMIT_SCALE;
  const of = config.OTP_STRANGERS_PER_DAY * scale;
  const isWithin = (count: number, limit: number) => sent !== undefined && count < seenBudget(limit * scale, { wasted: sent.wasted, of });
  const isRoom =
    sent !== undefined &&
    isWithin(sent.minute, config.OTP_STRANGERS_PER_MINUTE) &&
    isWithin(sent.day, config.OTP_STRANGERS_PER_DAY) &&
    isWithin(sent.prefix, config.OTP_STRANGERS_PER_PREFIX);
  return isRoom ? undefined : "shared_budget";
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
