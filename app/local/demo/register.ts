import type { Platform } from "../../platform/context.ts";
import { sql } from "../../platform/postgres.ts";
import { type DemoPart, idOf } from "./demo.ts";

/** What a university's register knows of the demo students, and a customer without an account in each café. */
export const addRegister: DemoPart = async ({ db }: Platform, demo) => {
  const students = demo.students.map(({ id }, index) => {
    const number = String(index + 1).padStart(4, "0");
    return { id, number: `S-${number}`, email: `student-${number}@campus.example`, address: `Studentvägen ${index + 1}, Campus` };
  });
  await db.run(sql`
    update students s set student_number = w.number, email = w.email, address = w.address
    from jsonb_to_recordset(${JSON.stringify(students)}::jsonb) w (id uuid, number text, email text, address text)
    where s.id = w.id and s.student_number is null and s.erased_at is null
      and not exists (select from students other where other.student_number = w.number)`);
  const customers = demo.cafes.map(({ id }) => ({ id: idOf(`customer ${id}`), cafeId: id }));
  await db.run(sql`
    insert into customers (id, cafe_id, name, email)
    select id, "cafeId", 'Institutionen för fysik', 'fysik@campus.example' from jsonb_to_recordset(${JSON.stringify(customers)}::jsonb) w (id uuid, "cafeId" uuid)
    on conflict do nothing`);
  return demo;
};
