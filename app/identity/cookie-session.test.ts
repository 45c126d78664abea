import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { refused } from "../testing/refusal.ts";
import { sessionCookies } from "./session-cookies.ts";

let campus: Campus;
beforeAll(async () => {
  campus = await startCampus();
});
afterAll(() => campus.end());

interface CookieBody {
  readonly csrf_token: string;
  readonly user: { readonly id: string };
}

const asCookie = { "X-Session": "cookie" };

async function logIn() {
  const member = await campus.staff("owner", await campus.cafe());
  const { username, password } = member;
  const answer = await campus.api<CookieBody>("POST", "/admin/auth/login", { body: { username, password }, headers: asCookie });
  return { member, answer, cookie: cookiesOf(answer.headers), csrf: answer.body.csrf_token };
}

const cookiesOf = (headers: Headers): string =>
  headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");

test("a login that asks for cookies gets tokens that no script can read", async () => {
  const { answer, member } = await logIn();
  expect(answer).toMatchObject({ status: 200, body: { token_type: "cookie", expires_in: 3_600, user: { id: member.id } } });
  expect(Object.keys(answer.body).sort()).toEqual(["csrf_token", "expires_in", "token_type", "user"]);
  const lines = answer.headers.getSetCookie();
  // Two that open the session, and one that says that this name has logged in here before.
  expect(lines).toHaveLength(3);
  for (const line of lines) expect(line).toMatch(/; HttpOnly; SameSite=Strict$/);
});

test("over HTTPS the cookies are bound to this host and to a secure connection", () => {
  const lines = sessionCookies(
    { COOKIE_SECURE: true, ACCESS_TOKEN_SECONDS: 60, REFRESH_TOKEN_SECONDS: 3_600 },
    { accessToken: "a", refreshToken: "r" },
  );
  expect(lines).toEqual([
    "__Host-campus_access=a; Max-Age=60; Path=/; HttpOnly; SameSite=Strict; Secure",
    "__Host-campus_refresh=r; Max-Age=3600; Path=/; HttpOnly; SameSite=Strict; Secure",
  ]);
});

test("a cookie session reads without a CSRF token and writes only with its own", async () => {
  const [mine, other] = [await logIn(), await logIn()];
  expect((await campus.api("GET", "/admin/devices", { cookie: mine.cookie })).status).toBe(200);
  const enrol = (headers: Record<string, string>) =>
    campus.api("POST", "/admin/devices", { cookie: mine.cookie, body: { name: "Till" }, headers });
  expect(await enrol({})).toMatchObject(refused(403, "CSRF_FAILED"));
  expect(await enrol({ "X-CSRF-Token": "guess" })).toMatchObject(refused(403, "CSRF_FAILED"));
  expect(await enrol({ "X-CSRF-Token": other.csrf })).toMatchObject(refused(403, "CSRF_FAILED"));
  expect((await enrol({ "X-CSRF-Token": mine.csrf })).status).toBe(201);
});

test("a bearer token writes without a CSRF token, also when cookies come with it", async () => {
  const [mine, other] = [await logIn(), await campus.staff("owner", await campus.cafe())];
  const answer = await campus.api<{ cafe_id: string }>("POST", "/admin/devices", {
    token: other.token,
    cookie: mine.cookie,
    body: { name: "Till" },
  });
  expect(answer).toMatchObject({ status: 201, body: { cafe_id: other.cafeId } });
});

test("a page that was loaded anew learns its CSRF token from the session", async () => {
  const { cookie, csrf, member } = await logIn();
  const session = await campus.api("GET", "/admin/auth/session", { cookie, process: 1 });
  expect(session).toMatchObject({ status: 200, body: { csrf_token: csrf, user: { id: member.id } } });
});

