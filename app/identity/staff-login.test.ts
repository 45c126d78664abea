import { hashSync } from "bcryptjs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import type { TestStaff } from "../testing/people.ts";
import { refused } from "../testing/refusal.ts";
import { passwordCost } from "./passwords.ts";

let campus: Campus;
let owner: TestStaff;
beforeAll(async () => {
  campus = await startCampus();
  owner = await campus.staff("owner", await campus.cafe());
});
afterAll(() => campus.end());

const logIn = (username: string, password: string, more: { headers?: Record<string, string>; process?: 0 | 1 } = {}) =>
  campus.api<{ access_token: string; refresh_token: string }>("POST", "/admin/auth/login", { body: { username, password }, ...more });
const times = (count: number) => Array.from({ length: count }, (_, index) => index);

test("staff log in with username and password and act in the café of their token", async () => {
  const answer = await logIn(owner.username.toUpperCase(), owner.password);
  const user = { id: owner.id, username: owner.username, name: "The owner", role: "owner", cafe_id: owner.cafeId };
  expect(answer).toMatchObject({ status: 200, body: { token_type: "bearer", expires_in: 3_600, user } });
  const session = await campus.api("GET", "/admin/auth/session", { token: answer.body.access_token, process: 1 });
  expect(session).toMatchObject({ status: 200, body: { user } });
  const refreshed = await campus.api("POST", "/auth/refresh", { body: { refresh_token: answer.body.refresh_token } });
  expect(refreshed).toMatchObject({ status: 200, body: { token_type: "bearer", user } });
});

test("a wrong password and an unknown username get the same answer", async () => {
  const member = await campus.staff("kitchen", await campus.cafe());
  const [wrong, unknown] = [await logIn(member.username, "wrong"), await logIn("nobody-here", "wrong")];
  expect(wrong).toMatchObject(refused(401, "INVALID_CREDENTIALS"));
  expect(unknown.text).toBe(wrong.text);
});

test("a login takes as long for an unknown username as for a known one", async () => {
  const { id, username } = await campus.staff("owner", await campus.cafe());
  await campus.sql`update staff set password_hash = ${hashSync("right", passwordCost)} where id = ${id}`;
  const millisecondsOf = async (name: string) => {
    await campus.sql`delete from login_failures`;
    const startedAtMs = performance.now();
    await logIn(name, "wrong");
    return performance.now() - startedAtMs;
  };
  const [known, unknown]: [number[], number[]] = [[], []];
  for (const index of times(7)) {
    known.push(await millisecondsOf(username));
    unknown.push(await millisecondsOf(`nobody-${index}`));
  }
  const median = (values: number[]) => values.sort((a, b) => a - b)[3] ?? 0;
  // Without the hash that belongs to nobody an unknown name would be some twenty times faster.
  expect(median(known) / median(unknown)).toBeGreaterThan(1 / 3);
  expect(median(known) / median(unknown)).toBeLessThan(3);
});

test("inactive staff cannot log in or refresh", async () => {
  const member = await campus.staff("cashier", await campus.cafe());
  const { refresh_token } = (await logIn(member.username, member.password)).body;
  await campus.sql`update staff set is_active = false where id = ${member.id}`;
  expect(await logIn(member.username, member.password)).toMatchObject(refused(401, "INVALID_CREDENTIALS"));
  expect(await campus.api("POST", "/auth/refresh", { body: { refresh_token } })).toMatchObject(refused(401, "INVALID_TOKEN"));
});

test("a changed role shows in the next refreshed token", async () => {
  const member = await campus.staff("cashier", await campus.cafe());
  const { refresh_token } = (await logIn(member.username, member.password)).body;
  await campus.sql`update staff set role = 'kitchen' where id = ${member.id}`;
  expect(await campus.api("POST", "/auth/refresh", { body: { refresh_token } })).toMatchObject({ body: { user: { role: "kitchen" } } });
});

test("the fifth failure locks a username on every process, also one that nobody has, and doubles from there", async () => {
  const member = await campus.staff("kitchen", await campus.cafe());
  for (const username of [member.username, "nobody-to-lock"]) {
    for (const index of times(5))
      expect(await logIn(username, "wrong", { process: index % 2 === 0 ? 0 : 1 })).toMatchObject(refused(401, "INVALID_CREDENTIALS"));
    const locked = await logIn(username, member.password, { process: 1 });
    expect(locked).toMatchObject(refused(429, "RATE_LIMITED"));
    expect(locked.headers.get("retry-after")).toBe("1");
  }
  const waits: number[] = [];
  for (const _ of times(12)) {
    await campus.sql`update login_failures set locked_until = now() - interval '1 second'`;
    await logIn(member.username, "wrong");
    waits.push(Number((await logIn(member.username, "wrong")).headers.get("retry-after")));
  }
  expect(waits).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
  const audited = await campus.sql`select action from audit_log where object_id = ${member.id}`;
  expect(audited).toEqual([{ action: "staff.login_locked" }]);
});

test("the right password during a lock is refused, and after it resets the count", async () => {
  const member = await campus.staff("delivery", await campus.cafe());
  for (const _ of times(5)) await logIn(member.username, "wrong");
  await campus.sql`update login_failures set locked_until = locked_until + interval '1 hour'`;
  expect(await logIn(member.username, member.password)).toMatchObject(refused(429, "RATE_LIMITED"));
  await campus.sql`update login_failures set locked_until = now() - interval '1 second'`;
  expect((await logIn(member.username, member.password)).status).toBe(200);
  for (const _ of times(4)) expect(await logIn(member.username, "wrong")).toMatchObject(refused(401, "INVALID_CREDENTIALS"));
  expect((await logIn(member.username, member.password)).status).toBe(200);
});

test("forty guesses at once get no more tries than five in a row", async () => {
  const member = await campus.staff("kitchen", await campus.cafe());
  const startedAtMs = performance.now();
  const answers = await Promise.all(times(40).map((index) => logIn(member.username, "wrong", { process: index % 2 === 0 ? 0 : 1 })));
  const seconds = (performance.now() - startedAtMs) / 1000;
  const tried = answers.filter(({ status }) => status === 401).length;
  // The first lock ends after 1 s, the second 2 s later: on a busy machine the answers may take longer than that.
  expect(tried).toBeGreaterThanOrEqual(5);
  expect(tried).toBeLessThanOrEqual(seconds < 1 ? 5 : seconds < 3 ? 6 : 7);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(40 - tried);
});

test("usernames are counted by a keyed hash and never stored", async () => {
  await logIn("typed-by-mistake", "wrong");
  const rows = await campus.sql<{ text: string }>`select f::text as text from login_failures f`;
  expect(rows.length).toBeGreaterThan(0);
  for (const { text } of rows) expect(text).not.toContain(Buffer.from("typed-by-mistake").toString("hex"));
});

test.each([
  ["an empty username", { username: "", password: "secret" }],
  ["a control character in the username", { username: "ow\u0000ner", password: "secret" }],
  ["no password", { username: "owner" }],
  ["an unknown field", { username: "owner", password: "secret", otp: "1" }],
])("a staff login with %s is refused", async (_, body) => {
  expect(await campus.api("POST", "/admin/auth/login", { body })).toMatchObject(refused(400, "VALIDATION_ERROR"));
});

test("a student's token opens no staff route and a staff token no student's", async () => {
  const student = await campus.student();
  expect(await student.api("GET", "/admin/auth/session")).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
  expect(await owner.api("GET", "/users/me")).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
});
