import { endOfNewCard, noPhoneYet, type PhoneWait } from "../cards/fresh-card.ts";
import { type Actor, auditActor } from "../identity/actor.ts";
import { tellOldPhones } from "../notifications/notices/tell-old-phone.ts";
import { snakeCase } from "../platform/audit.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { part, sql, type Transaction } from "../platform/postgres.ts";
import { endLogins } from "./end-logins.ts";
import { asTaken, type Student, type StudentFields, studentColumns } from "./student.ts";

export interface ChangedStudent {
  readonly student: Student;
  readonly endedSessionIds: readonly string[];
}

const fieldNames = ["phone", "name", "email", "address", "studentNumber"] as const;

/**
 * Replaces what is kept of a student, if it is still what was read. Another phone is another login: what was opened with the old one ends,
 * the old one is told, and for some days the new one takes no money out. None is entered for some days after a card was given.
 */
export async function changeStudent(
  tx: Transaction,
  config: PhoneWait,
  studentId: string,
  wanted: StudentFields & { readonly version: number },
  sealKey: string,
  actor: Actor,
): Promise<ChangedStudent> {
  const before = await tx.row<Student>(
    sql`select ${studentColumns} from students where id = ${studentId} and erased_at is null for no key update`,
  );
  if (!before) throw notFound("The student");
  if (before.version !== wanted.version)
    throw new CodedError("CONFLICT", "The student was changed since you read it: read it again.", { details: { version: before.version } });
  const fields = fieldNames.filter((name) => before[name] !== wanted[name]);
  if (fields.length === 0) return { student: before, endedSessionIds: [] };
  const isOtherPhone = fields.includes("phone");
  if (isOtherPhone) await refuseAfterNewCard(tx, config, studentId);
  const student = await tx
    .row<Student>(sql`
      update students set phone = ${wanted.phone}, name = ${wanted.name}, email = ${wanted.email}, address = ${wanted.address},
        student_number = ${wanted.studentNumber}, updated_at = clock_timestamp(),
        phone_changed_at = case when ${isOtherPhone} then clock_timestamp() else phone_changed_at end
      where id = ${studentId} returning ${studentColumns}`)
    .catch((error: unknown) => {
      throw asTaken(error);
    });
  if (!student) throw new Error("The student changed under its own lock.");
  if (isOtherPhone) await tellOldPhones(tx, sealKey, [before]);
  const endedSessionIds = isOtherPhone ? await endLogins(tx, studentId, "changed") : [];
  // Which fields, never what stood in them: the trail outlives the person's erasure.
  await auditActor(tx, actor, {
    action: "student.changed",
    objectKind: "student",
    objectId: studentId,
    details: { fields: fields.map(snakeCase) },
  });
  return { student, endedSessionIds };
}

/** Asked once the student is locked, as by whoever gives a card. */
async function refuseAfterNewCard(tx: Transaction, config: PhoneWait, studentId: string): Promise<void> {
  const card = await tx.row<{ until: Date | null }>(sql`select ${endOfNewCard(config, part`${studentId}`)} as until`);
  if (card?.until) throw noPhoneYet(config, card.until);
}