test("a cookie session is refreshed into new cookies by a request that no other origin can make", async () => {
  const { cookie, csrf } = await logIn();
  expect(await campus.api("POST", "/auth/refresh", { cookie, body: {} })).toMatchObject(refused(400, "VALIDATION_ERROR"));
  const again = () => campus.api<CookieBody>("POST", "/auth/refresh", { cookie, body: {}, headers: asCookie });
  const answer = await again();
  expect(answer).toMatchObject({ status: 200, body: { token_type: "cookie", csrf_token: csrf } });
  expect((await campus.api("GET", "/admin/devices", { cookie: cookiesOf(answer.headers) })).status).toBe(200);
  await campus.sql`update refresh_tokens set used_at = used_at - interval '11 seconds' where used_at is not null`;
  expect(await again()).toMatchObject(refused(401, "INVALID_TOKEN"));
});

test("a refresh in cookies without a cookie is refused", async () => {
  expect(await campus.api("POST", "/auth/refresh", { body: {}, headers: asCookie })).toMatchObject(refused(401, "INVALID_TOKEN"));
});

test("the logout of a cookie session needs its CSRF token, ends it and clears the cookies", async () => {
  const { cookie, csrf } = await logIn();
  expect(await campus.api("POST", "/auth/logout", { cookie })).toMatchObject(refused(403, "CSRF_FAILED"));
  const answer = await campus.api("POST", "/auth/logout", { cookie, headers: { "X-CSRF-Token": csrf } });
  expect(answer.status).toBe(204);
  for (const line of answer.headers.getSetCookie()) expect(line).toMatch(/^campus_(access|refresh)=; Max-Age=0; /);
  expect(await campus.api("GET", "/admin/devices", { cookie })).toMatchObject(refused(401, "INVALID_TOKEN"));
});

async function logInStudent() {
  const phone = campus.newPhone();
  const otp = await campus.requestOtp(phone);
  const answer = await campus.api<{ access_token: string; user: { phone: string } }>("POST", "/auth/verify-otp", {
    body: { phone, otp },
    headers: asCookie,
  });
  return { answer, phone, cookie: cookiesOf(answer.headers) };
}

test("a student's refresh token too goes where no script can read it, and renews from there", async () => {
  const { answer, cookie } = await logInStudent();
  expect(Object.keys(answer.body).sort()).toEqual(["access_token", "expires_in", "token_type", "user"]);
  expect(answer.headers.getSetCookie().map((line) => line.replace(/=\S+;.*;(?= HttpOnly)/, "="))).toEqual([
    "campus_student_browser= HttpOnly; SameSite=Strict",
    "campus_student_refresh= HttpOnly; SameSite=Strict",
  ]);
  const renewed = await campus.api<{ access_token: string }>("POST", "/auth/refresh", { body: {}, cookie, headers: asCookie });
  expect(renewed).toMatchObject({ status: 200, body: { token_type: "bearer" } });
  expect(renewed.body).not.toHaveProperty("refresh_token");
  expect((await campus.api("GET", "/users/me", { token: renewed.body.access_token })).status).toBe(200);
});

test("a student and a portal session live side by side in one browser: each renews and ends its own", async () => {
  const [student, owner] = [await logInStudent(), await logIn()];
  const cookie = `${owner.cookie}; ${student.cookie}`;
  const ofStudent = await campus.api<{ access_token: string; user: { phone: string } }>("POST", "/auth/refresh", {
    body: {},
    cookie,
    headers: { "X-Session": "student-cookie" },
  });
  expect(ofStudent.body.user).toMatchObject({ phone: student.phone });
  expect((await campus.api("POST", "/auth/refresh", { body: {}, cookie, headers: asCookie })).body).toMatchObject({
    user: { id: owner.member.id },
  });
  const ended = await campus.api("POST", "/auth/logout", { token: ofStudent.body.access_token, cookie });
  expect(ended.headers.getSetCookie()).toEqual([expect.stringMatching(/^campus_student_refresh=; Max-Age=0/)]);
  expect((await campus.api("GET", "/admin/devices", { cookie: owner.cookie })).status).toBe(200);
});
