import { afterAll, beforeAll, expect, test } from "vitest";
import type { Api } from "../testing/api-client.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import type { TestCafe, TestStaff } from "../testing/people.ts";
import { refused, unknownId } from "../testing/refusal.ts";

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

interface Member {
  readonly id: string;
  readonly username: string;
  readonly one_time_password: string;
}

const person = (role: string) => ({ username: `x-${crypto.randomUUID().slice(0, 12)}`, name: "Elsa Holm", role });
const add = (api: Api, role: string, query = "") => api<Member>("POST", `/admin/staff${query}`, { body: person(role) });
const logIn = (username: string, password: string) => campus.api("POST", "/admin/auth/login", { body: { username, password } });
const choose = (username: string, password: string, new_password: string) =>
  campus.api("POST", "/admin/auth/password", { body: { username, password, new_password } });

test("an owner adds staff to the own café, whose one-time password opens nothing but the choice of an own one", async () => {
  const { status, body } = await add(owner.api, "cashier");
  expect([status, body]).toMatchObject([201, { role: "cashier", cafe_id: cafe.id, is_active: true, must_change_password: true }]);
  expect(await logIn(body.username, body.one_time_password)).toMatchObject({
    status: 409,
    body: { error: { code: "CONFLICT", details: { must_change_password: true } } },
  });
  expect(await choose(body.username, body.one_time_password, body.one_time_password)).toMatchObject(refused(400, "VALIDATION_ERROR"));
  expect(await choose(body.username, "a wrong password", "a long and own one")).toMatchObject(refused(401, "INVALID_CREDENTIALS"));
  expect(await choose(body.username, body.one_time_password, "short")).toMatchObject(refused(400, "VALIDATION_ERROR"));
  expect((await choose(body.username, body.one_time_password, "a long and own one")).status).toBe(204);
  expect(await logIn(body.username, body.one_time_password)).toMatchObject(refused(401, "INVALID_CREDENTIALS"));
  expect(await logIn(body.username, "a long and own one")).toMatchObject({
    status: 200,
    body: { user: { role: "cashier", cafe_id: cafe.id } },
  });
  const stored = await campus.sql<{ hash: string }>`select password_hash as hash from staff where id = ${body.id}`;
  expect(stored[0]?.hash).toMatch(/^\$2b\$10\$/);
});

test("guessing by way of the own password is counted and locked like a login", async () => {
  const { body } = await add(owner.api, "kitchen");
  for (let guess = 0; guess < 5; guess += 1) await choose(body.username, `guess ${guess}`, "a long and own one");
  // The first lock lasts one second, and a busy machine may take longer for the next two lines.
  await campus.sql`update login_failures set locked_until = locked_until + interval '1 hour'`;
  expect(await choose(body.username, body.one_time_password, "a long and own one")).toMatchObject(refused(429, "RATE_LIMITED"));
  expect(await logIn(body.username, body.one_time_password)).toMatchObject(refused(429, "RATE_LIMITED"));
});

test("an admin adds every role, and names the café where the role has one", async () => {
  for (const role of ["owner", "cashier", "kitchen", "delivery"])
    expect(await add(admin.api, role, `?cafe_id=${cafe.id}`)).toMatchObject({ status: 201, body: { role, cafe_id: cafe.id } });
  for (const role of ["finance", "admin"])
    expect(await add(admin.api, role)).toMatchObject({ status: 202, body: { kind: "add", role, status: "pending" } });
  expect(await add(admin.api, "cashier")).toMatchObject(refused(400, "VALIDATION_ERROR"));
  expect(await add(admin.api, "cashier", `?cafe_id=${unknownId}`)).toMatchObject(refused(404, "NOT_FOUND"));
});

test("an owner makes nobody finance or admin, at once or afterwards", async () => {
  const { body: cashier } = await add(owner.api, "cashier");
  for (const role of ["finance", "admin"]) {
    expect(await add(owner.api, role)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await owner.api("PATCH", `/admin/staff/${cashier.id}`, { body: { role } })).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
  }
  expect(await admin.api("PATCH", `/admin/staff/${cashier.id}`, { body: { role: "admin" } })).toMatchObject(refused(409, "CONFLICT"));
});

test("a username serves one person", async () => {
  const { body } = await add(owner.api, "cashier");
  const twice = await admin.api("POST", `/admin/staff?cafe_id=${cafe.id}`, { body: { ...person("kitchen"), username: body.username } });
  expect(twice).toMatchObject({ status: 409, body: { error: { code: "CONFLICT", details: { field: "username" } } } });
});

