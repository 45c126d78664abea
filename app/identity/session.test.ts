import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openPlatform } from "../platform/context.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { testConfig } from "../testing/configure.ts";
import { openIdentity } from "./identity.ts";

let campus: Campus;
beforeAll(async () => {
  campus = await startCampus();
});
afterAll(() => campus.end());

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly user: { readonly id: string };
}

async function logIn(): Promise<Tokens> {
  const phone = campus.newPhone();
  const otp = await campus.requestOtp(phone);
  return (await campus.api<Tokens>("POST", "/auth/verify-otp", { body: { phone, otp } })).body;
}

const refresh = (refreshToken: string, process: 0 | 1 = 0) =>
  campus.api<Tokens>("POST", "/auth/refresh", { body: { refresh_token: refreshToken }, process });
const me = (token: string, process: 0 | 1 = 0) => campus.api("GET", "/users/me", { token, process });
const invalid = { status: 401, body: { error: { code: "INVALID_TOKEN" } } };

const sessionOf = (token: string): string =>
  (JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { sid: string }).sid;

test("a refresh token is exchanged for new tokens of the same session and the same shape", async () => {
  const first = await logIn();
  const answer = await refresh(first.refresh_token, 1);
  expect(answer.status).toBe(200);
  expect(Object.keys(answer.body)).toEqual(Object.keys(first));
  expect(answer.body.user).toEqual(first.user);
  expect(sessionOf(answer.body.access_token)).toBe(sessionOf(first.access_token));
  expect(answer.body.refresh_token).not.toBe(first.refresh_token);
  expect((await me(answer.body.access_token)).status).toBe(200);
});

/** As if the tokens had been used that long ago: no test sleeps. */
const agePastGrace = (token: string) =>
  campus.sql`update refresh_tokens set used_at = used_at - interval '11 seconds' where session_id = ${sessionOf(token)} and used_at is not null`;

test("a refresh token's second use after the grace ends the session, on every process, and is audited and counted", async () => {
  const first = await logIn();
  const second = (await refresh(first.refresh_token)).body;
  expect((await me(second.access_token, 1)).status).toBe(200);
  await agePastGrace(first.access_token);

  expect(await refresh(first.refresh_token, 0)).toMatchObject(invalid);
  expect(await me(second.access_token, 0)).toMatchObject(invalid);
  await vi.waitFor(async () => expect(await me(second.access_token, 1)).toMatchObject(invalid), { timeout: 3_000, interval: 20 });
  expect(await refresh(second.refresh_token)).toMatchObject(invalid);

  const session = sessionOf(first.access_token);
  expect(await campus.sql`select revoked_because from sessions where id = ${session}`).toEqual([{ revokedBecause: "reuse" }]);
  expect(await campus.sql`select action from audit_log where object_id = ${session} order by id`).toEqual([
    { action: "student.logged_in" },
    { action: "session.ended_after_reuse" },
  ]);
  expect((await campus.api("GET", "root:/metrics")).text).toMatch(/campus_refresh_reuse_total 1\b/);
});

