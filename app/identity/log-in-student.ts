import { audit } from "../platform/audit.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { openSession, type Session } from "./open-session.ts";
import type { Origin } from "./origin.ts";
import { spendOtp } from "./spend-otp.ts";

interface Input {
  readonly phone: string;
  readonly otp: string;
  /** Of request-otp's answer. */
  readonly requestId?: string | undefined;
  readonly origin: Origin;
}

/** The right one-time password opens a session; a phone's first one makes the student. */
export async function logInStudent(
  { config, db, log, metrics, secrets }: Platform,
  { phone, otp, requestId, origin }: Input,
  httpRequestId: string,
): Promise<Session> {
  const sealKey = await secrets.get("SEAL_KEY");
  const session = await db.transaction(async (tx) => {
    if (!(await spendOtp(tx, sealKey, phone, otp, requestId))) return undefined;
    const student = await findOrAddStudent(tx, phone, config.STUDENT_SIGNUP === "open");
    if (!student) return undefined;
    const opened = await openSession(tx, config, { kind: "student", id: student.id, phone, name: student.name }, "sms", origin);
    await audit(tx, {
      actorKind: "student",
      actorId: student.id,
      action: "student.logged_in",
      objectKind: "session",
      objectId: opened.id,
      details: { factor: "sms", network: origin.network, address_hash: origin.addressHash },
      requestId: httpRequestId,
    });
    return opened;
  });
  const where = { network: origin.network, address_hash: origin.addressHash, request_id: httpRequestId };
  if (session) log.info({ student_id: session.user.id, ...where }, "student logged in");
  else log.warn({ phone, ...where }, "student login refused");
  metrics.count("logins_total", { kind: "student", outcome: session ? "in" : "refused" });
  if (!session) throw wrongOtp();
  return session;
}

export const wrongOtp = () => new CodedError("INVALID_OTP", "This code is wrong or no longer valid: ask for a new one.");

async function findOrAddStudent(tx: Transaction, phone: string, mayAdd: boolean): Promise<{ id: string; name: string | null } | undefined> {
  if (mayAdd) await tx.run(sql`insert into students (phone) values (${phone}) on conflict (phone) do nothing`);
  return tx.row(sql`select id, name from students where phone = ${phone} and is_active for share`);
}