test("deactivation ends the sessions on every process at once, and a reactivated one logs in again", async () => {
  const cashier = await campus.staff("cashier", cafe);
  expect((await cashier.api("GET", "/admin/auth/session", { process: 1 })).status).toBe(200);
  const answer = await owner.api("PATCH", `/admin/staff/${cashier.id}`, { body: { is_active: false } });
  expect(answer).toMatchObject({ status: 200, body: { is_active: false } });
  expect(await cashier.api("GET", "/admin/auth/session")).toMatchObject(refused(401, "INVALID_TOKEN"));
  await expect.poll(async () => (await cashier.api("GET", "/admin/auth/session", { process: 1 })).status).toBe(401);
  expect(await logIn(cashier.username, cashier.password)).toMatchObject(refused(401, "INVALID_CREDENTIALS"));
  expect((await owner.api("PATCH", `/admin/staff/${cashier.id}`, { body: { is_active: true } })).status).toBe(200);
  expect((await logIn(cashier.username, cashier.password)).status).toBe(200);
});

test("a login that is under way while the account is deactivated opens no session", async () => {
  const cashier = await campus.staff("cashier", cafe);
  const logins = Array.from({ length: 6 }, () => logIn(cashier.username, cashier.password));
  await owner.api("PATCH", `/admin/staff/${cashier.id}`, { body: { is_active: false } });
  await Promise.all(logins);
  const open = await campus.sql`select id from sessions where staff_id = ${cashier.id} and revoked_at is null`;
  expect(open).toEqual([]);
});

test("another role ends the sessions, whose tokens carry the old one", async () => {
  const cashier = await campus.staff("cashier", cafe);
  const changed = await owner.api("PATCH", `/admin/staff/${cashier.id}`, { body: { role: "kitchen", name: "Now Cook" } });
  expect(changed).toMatchObject({ status: 200, body: { role: "kitchen", name: "Now Cook" } });
  expect(await cashier.api("GET", "/admin/auth/session")).toMatchObject(refused(401, "INVALID_TOKEN"));
  const renamed = await campus.staff("cashier", cafe);
  await owner.api("PATCH", `/admin/staff/${renamed.id}`, { body: { name: "Only Renamed" } });
  expect((await renamed.api("GET", "/admin/auth/session")).status).toBe(200);
});

test("nobody lifts or deactivates the own account", async () => {
  for (const [{ api, id }, role] of [
    [owner, "cashier"],
    [admin, "finance"],
  ] as const) {
    expect(await api("PATCH", `/admin/staff/${id}`, { body: { role } })).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await api("PATCH", `/admin/staff/${id}`, { body: { is_active: false } })).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect((await api("PATCH", `/admin/staff/${id}`, { body: { name: "Own Name" } })).status).toBe(200);
  }
});

test("an owner whom another made, raised or reset of late neither lowers, deactivates nor resets an owner; who was there first does", async () => {
  const own = await campus.cafe();
  const first = await campus.staff("owner", own);
  const newcomer = await campus.staff("owner", own);
  await campus.sql`insert into staff_openings (staff_id, opened_by) values (${newcomer.id}, ${first.id})`;
  const late = { status: 403, body: { error: { code: "INSUFFICIENT_ROLE", details: { because: "account_opened" } } } };
  const path = `/admin/staff/${first.id}`;
  for (const body of [{ is_active: false }, { role: "cashier" }, { role: "kitchen", is_active: false }])
    expect(await newcomer.api("PATCH", path, { body })).toMatchObject(late);
  expect(await newcomer.api("POST", `${path}/reset-password`)).toMatchObject(late);
  const cashier = await campus.staff("cashier", own);
  expect((await newcomer.api("PATCH", `/admin/staff/${cashier.id}`, { body: { is_active: false } })).status).toBe(200);
  await campus.sql`update staff_openings set at = at - interval '8 days' where staff_id = ${newcomer.id}`;
  expect((await newcomer.api("PATCH", path, { body: { role: "cashier" } })).status).toBe(200);
});

