import { type Actor, auditActor } from "../identity/actor.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { asTaken, type Student, type StudentFields, studentColumns } from "./student.ts";

/** Enters a student, who logs in with the phone from then on. */
export async function addStudent(tx: Transaction, fields: StudentFields, actor: Actor): Promise<Student> {
  const student = await tx
    .row<Student>(sql`
      insert into students (phone, name, email, address, student_number)
      values (${fields.phone}, ${fields.name}, ${fields.email}, ${fields.address}, ${fields.studentNumber})
      returning ${studentColumns}`)
    .catch((error: unknown) => {
      throw asTaken(error);
    });
  if (!student) throw new Error("The student was not written.");
  await auditActor(tx, actor, { action: "student.added", objectKind: "student", objectId: student.id });
  return student;
}