test("uses of a refresh token at once get the same next one, and the session lives on", async () => {
  const first = await logIn();
  const answers = await Promise.all([0, 1, 0, 1].map((process) => refresh(first.refresh_token, process as 0 | 1)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1);
  expect((await refresh(answers[0]?.body.refresh_token ?? "")).status).toBe(200);
});

test("within the grace too, a token whose next one was used ends the session", async () => {
  const first = await logIn();
  const second = (await refresh(first.refresh_token)).body;
  const third = (await refresh(second.refresh_token)).body;
  expect(await refresh(first.refresh_token)).toMatchObject(invalid);
  expect(await refresh(third.refresh_token)).toMatchObject(invalid);
});

test("an expired refresh token is refused", async () => {
  const { access_token, refresh_token } = await logIn();
  await campus.sql`update refresh_tokens set expires_at = clock_timestamp() where session_id = ${sessionOf(access_token)}`;
  expect(await refresh(refresh_token)).toMatchObject(invalid);
});

test("an unknown refresh token is refused and ends nobody's session", async () => {
  const before = await campus.sql`select count(*) from sessions where revoked_at is not null`;
  expect(await refresh("A".repeat(43))).toMatchObject(invalid);
  expect(await campus.sql`select count(*) from sessions where revoked_at is not null`).toEqual(before);
});

test("a refresh without a token is refused", async () => {
  expect(await campus.api("POST", "/auth/refresh", { body: {} })).toMatchObject({
    status: 400,
    body: { error: { code: "VALIDATION_ERROR", details: { fields: [{ field: "refresh_token" }] } } },
  });
});

test("a deactivated student's refresh token is refused", async () => {
  const { refresh_token, user } = await logIn();
  await campus.sql`update students set is_active = false where id = ${user.id}`;
  expect(await refresh(refresh_token)).toMatchObject(invalid);
});

test("the refresh token is not stored, only its hash", async () => {
  const { access_token, refresh_token } = await logIn();
  const rows = await campus.sql<{ text: string }>`
    select t::text as text from refresh_tokens t where session_id = ${sessionOf(access_token)}`;
  expect(rows).toHaveLength(1);
  expect(rows[0]?.text).not.toContain(refresh_token);
  expect(rows[0]?.text).not.toContain(Buffer.from(refresh_token, "base64url").toString("hex"));
});

test("after the logout neither token works, here at once and on the other process through Redis", async () => {
  const { access_token, refresh_token } = await logIn();
  expect((await me(access_token, 1)).status).toBe(200);
  expect((await campus.api("POST", "/auth/logout", { token: access_token })).status).toBe(204);
  expect(await me(access_token)).toMatchObject(invalid);
  expect(await refresh(refresh_token)).toMatchObject(invalid);
  await vi.waitFor(async () => expect(await me(access_token, 1)).toMatchObject(invalid), { timeout: 3_000, interval: 20 });
});

test("a logout ends this session and no other one of the student", async () => {
  const student = await campus.student();
  const otp = await campus.requestOtp(student.phone);
  const other = (await campus.api<Tokens>("POST", "/auth/verify-otp", { body: { phone: student.phone, otp } })).body;
  expect((await student.api("POST", "/auth/logout")).status).toBe(204);
  expect(await student.api("GET", "/users/me")).toMatchObject(invalid);
  expect((await me(other.access_token)).status).toBe(200);
});

test("a session that was revoked behind the API's back ends within the poll of PostgreSQL", async () => {
  const student = await campus.student();
  expect((await student.api("GET", "/users/me")).status).toBe(200);
  await campus.sql`update sessions set revoked_at = clock_timestamp(), revoked_because = 'deactivated' where id = ${student.sessionId}`;
  await vi.waitFor(async () => expect(await student.api("GET", "/users/me")).toMatchObject(invalid), { timeout: 15_000, interval: 200 });
});

test("a process that could not ask yet which sessions were ended lets nobody in", async () => {
  const student = await campus.student();
  const cutOff = await openPlatform(testConfig({ ...campus.env, DATABASE_URL: "postgres://campus_app@127.0.0.1:1/campus" }), {
    process: "api",
    writeLog: () => undefined,
  });
  const identity = await openIdentity(cutOff);
  expect(() => identity.verifyAccessToken(student.token)).toThrow(expect.objectContaining({ code: "TEMPORARILY_UNAVAILABLE" }));
  identity.end();
  await cutOff.end();
});

test("a process that starts later knows the sessions that were ended before", async () => {
  const student = await campus.student();
  await student.api("POST", "/auth/logout");
  const late = await openIdentity(campus.processes[1].platform);
  expect(() => late.verifyAccessToken(student.token)).toThrow(expect.objectContaining({ code: "INVALID_TOKEN" }));
  late.end();
});
