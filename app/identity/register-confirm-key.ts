import { audit } from "../platform/audit.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { type Queryable, sql, type Transaction } from "../platform/postgres.ts";
import { provenKey } from "./confirm-key.ts";
import { wrongOtp } from "./log-in-student.ts";
import { spendOtp } from "./spend-otp.ts";

interface Input {
  readonly studentId: string;
  readonly publicKey: string;
  readonly proof: string;
  readonly otp: string | undefined;
  readonly requestId: string;
}

export interface ConfirmKey {
  readonly id: string;
  readonly publicKey: Buffer;
  readonly createdAt: Date;
}

interface Keys {
  readonly phone: string;
  readonly requiresSignature: boolean;
}

const maxActiveKeys = 5;

/**
 * Adds a phone's key. The first one makes signatures necessary for ever; from then on a further key needs a fresh
 * one-time password, so that a stolen token alone never adds one. The same key again is the same registration.
 */
export async function registerConfirmKey({ db, secrets }: Platform, input: Input): Promise<ConfirmKey> {
  const spki = provenKey(input.studentId, input.publicKey, input.proof);
  const sealKey = await secrets.get("SEAL_KEY");
  const key = await db.transaction(async (tx) => {
    const student = await lockStudent(tx, input.studentId);
    const known = await findKey(tx, input.studentId, spki);
    if (known) return known;
    const isAllowed = !student.requiresSignature || (input.otp !== undefined && (await spendOtp(tx, sealKey, student.phone, input.otp)));
    return isAllowed ? addKey(tx, input, spki) : undefined;
  });
  if (!key) throw wrongOtp();
  return key;
}

async function lockStudent(tx: Transaction, studentId: string): Promise<Keys> {
  const student = await tx.row<Keys>(sql`select phone, requires_signature from students where id = ${studentId} for no key update`);
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

export const listConfirmKeys = (db: Queryable, studentId: string): Promise<ConfirmKey[]> =>
  db.rows<ConfirmKey>(
    sql`select id, public_key, created_at from confirm_keys where student_id = ${studentId} and revoked_at is null order by id`,
  );
