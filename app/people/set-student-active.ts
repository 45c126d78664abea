import { type Actor, auditActor } from "../identity/actor.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import type { ChangedStudent } from "./change-student.ts";
import { endLogins } from "./end-logins.ts";
import { readStudent, type Student, studentColumns } from "./student.ts";

/** A deactivated student is logged out everywhere, is asked for no payment and cannot log in until somebody reactivates it. */
export async function setStudentActive(tx: Transaction, studentId: string, isActive: boolean, actor: Actor): Promise<ChangedStudent> {
  const student = await tx.row<Student>(sql`
    update students set is_active = ${isActive}, updated_at = clock_timestamp()
    where id = ${studentId} and erased_at is null and is_active <> ${isActive} returning ${studentColumns}`);
  if (!student) return { student: await readStudent(tx, studentId), endedSessionIds: [] };
  if (!isActive) await voidOpenCharges(tx, studentId);
  const endedSessionIds = isActive ? [] : await endLogins(tx, studentId, "deactivated");
  const action = isActive ? "student.reactivated" : "student.deactivated";
  await auditActor(tx, actor, { action, objectKind: "student", objectId: studentId });
  return { student, endedSessionIds };
}

/**
 * After the update, whose trigger waits for the student's scans and debits and holds new ones (watch-status.sql). A charge that
 * somebody holds locked is left to them: a debit of it waits for us, sees the student and ends it; to wait for it would be a deadlock.
 */
const voidOpenCharges = (tx: Transaction, studentId: string) =>
  tx.run(sql`
    select end_charge(id, 'voided', 'student deactivated')
    from (select id from charges where student_id = ${studentId} and state = 'open' order by id for update skip locked) open`);
