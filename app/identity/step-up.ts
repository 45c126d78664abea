import { createHmac, createPublicKey, timingSafeEqual, verify } from "node:crypto";
import type { Config } from "../platform/config.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { enqueue } from "../platform/outbox.ts";
import { part, type Statement, sql, type Transaction } from "../platform/postgres.ts";
import { keyFor, seal } from "../platform/seal.ts";
import { listConfirmKeys } from "./list-confirm-keys.ts";
import { newOtp } from "./otp-code.ts";

export const stepUpPurposes = ["close_out", "limits", "thaw_wallet", "thaw_card", "confirm_key", "auto_top_up"] as const;
export type StepUpPurpose = (typeof stepUpPurposes)[number];

/** One thing that a token alone may not do, in the lines that the phone signs. */
export interface Deed {
  readonly purpose: StepUpPurpose;
  /** The account and the amount; the limit; the card; the key. */
  readonly lines: readonly string[];
}

const textOfDeed = ({ purpose, lines }: Deed): string => [purpose, ...lines].join("\n");

/** What the phone's key signs: this student, this code's request, this deed. */
const challengeOf = (studentId: string, id: string, deed: string): string => ["campuspay.v1", "step-up", studentId, id, deed].join("\n");

const hashCode = (sealKey: string, id: string, otp: string): Buffer =>
  createHmac("sha256", keyFor(sealKey, "step-up")).update(`${id}:${otp}`).digest();

export const stepUpSealPurpose = "step-up-sms";
const maxTries = 5;

export interface AskedStepUp {
  readonly id: string;
  readonly challenge: string;
  readonly needsSignature: boolean;
}

/** When a phone that the university entered may do what a token alone may not; null where it may. */
export const endOfNewPhone = ({ NEW_PHONE_WAIT_SECONDS }: Pick<Config, "NEW_PHONE_WAIT_SECONDS">): Statement =>
  part`(select until from (select phone_changed_at + make_interval(secs => ${NEW_PHONE_WAIT_SECONDS}) as until) w where until > clock_timestamp())`;

/** Whoever may enter a phone could enter the own one: the old one was told, and its owner has these days to say so. */
export const phoneIsNew = (until: Date) =>
  new CodedError(
    "CONFLICT",
    "The university entered another phone of late: this waits for some days, in which the old one's owner can object.",
    {
      details: { because: "phone_changed", until: until.toISOString() },
    },
  );

/** Sends a code that is good for this deed alone. The message says what it is for, so that its reader can see a thief's wish in it. */
export async function askStepUp(
  { config, db, secrets }: Platform,
  studentId: string,
  deedOf: (tx: Transaction) => Promise<Deed>,
): Promise<AskedStepUp> {
  const sealKey = await secrets.get("SEAL_KEY");
  const otp = newOtp();
  return db.transaction(async (tx) => {
    const student = await tx.row<{ requiresSignature: boolean; waitUntil: Date | null }>(sql`
      select requires_signature, ${endOfNewPhone(config)} as wait_until from students where id = ${studentId} and is_active for no key update`);
    if (!student) throw notFound("The student");
    if (student.waitUntil) throw phoneIsNew(student.waitUntil);
    await refuseTooMany(tx, config, studentId);
    const deed = textOfDeed(await deedOf(tx));
    const made = await tx.row<{ id: string }>(sql`select uuidv7() as id`);
    if (!made) throw new Error("The database gave no id.");
    await tx.run(sql`
      insert into step_ups (id, student_id, purpose, deed, code_hash, created_at, expires_at)
      values (${made.id}, ${studentId}, ${deed.split("\n")[0]}, ${deed}, ${hashCode(sealKey, made.id, otp)}, clock_timestamp(),
        clock_timestamp() + make_interval(secs => ${config.OTP_SECONDS}))`);
    await enqueue(tx, "sms.step_up", { step_up_id: made.id, sealed: seal(sealKey, stepUpSealPurpose, otp) });
    return { id: made.id, challenge: challengeOf(studentId, made.id, deed), needsSignature: student.requiresSignature };
  });
}

