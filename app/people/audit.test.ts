import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Api } from "../testing/api-client.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import type { TestCafe, TestStaff } from "../testing/people.ts";
import { refused } from "../testing/refusal.ts";

let campus: Campus;
let admin: TestStaff;
let cafe: TestCafe;
let owner: TestStaff;
beforeAll(async () => {
  campus = await startCampus();
  admin = await campus.staff("admin");
  cafe = await campus.cafe();
  owner = await campus.staff("owner", cafe);
});
afterAll(() => campus.end());

interface Line {
  readonly id: string;
  readonly at: string;
  readonly action: string;
  readonly target_id: string;
  readonly actor_id: string;
  readonly request_id: string;
}

const read = async (query: string, api: Api = admin.api) =>
  (await api<{ items: Line[]; next_cursor: string | null }>("GET", `/admin/audit?${query}`)).body;
const addCustomer = async (name: string) => (await owner.api<{ id: string }>("POST", "/admin/customers", { body: { name } })).body;

test("an admin reads who changed what, when and by which request", async () => {
  const made = await owner.api<{ id: string }>("POST", "/admin/customers", {
    body: { name: "Audited" },
    headers: { "X-Request-Id": "audit-test-0001" },
  });
  const { items } = await read(`target_id=${made.body.id}`);
  expect(items).toEqual([
    {
      id: expect.any(String),
      at: expect.stringMatching(/Z$/),
      actor_kind: "staff",
      actor_id: owner.id,
      actor_name: "The owner",
      action: "customer.added",
      target_kind: "customer",
      target_id: made.body.id,
      target_name: null,
      cafe_id: cafe.id,
      cafe_name: cafe.name,
      details: {},
      request_id: "audit-test-0001",
    },
  ]);
});

test("the trail is filtered by actor, action, target, café and time, and read page by page without a line twice", async () => {
  const made = [await addCustomer("One"), await addCustomer("Two"), await addCustomer("Three")].map(({ id }) => id);
  await owner.api("DELETE", `/admin/customers/${made[0]}`);
  const targets = async (query: string) => (await read(`limit=100&${query}`)).items.map(({ target_id }) => target_id);
  expect((await targets(`actor_id=${owner.id}&action=customer.added`)).slice(0, 3)).toEqual(made.toReversed());
  expect(await targets("action=customer.removed")).toEqual([made[0]]);
  expect(await targets(`target_kind=customer&target_id=${made[0]}`)).toEqual([made[0], made[0]]);
  expect(await targets(`cafe_id=${(await campus.cafe()).id}`)).toEqual([]);
  const moment = (hours: number) => encodeURIComponent(new Date(Date.now() + hours * 3_600_000).toISOString());
  expect(await targets(`from=${moment(-1)}&to=${moment(1)}&action=customer.removed`)).toEqual([made[0]]);
  expect(await targets(`from=${moment(1)}`)).toEqual([]);
  expect(await targets(`to=${moment(-1)}`)).toEqual([]);
  const first = await read(`action=customer.added&actor_id=${owner.id}&limit=2`);
  const second = await read(`action=customer.added&actor_id=${owner.id}&limit=100&cursor=${first.next_cursor}`);
  const lines = [...first.items, ...second.items];
  expect(new Set(lines.map(({ id }) => id)).size).toBe(lines.length);
  expect(lines.map(({ target_id }) => target_id).slice(0, 3)).toEqual(made.toReversed());
});

test("a part of the actions is found by what stands before the dot, and people, cards and cafés are named", async () => {
  const body = { phone: campus.newPhone(), name: "Elsa Sandström" };
  const { id } = (await admin.api<{ id: string }>("POST", "/admin/students", { body })).body;
  const card = (await admin.api<{ id: string }>("POST", `/admin/students/${id}/cards`, { body: { card_uid: "04a22f1b5c6d80" } })).body;
  const found = async (action: string) => (await read(`action=${action}&limit=1`)).items;
  expect(await found("student")).toMatchObject([{ action: "student.added", target_id: id, target_name: "Elsa Sandström" }]);
  expect(await found("card")).toMatchObject([{ action: "card.issued", target_id: card.id, target_name: "Elsa Sandström" }]);
  expect([await found("car"), await found("card.iss")]).toEqual([[], []]);
});

test("a moment of the trail is found to the millisecond, both bounds where they belong", async () => {
  const { id } = await addCustomer("Precise");
  const [line] = (await read(`target_id=${id}`)).items;
  const at = encodeURIComponent(line?.at ?? "");
  const next = encodeURIComponent(new Date(new Date(line?.at ?? "").getTime() + 1).toISOString());
  expect((await read(`target_id=${id}&from=${at}&to=${next}`)).items).toHaveLength(1);
  expect((await read(`target_id=${id}&to=${at}`)).items).toHaveLength(0);
  expect((await read(`target_id=${id}&from=${next}`)).items).toHaveLength(0);
});

test.each(["from=yesterday", "actor_id=me", "action=%27or", "limit=0", "unknown=1"])(
  "a question that says %s is refused",
  async (query) => {
    expect(await admin.api("GET", `/admin/audit?${query}`)).toMatchObject(refused(400, "VALIDATION_ERROR"));
  },
);

test("nobody but an admin reads the trail", async () => {
  for (const { api } of [owner, await campus.staff("finance"), await campus.staff("cashier", cafe), await campus.student()])
    expect(await api("GET", "/admin/audit")).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
});

test("no role of the running system can change, delete or forge a line's number, and none can make itself able to", async () => {
  const rights = await campus.database.query<{ may: boolean }>(
    `select has_table_privilege('campus_app', 'audit_log', r) as may from unnest(array['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES']) r
     union all select has_any_column_privilege('campus_app', 'audit_log', 'UPDATE')
     union all select pg_has_role('campus_app', (select relowner from pg_class where relname = 'audit_log'), 'MEMBER')
     union all select rolsuper or rolcreaterole or rolbypassrls from pg_roles where rolname = 'campus_app'`,
  );
  expect(rights.map(({ may }) => may)).toEqual(rights.map(() => false));
  const { id } = await addCustomer(randomUUID());
  const [line] = await campus.sql`select * from audit_log where object_id = ${id}`;
  const asApp = (statement: string) => campus.database.query(`begin; set local role campus_app; ${statement}; rollback`);
  for (const statement of [
    "update audit_log set action = 'x'",
    "delete from audit_log",
    "truncate audit_log",
    "alter table audit_log disable trigger all",
  ]) {
    await expect(asApp(statement)).rejects.toThrow(/permission denied|must be owner/);
    await campus.database.query("rollback");
  }
  expect((await campus.sql`select * from audit_log where object_id = ${id}`)[0]).toEqual(line);
});
