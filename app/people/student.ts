import { CodedError, notFound } from "../platform/errors.ts";
import type { Language } from "../platform/languages.ts";
import { type Page, type PageInput, pageOf } from "../platform/page.ts";
import { part, type Queryable, sql, violatedConstraint } from "../platform/postgres.ts";

export interface Student {
  readonly id: string;
  readonly phone: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly address: string | null;
  readonly studentNumber: string | null;
  readonly language: Language;
  readonly isActive: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** The microsecond of the last change: who changes must have read it. */
  readonly version: number;
}

export type StudentFields = Pick<Student, "phone" | "name" | "email" | "address" | "studentNumber">;

export const studentColumns = part`id, phone, name, email, address, student_number, language, is_active, created_at, updated_at,
  (extract(epoch from updated_at) * 1000000)::bigint as version`;

/** An erased student is as absent as one that never was. */
export async function readStudent(db: Queryable, studentId: string): Promise<Student> {
  const student = await db.row<Student>(sql`select ${studentColumns} from students where id = ${studentId} and erased_at is null`);
  if (!student) throw notFound("The student");
  return student;
}

interface Wanted extends PageInput {
  readonly search: string | undefined;
  /** Where the search may be a phone: as phones are kept. */
  readonly phone?: string | undefined;
  /** Where the search may be a card's number: what such a card is stored as. */
  readonly cardHash?: Buffer | undefined;
  readonly isActive: boolean | undefined;
}

const byName = part`name is null, lower(coalesce(name, '')), id`;

/** By name; what a search finds, newest first. A search reads the rows one by one: among 20,000 students the rarest hit takes some 30 ms, an index would be larger than the table. */
export async function listStudents(db: Queryable, wanted: Wanted): Promise<Page<Student>> {
  const { search = null, phone = null, cardHash = null, isActive = null, limit, after = null } = wanted;
  const behind = search === null ? part`(${byName}) > (select ${byName} from students where id = ${after})` : part`id < ${after}::uuid`;
  const rows = await db.rows<Student>(sql`
    select ${studentColumns} from students
    where erased_at is null
      and (${after}::uuid is null or ${behind})
      and (${isActive}::boolean is null or is_active = ${isActive}::boolean)
      and (${search}::text is null or strpos(lower(concat_ws(' ', name, phone, email, student_number)), lower(${search}::text)) > 0
        or strpos(phone, ${phone}) > 0
        or id in (select student_id from cards where uid_hash = ${cardHash}))
    order by ${search === null ? byName : part`id desc`} limit ${limit + 1}`);
  return pageOf(rows, limit);
}

interface Said {
  /** As somebody typed it: a whole student number. */
  readonly said: string;
  readonly phone: string | null;
  readonly cardHash: Buffer | null;
}

/** Who is meant by a whole phone, student number or card's number, or by the own id: more than one only where these say different people. */
export const findStudents = (db: Queryable, { said, phone, cardHash }: Said): Promise<Student[]> =>
  db.rows<Student>(sql`
    select ${studentColumns} from students
    where erased_at is null
      and (phone = ${phone} or lower(student_number) = lower(${said}) or id::text = lower(${said})
        or id in (select student_id from cards where uid_hash = ${cardHash}))
    order by ${byName} limit 10`);

const fieldOfConstraint: Readonly<Record<string, string>> = {
  students_phone_key: "phone",
  students_student_number_key: "student_number",
};

/** Another student's phone or number is a refusal that names the field; everything else stays what it was. */
export function asTaken(error: unknown): unknown {
  const field = fieldOfConstraint[violatedConstraint(error) ?? ""];
  if (field === undefined) return error;
  return new CodedError("CONFLICT", `Another student has this ${field.replace("_", " ")}.`, { details: { field }, cause: error });
}
