import { wrongOtp } from "../identity/log-in-student.ts";
import { spendOtp } from "../identity/spend-otp.ts";
import type { Platform } from "../platform/context.ts";
import { notFound } from "../platform/errors.ts";
import { sql } from "../platform/postgres.ts";
import { eraseStudent } from "./erase-student.ts";

interface Input {
  readonly studentId: string;
  readonly otp: string;
  readonly requestId: string;
}

/** A stolen token alone erases nobody: it takes a fresh one-time password of the own phone. A refusal leaves that one unspent. */
export async function eraseMyself({ db, secrets }: Platform, { studentId, otp, requestId }: Input): Promise<string[]> {
  const sealKey = await secrets.get("SEAL_KEY");
  const ended = await db.transaction(async (tx) => {
    const student = await tx.row<{ phone: string | null }>(sql`select phone from students where id = ${studentId}`);
    if (!student?.phone) throw notFound("The student");
    if (!(await spendOtp(tx, sealKey, student.phone, otp))) return undefined;
    return eraseStudent(tx, { studentId, actorKind: "student", actorId: studentId, requestId });
  });
  if (!ended) throw wrongOtp();
  return ended;
}
