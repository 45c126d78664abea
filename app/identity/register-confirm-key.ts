import { tellStudent } from "../notifications/notices/tell-student.ts";
import { audit } from "../platform/audit.ts";
import type { Config } from "../platform/config.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { provenKey } from "./confirm-key.ts";
import { type ConfirmKey, listConfirmKeys } from "./list-confirm-keys.ts";
import { type Deed, endOfNewPhone, phoneIsNew, spendStepUp, tryStepUp } from "./step-up.ts";

interface Input {
  readonly studentId: string;
  readonly publicKey: string;
  readonly proof: string;
  readonly otp: string | undefined;
  readonly sessionId: string;
  readonly requestId: string;
}

interface Keys {
  readonly requiresSignature: boolean;
  readonly isFresh: boolean;
  readonly waitUntil: Date | null;
}

const maxActiveKeys = 5;

// A log-in has just shown who holds the phone. Later the token alone may be a thief's, whose key would keep the owner out.
const freshMinutes = 10;

export const deedOfConfirmKey = (publicKey: string): Deed => ({ purpose: "confirm_key", lines: [publicKey] });

/**
 * Adds a phone's key. The first one makes signatures necessary for ever. It needs a code of the phone that was asked for this very
 * key, but for the first one within ten minutes of the log-in: a stolen token alone never adds one. The same key again is the same
 * registration.
 */
export async function registerConfirmKey(platform: Platform, input: Input): Promise<ConfirmKey> {
  const spki = provenKey(input.studentId, input.publicKey, input.proof);
  const proven = await tryStepUp(platform, input.studentId, "confirm_key", { otp: input.otp });
  return platform.db.transaction(async (tx) => {
    const student = await lockStudent(tx, platform.config, input);
    const known = await findKey(tx, input.studentId, spki);
    if (known) return known;
    if (student.waitUntil) throw phoneIsNew(student.waitUntil);
    if (student.requiresSignature || !student.isFresh) await spendStepUp(tx, proven, deedOfConfirmKey(input.publicKey));
    const key = await addKey(tx, input, spki);
    await tellStudent(tx, input.studentId, "confirm_key_added");
    return key;
  });
}

async function lockStudent(tx: Transaction, config: Config, { studentId, sessionId }: Input): Promise<Keys> {
  const student = await tx.row<Keys>(sql`
    select requires_signature, ${endOfNewPhone(config)} as wait_until,
      exists (select from sessions where id = ${sessionId} and created_at > clock_timestamp() - make_interval(mins => ${freshMinutes})) as is_fresh
    from students where id = ${studentId} for no key update`);
  if (!student) throw notFound("The student");
  return student;
}

async function findKey(tx: Transaction, studentId: string, spki: Buffer): Promise<ConfirmKey | undefined> {
  const known = await tx.row<ConfirmKey & { isRevoked: boolean }>(sql`
    select id, public_key, created_at, revoked_at is not null as is_revoked
    from confirm_keys where student_id = ${studentId} and public_key = ${spki}`);
  if (known?.isRevoked) throw new CodedError("CONFLICT", "This key was removed: make a new one.");
  return known;
}

async function addKey(tx: Transaction, { studentId, requestId }: Input, spki: Buffer): Promise<ConfirmKey> {
  const active = await listConfirmKeys(tx, studentId);
  if (active.length >= maxActiveKeys)
    throw new CodedError("CONFLICT", `There are ${maxActiveKeys} keys already: remove one first.`, { details: { max: maxActiveKeys } });
  const key = await tx.row<ConfirmKey>(
    sql`insert into confirm_keys (student_id, public_key) values (${studentId}, ${spki}) returning id, public_key, created_at`,
  );
  if (!key) throw new Error("The key was not written.");
  await tx.run(sql`update students set requires_signature = true, updated_at = now() where id = ${studentId} and not requires_signature`);
  await audit(tx, {
    actorKind: "student",
    actorId: studentId,
    action: "confirm_key.registered",
    objectKind: "confirm_key",
    objectId: key.id,
    requestId,
  });
  return key;
}
