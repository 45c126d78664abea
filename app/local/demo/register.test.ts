import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../../testing/campus.ts";
import { addRegister } from "./register.ts";

let campus: Campus;
beforeAll(async () => {
  campus = await startCampus();
});
afterAll(() => campus.end());

test("the register fills what is missing, changes nothing at the second start and leaves an erased student alone", async () => {
  const [first, second] = [await campus.student({ name: "Demo One" }), await campus.student()];
  const cafe = await campus.cafe();
  const demo = {
    students: [first, second].map(({ id, phone }) => ({ id, phone, card_uid: null, balance_minor: 0 })),
    staff: [],
    devices: [],
    cafes: [{ id: cafe.id, name: cafe.name, items: [] }],
  };
  const admin = await campus.staff("admin");
  expect((await admin.api("DELETE", `/admin/students/${second.id}`)).status).toBe(204);
  const start = () => addRegister(campus.worker, demo, () => Buffer.alloc(32));
  await start();
  const read = () => campus.sql`select id, student_number, email, address from students order by id`;
  const filled = await read();
  expect(filled).toEqual([
    { id: first.id, studentNumber: "S-0001", email: "student-0001@campus.example", address: "Studentvägen 1, Campus" },
    { id: second.id, studentNumber: null, email: null, address: null },
  ]);
  await start();
  expect(await read()).toEqual(filled);
  const owner = await campus.staff("owner", cafe);
  expect(await owner.api("GET", "/admin/customers")).toMatchObject({ body: { items: [{ label: "Institutionen för fysik" }] } });
});