test("an owner throws out whom the own stolen session made, and that session shows nobody a new password of its own", async () => {
  const own = await campus.cafe();
  const first = await campus.staff("owner", own);
  await campus.sql`insert into staff_openings (staff_id, opened_by) values (${first.id}, ${admin.id})`;
  const { body: made } = await add(first.api, "owner");
  expect(await first.api("POST", `/admin/staff/${first.id}/reset-password`)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
  expect((await first.api("PATCH", `/admin/staff/${made.id}`, { body: { is_active: false } })).status).toBe(200);
});

test("the last owner of a café stays, until there is another one", async () => {
  const [own, only] = [await campus.cafe(), { id: "" }];
  only.id = (await campus.staff("owner", own)).id;
  for (const body of [{ is_active: false }, { role: "cashier" }])
    expect(await admin.api("PATCH", `/admin/staff/${only.id}`, { body })).toMatchObject(refused(409, "CONFLICT"));
  await campus.staff("owner", own);
  expect((await admin.api("PATCH", `/admin/staff/${only.id}`, { body: { is_active: false } })).status).toBe(200);
});

test("two admins who deactivate each other at once leave one", async () => {
  await campus.sql`update staff set is_active = false where role = 'admin' and id <> ${admin.id}`;
  const [a, b] = [await campus.staff("admin"), await campus.staff("admin")];
  await campus.sql`update staff set is_active = false where role = 'admin' and id not in (${a.id}, ${b.id})`;
  const answers = await Promise.all([
    a.api("PATCH", `/admin/staff/${b.id}`, { body: { is_active: false } }),
    b.api("PATCH", `/admin/staff/${a.id}`, { process: 1, body: { is_active: false } }),
  ]);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  const left = await campus.sql`select id from staff where role = 'admin' and is_active`;
  expect(left).toHaveLength(1);
  await campus.sql`update staff set is_active = true where id = ${admin.id}`;
});

test("a reset, a password of one's own and a stranger's log-in that is reported end the pushes of a staff member", async () => {
  const cashier = await campus.staff("cashier", cafe);
  const register = async () =>
    campus.sql`insert into push_tokens (token, staff_id, platform) values (${crypto.randomUUID()}, ${cashier.id}, 'web')`;
  const left = () => campus.sql`select token from push_tokens where staff_id = ${cashier.id}`;
  await register();
  expect((await cashier.api("POST", `/admin/auth/sessions/${cashier.sessionId}/not-me`)).status).toBe(204);
  expect(await left()).toEqual([]);
  await register();
  const { body } = await owner.api<Member>("POST", `/admin/staff/${cashier.id}/reset-password`);
  expect(await left()).toEqual([]);
  await register();
  expect((await choose(cashier.username, body.one_time_password, "a long and own one")).status).toBe(204);
  expect(await left()).toEqual([]);
});

test("a reset gives a one-time password and ends what the old one had opened", async () => {
  const cashier = await campus.staff("cashier", cafe);
  const { status, body } = await owner.api<Member>("POST", `/admin/staff/${cashier.id}/reset-password`);
  expect([status, body]).toMatchObject([
    200,
    { id: cashier.id, must_change_password: true, one_time_password: expect.stringMatching(/^[\w-]{16}$/) },
  ]);
  expect(await cashier.api("GET", "/admin/auth/session")).toMatchObject(refused(401, "INVALID_TOKEN"));
  expect(await logIn(cashier.username, cashier.password)).toMatchObject(refused(401, "INVALID_CREDENTIALS"));
  expect((await choose(cashier.username, body.one_time_password, "a long and own one")).status).toBe(204);
  expect((await logIn(cashier.username, "a long and own one")).status).toBe(200);
});

test("an owner sees and changes the own café's staff only; for them the others do not exist", async () => {
  const other = await campus.cafe();
  const [stranger, finance] = [await campus.staff("cashier", other), await campus.staff("finance")];
  for (const { id } of [stranger, finance, { id: unknownId }]) {
    expect(await owner.api("PATCH", `/admin/staff/${id}`, { body: { name: "Mine" } })).toMatchObject(refused(404, "NOT_FOUND"));
    expect(await owner.api("POST", `/admin/staff/${id}/reset-password`)).toMatchObject(refused(404, "NOT_FOUND"));
  }
  const list = async (api: Api, query = "") =>
    (await api<{ items: { id: string; cafe_id: string | null }[]; next_cursor: string | null }>("GET", `/admin/staff?limit=100${query}`))
      .body.items;
  expect(await owner.api("GET", `/admin/staff?cafe_id=${other.id}`)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
  const seen = await list(owner.api, `&cafe_id=${cafe.id}`);
  expect(new Set(seen.map(({ cafe_id }) => cafe_id))).toEqual(new Set([cafe.id]));
  expect((await list(admin.api, `&cafe_id=${other.id}`)).map(({ id }) => id)).toEqual([stranger.id]);
  expect((await list(admin.api, "&role=finance")).map(({ id }) => id)).toContain(finance.id);
  const first = await admin.api<{ items: Member[]; next_cursor: string }>("GET", "/admin/staff?limit=1");
  const second = await admin.api<{ items: Member[] }>("GET", `/admin/staff?limit=1&cursor=${first.body.next_cursor}`);
  expect(second.body.items[0]?.id).not.toBe(first.body.items[0]?.id);
  expect(JSON.stringify(seen)).not.toContain("$2b$");
});

test("nobody but owners and admins manages staff", async () => {
  const { body: member } = await add(owner.api, "cashier");
  const callers = [
    await campus.staff("cashier", cafe),
    await campus.staff("kitchen", cafe),
    await campus.staff("finance"),
    await campus.student(),
  ];
  for (const { api } of callers) {
    expect(await api("GET", "/admin/staff")).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await add(api, "cashier")).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await api("PATCH", `/admin/staff/${member.id}`, { body: { name: "x" } })).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await api("POST", `/admin/staff/${member.id}/reset-password`)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
  }
});
