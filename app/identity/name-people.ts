import { type Queryable, sql } from "../platform/postgres.ts";

interface Names {
  readonly student_name: string | null;
  readonly student_number: string | null;
  readonly requested_by_name: string | null;
}

/** Where nobody asked for what is listed. */
export const studentOf = ({ student_name, student_number }: Names): Pick<Names, "student_name" | "student_number"> => ({
  student_name,
  student_number,
});

/**
 * Whom a list is about and who asked, for people who decide. Only ever beside a list: an answer that is kept for its
 * Idempotency-Key would keep the name of a student who is erased.
 */
export async function namePeople(
  db: Queryable,
  rows: readonly { readonly studentId: string; readonly requestedBy?: string }[],
): Promise<(row: { readonly studentId: string; readonly requestedBy?: string }) => Names> {
  const ids = rows.flatMap(({ studentId, requestedBy }) => (requestedBy === undefined ? [studentId] : [studentId, requestedBy]));
  const found = await db.rows<{ id: string; name: string | null; studentNumber: string | null }>(sql`
    select id, name, student_number from students where id = any(${ids}::uuid[])
    union all select id, name, null from staff where id = any(${ids}::uuid[])`);
  const byId = new Map(found.map((each) => [each.id, each]));
  return ({ studentId, requestedBy = "" }) => ({
    student_name: byId.get(studentId)?.name ?? null,
    student_number: byId.get(studentId)?.studentNumber ?? null,
    requested_by_name: byId.get(requestedBy)?.name ?? null,
  });
}