/** A few in ten minutes; of those that nobody used so many a day. Each is a message. */
async function refuseTooMany(tx: Transaction, config: Config, studentId: string): Promise<void> {
  const asked = await tx.row<{ recent: number; recentEndsIn: number; wasted: number; dayEndsIn: number }>(sql`
    select count(*) filter (where is_recent)::int as recent, count(*) filter (where used_at is null)::int as wasted,
      ceil(extract(epoch from min(created_at) filter (where is_recent) + interval '10 minutes' - clock_timestamp()))::int as recent_ends_in,
      ceil(extract(epoch from min(created_at) filter (where used_at is null) + interval '1 day' - clock_timestamp()))::int as day_ends_in
    from (
      select created_at, used_at, created_at > clock_timestamp() - interval '10 minutes' as is_recent from step_ups
      where student_id = ${studentId} and created_at > clock_timestamp() - interval '1 day') s`);
  if (!asked) return;
  const { RATE_LIMIT_SCALE: scale, RATE_OTP_PER_10_MINUTES, RATE_OTP_PER_DAY } = config;
  const waits = [
    ...(asked.recent >= RATE_OTP_PER_10_MINUTES * scale ? [asked.recentEndsIn] : []),
    ...(asked.wasted >= RATE_OTP_PER_DAY * scale ? [asked.dayEndsIn] : []),
  ];
  if (waits.length > 0)
    throw new CodedError("RATE_LIMITED", "Too many codes were asked for: please wait.", { retryAfterSeconds: Math.max(1, ...waits) });
}

/** What came with the request. */
export interface GivenStepUp {
  readonly otp?: string | undefined;
  readonly signature?: string | undefined;
}

/** A code that was right. It counts once, in the transaction of its deed. */
export interface ProvenStepUp {
  readonly id: string;
  readonly studentId: string;
  readonly purpose: StepUpPurpose;
  readonly signature: string | undefined;
}

interface Row {
  readonly id: string;
  readonly codeHash: Buffer;
}

/**
 * Compares the code with the newest one for this purpose; undefined where none was given. To be called before the transaction of the
 * deed: a try is counted for good before the code is looked at, so that a hundred guesses at once get five.
 */
export async function tryStepUp(
  { db, secrets }: Pick<Platform, "db" | "secrets">,
  studentId: string,
  purpose: StepUpPurpose,
  { otp, signature }: GivenStepUp,
): Promise<ProvenStepUp | undefined> {
  if (otp === undefined) return undefined;
  const row = await db.row<Row>(sql`
    update step_ups set tries = tries + 1
    where id = (select id from step_ups where student_id = ${studentId} and purpose = ${purpose} order by created_at desc limit 1) and tries < ${maxTries}
    returning id, code_hash`);
  if (!row || !timingSafeEqual(row.codeHash, hashCode(await secrets.get("SEAL_KEY"), row.id, otp))) throw wrongCode(purpose);
  return { id: row.id, studentId, purpose, signature };
}

/** Uses the code up for this deed. Throws INVALID_OTP where the code is missing, late, used or was asked for another deed. */
export async function spendStepUp(tx: Transaction, proven: ProvenStepUp | undefined, deed: Deed): Promise<void> {
  if (!proven) throw stepUpNeeded(deed.purpose);
  const text = textOfDeed(deed);
  const spent = await tx.run(sql`
    update step_ups set used_at = clock_timestamp()
    where id = ${proven.id} and student_id = ${proven.studentId} and used_at is null and expires_at > clock_timestamp() and deed = ${text}`);
  if (spent === 0) throw wrongCode(deed.purpose);
  if (deed.purpose !== "confirm_key") await checkSignature(tx, proven, text);
}

/** Once a key is registered, the phone that holds one has to say so too. A new key is what a student needs who lost that phone. */
async function checkSignature(tx: Transaction, { id, studentId, signature }: ProvenStepUp, deed: string): Promise<void> {
  const student = await tx.row<{ requiresSignature: boolean }>(sql`select requires_signature from students where id = ${studentId}`);
  if (!student?.requiresSignature) return;
  const challenge = Buffer.from(challengeOf(studentId, id, deed));
  const given = Buffer.from(signature ?? "", "base64url");
  const keys = await listConfirmKeys(tx, studentId);
  const isSigned = keys.some(({ publicKey }) =>
    verify(
      "sha256",
      challenge,
      { key: createPublicKey({ key: publicKey, format: "der", type: "spki" }), dsaEncoding: "ieee-p1363" },
      given,
    ),
  );
  if (!isSigned)
    throw new CodedError(
      "INVALID_SIGNATURE",
      "This must be signed by a key of the student's phone: sign the challenge that came with the code.",
    );
}

const stepUpNeeded = (purpose: StepUpPurpose) =>
  new CodedError("INVALID_OTP", "This needs a code of the student's phone: ask for one with POST /api/v1/users/me/step-up.", {
    details: { step_up: purpose },
  });

const wrongCode = (purpose: StepUpPurpose) =>
  new CodedError("INVALID_OTP", "This code is wrong, no longer valid, or was asked for something else: ask for a new one.", {
    details: { step_up: purpose },
  });
