import { z } from "@hono/zod-openapi";
import { cardHash } from "../cards/card-hash.ts";
import { cardUidField } from "../cards/field-schemas.ts";
import { phoneField } from "../identity/field-schemas.ts";
import { actorOf, staff, staffOf } from "../identity/guards.ts";
import type { Identity } from "../identity/identity.ts";
import type { Config } from "../platform/config.ts";
import type { Platform } from "../platform/context.ts";
import { once } from "../platform/http/once.ts";
import { json, listOf, listQuery, required, route, router, validationError } from "../platform/http/router.ts";
import { languages } from "../platform/languages.ts";
import { addStudent } from "./add-student.ts";
import { type ChangedStudent, changeStudent } from "./change-student.ts";
import { eraseStudent } from "./erase-student.ts";
import { searchField, studentFields, versionField } from "./field-schemas.ts";
import { setStudentActive } from "./set-student-active.ts";
import { findStudents, listStudents, readStudent, type Student, type StudentFields } from "./student.ts";
import { plainPhone, searchedPhone } from "./written-phone.ts";

const StudentBody = z
  .object({
    id: z.uuid(),
    student_number: z.string().nullable(),
    phone: z.string(),
    name: z.string().nullable(),
    email: z.string().nullable(),
    address: z.string().nullable(),
    language: z.enum(languages),
    is_active: z.boolean(),
    version: z.int(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .openapi("Student");

const FoundStudentBody = z
  .object({ id: z.uuid(), name: z.string().nullable(), student_number: z.string().nullable(), phone: z.string() })
  .openapi("FoundStudent");

const params = z.object({ studentId: z.uuid() });
const who = staff("admin");
const tags = ["students"];

const list = route({
  method: "get",
  path: "/admin/students",
  operationId: "listStudents",
  tags,
  summary:
    "The students by name; a search looks into name, phone, e-mail and number, or finds whose card has exactly that number, newest first",
  who,
  request: {
    query: listQuery.extend({ search: searchField.optional(), active: z.enum(["true", "false"]).optional() }),
  },
  responses: { 200: json(listOf(StudentBody), "A page of them") },
});

const find = route({
  method: "get",
  path: "/admin/student-search",
  operationId: "findStudents",
  tags,
  summary: "Who has exactly this phone, student number or card, before money of theirs is decided on; parts of them find nobody",
  who: staff("finance", "admin"),
  request: { query: z.strictObject({ said: searchField }) },
  responses: { 200: json(listOf(FoundStudentBody), "Nobody, one, or the few whom these call the same") },
});

const add = route({
  method: "post",
  path: "/admin/students",
  operationId: "addStudent",
  tags,
  summary: "Enter a student, who logs in with the phone",
  who,
  idempotency: "optional",
  errors: ["CONFLICT", "READ_ONLY_REGION"],
  request: { body: required(z.strictObject(studentFields)) },
  responses: { 201: json(StudentBody, "Entered") },
});

const read = route({
  method: "get",
  path: "/admin/students/{studentId}",
  operationId: "getStudent",
  tags,
  summary: "One student",
  who,
  errors: ["NOT_FOUND"],
  request: { params },
  responses: { 200: json(StudentBody, "The student") },
});

const change = route({
  method: "put",
  path: "/admin/students/{studentId}",
  operationId: "changeStudent",
  tags,
  summary:
    "Replace what is kept of a student, if nobody changed it since it was read; another phone ends the sessions, and the old one is told",
  who,
  errors: ["NOT_FOUND", "CONFLICT", "READ_ONLY_REGION"],
  request: { params, body: required(z.strictObject({ ...studentFields, version: versionField })) },
  responses: { 200: json(StudentBody, "The student as it is now") },
});

const setActive = route({
  method: "patch",
  path: "/admin/students/{studentId}",
  operationId: "setStudentActive",
  tags,
  summary: "Deactivate a student, which ends all sessions at once, or take it back",
  who,
  errors: ["NOT_FOUND", "READ_ONLY_REGION"],
  request: { params, body: required(z.strictObject({ is_active: z.boolean() })) },
  responses: { 200: json(StudentBody, "The student as it is now") },
});

const erase = route({
  method: "delete",
  path: "/admin/students/{studentId}",
  operationId: "eraseStudent",
  tags,
  summary: "Remove the person for good and keep the books; refused while money, a payment or an order waits",
  who,
  errors: ["NOT_FOUND", "CONFLICT", "READ_ONLY_REGION"],
  request: { params },
  responses: { 204: { description: "Erased" } },
});

export const studentRoutes = (platform: Platform, identity: Pick<Identity, "sessionsEnded">) => {
  const { db, config } = platform;
  const afterwards = ({ student, endedSessionIds }: ChangedStudent) => {
    identity.sessionsEnded(endedSessionIds);
    return presentStudent(student);
  };
  const hashOf = async (search: string | undefined) => {
    const uid = cardUidField.safeParse(search);
    return uid.success ? cardHash(await platform.secrets.get("CARD_PEPPER"), uid.data) : undefined;
  };
  return router()
    .openapi(list, async (c) => {
      const { limit, cursor, search, active } = c.req.valid("query");
      const isActive = active === undefined ? undefined : active === "true";
      const found = { search, phone: searchedPhone(search, config), cardHash: await hashOf(search) };
      const { items, next } = await listStudents(db, { ...found, isActive, limit, after: cursor });
      return c.json({ items: items.map(presentStudent), next_cursor: next }, 200);
    })
    .openapi(find, async (c) => {
      const { said } = c.req.valid("query");
      const hash = await hashOf(said);
      const items = await findStudents(db, { said, phone: searchedPhone(said, config) ?? null, cardHash: hash ?? null });
      return c.json({ items: items.map(presentFound), next_cursor: null }, 200);
    })
    .openapi(add, (c) => {
      const fields = fieldsOf(c.req.valid("json"), config);
      return once(c, "a day", async (tx) => ({ status: 201 as const, body: presentStudent(await addStudent(tx, fields, actorOf(c))) }));
    })
    .openapi(read, async (c) => c.json(presentStudent(await readStudent(db, c.req.valid("param").studentId)), 200))
    .openapi(change, async (c) => {
      const wanted = { ...fieldsOf(c.req.valid("json"), config), version: c.req.valid("json").version };
      const sealKey = await platform.secrets.get("SEAL_KEY");
      const changed = await db.transaction((tx) => changeStudent(tx, config, c.req.valid("param").studentId, wanted, sealKey, actorOf(c)));
      return c.json(afterwards(changed), 200);
    })
    .openapi(setActive, async (c) => {
      const isActive = c.req.valid("json").is_active;
      const changed = await db.transaction((tx) => setStudentActive(tx, c.req.valid("param").studentId, isActive, actorOf(c)));
      return c.json(afterwards(changed), 200);
    })
    .openapi(erase, async (c) => {
      const input = {
        studentId: c.req.valid("param").studentId,
        actorKind: "staff",
        actorId: staffOf(c).id,
        requestId: c.var.requestId,
      } as const;
      identity.sessionsEnded(await db.transaction((tx) => eraseStudent(tx, input)));
      return c.body(null, 204);
    });
};

interface GivenFields {
  readonly phone: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly address: string | null;
  readonly student_number: string | null;
}

function phoneOf(written: string, config: Config): string {
  const phone = phoneField.safeParse(plainPhone(written, config));
  if (!phone.success)
    throw validationError(
      "json",
      phone.error.issues.slice(0, 1).map(({ message }) => ({ path: ["phone"], message })),
    );
  return phone.data;
}

const fieldsOf = ({ phone, name, email, address, student_number }: GivenFields, config: Config): StudentFields => ({
  phone: phoneOf(phone, config),
  name,
  email,
  address,
  studentNumber: student_number,
});

const presentFound = ({ id, name, studentNumber, phone }: Student): z.infer<typeof FoundStudentBody> => ({
  id,
  name,
  student_number: studentNumber,
  phone,
});

const presentStudent = (student: Student): z.infer<typeof StudentBody> => ({
  id: student.id,
  student_number: student.studentNumber,
  phone: student.phone,
  name: student.name,
  email: student.email,
  address: student.address,
  language: student.language,
  is_active: student.isActive,
  version: student.version,
  created_at: student.createdAt.toISOString(),
  updated_at: student.updatedAt.toISOString(),
});
