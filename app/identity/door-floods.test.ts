import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { refused } from "../testing/refusal.ts";

const times = (count: number) => Array.from({ length: count }, (_, index) => index);
const askFor = (campus: Campus, phone: string) =>
  campus.api<{ message: string; request_id: string }>("POST", "/auth/request-otp", { body: { phone } });
const rowsOf = async (campus: Campus) =>
  (
    await campus.sql<{ otps: number; outbox: number }>`
    select (select count(*)::int from otps) as otps, (select count(*)::int from outbox where topic = 'sms.otp') as outbox`
  )[0];

describe("one-time passwords for anybody's phone", () => {
  let campus: Campus;
  beforeAll(async () => {
    campus = await startCampus({ env: { RATE_LIMIT_SCALE: "1", OTP_STRANGERS_PER_MINUTE: "10", OTP_STRANGERS_PER_PREFIX: "6" } });
  });
  afterAll(() => campus.end());

  test("a flood for phones that nobody knows sends no more than the budget, writes no rows beyond it, and keeps no student out", async () => {
    const student = await campus.student();
    const answers = [];
    for (const round of times(6))
      answers.push(
        ...(await Promise.all(times(8).map((index) => askFor(campus, `+4670${String(4_000_000 + (round * 8 + index) * 100_001)}`)))),
      );
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.message}`)).size).toBe(1);
    expect(await rowsOf(campus)).toEqual({ otps: 10, outbox: 10 });
    await askFor(campus, student.phone);
    expect(await rowsOf(campus)).toEqual({ otps: 11, outbox: 11 });
  });

  test("a country where nobody studies gets no message unless the phone is a student's, and the answer does not tell", async () => {
    await campus.sql`delete from otps`;
    const before = (await rowsOf(campus))?.outbox ?? 0;
    const [foreign, home] = [await askFor(campus, "+8821600000001"), await askFor(campus, campus.newPhone())];
    expect(foreign.status).toBe(200);
    expect(Object.keys(foreign.body)).toEqual(Object.keys(home.body));
    expect((await rowsOf(campus))?.outbox).toBe(before + 1);
  });

  test("numbers that differ in their last digits only share a budget", async () => {
    await campus.sql`delete from otps`;
    const before = (await rowsOf(campus))?.outbox ?? 0;
    for (const index of times(9)) await askFor(campus, `+4679999${String(1000 + index)}`);
    expect((await rowsOf(campus))?.outbox).toBe(before + 6);
  });
});

describe("what everybody shares", () => {
  let campus: Campus;
  beforeAll(async () => {
    const env = { RATE_LIMIT_SCALE: "1", TRUSTED_PROXIES: "1", OTP_STRANGERS_PER_DAY: "40", OTP_STRANGERS_PER_PREFIX: "100" };
    campus = await startCampus({ env });
  });
  afterAll(() => campus.end());
  const askFrom = (address: string, phone: string) =>
    campus.api<{ request_id: string }>("POST", "/auth/request-otp", { body: { phone }, headers: { "X-Forwarded-For": address } });

  test("a network whose codes nobody types gets half, and one whose codes are typed gets the rest", async () => {
    for (const index of times(30)) await askFrom(`192.0.2.${index}`, campus.newPhone());
    expect(await rowsOf(campus)).toEqual({ otps: 20, outbox: 20 });
    for (const _ of times(20)) {
      const phone = campus.newPhone();
      const { request_id } = (await askFrom("198.51.100.7", phone)).body;
      await campus.drainOutbox();
      const body = { phone, otp: await campus.sentOtp(request_id), request_id };
      expect((await campus.api("POST", "/auth/verify-otp", { body })).status).toBe(200);
    }
    await askFrom("203.0.113.5", campus.newPhone());
    expect(await rowsOf(campus)).toEqual({ otps: 40, outbox: 40 });
    const counted = await Promise.all(campus.processes.map(({ platform }) => platform.metrics.text()));
    expect(counted.join("\n")).toMatch(/otp_requests_total\{outcome="shared_budget"\} [1-9]/);
  });
});

describe("a student's own messages", () => {
  let campus: Campus;
  beforeAll(async () => {
    campus = await startCampus({ env: { RATE_LIMIT_SCALE: "1", RATE_OTP_PER_DAY: "5" } });
  });
  afterAll(() => campus.end());

  test("every log-in makes another place that codes are asked from, and all of them together get a day's budget", async () => {
    const { phone } = await campus.student();
    const cookies: string[] = [];
    for (const _ of times(3)) {
      const { request_id } = (await askFor(campus, phone)).body;
      await campus.drainOutbox();
      const body = { phone, otp: await campus.sentOtp(request_id), request_id };
      const { headers } = await campus.api("POST", "/auth/verify-otp", { body });
      cookies.push(
        headers
          .getSetCookie()
          .find((each) => each.includes("student_browser"))
          ?.split(";")[0] ?? "",
      );
    }
    for (const Cookie of cookies)
      for (const _ of times(3))
        expect((await campus.api("POST", "/auth/request-otp", { body: { phone }, headers: { Cookie } })).status).toBe(200);
    const [sent] = await campus.sql`select count(*)::int as count from otps where phone = ${phone} and installation is not null`;
    expect(sent).toEqual({ count: 5 });
  });

  test("codes for deeds that nobody does end after a day's budget, and those that were used count for nothing", async () => {
    const student = await campus.student();
    const ask = () => student.api<{ request_id: string }>("POST", "/users/me/step-up", { body: { purpose: "thaw_wallet" } });
    const someTimeAgo = () =>
      campus.sql`update step_ups set created_at = created_at - interval '11 minutes' where student_id = ${student.id}`;
    expect((await ask()).status).toBe(200);
    await campus.sql`update step_ups set used_at = now() where student_id = ${student.id}`;
    for (const _ of times(5)) {
      await someTimeAgo();
      expect((await ask()).status).toBe(200);
    }
    await someTimeAgo();
    const answer = await ask();
    expect(answer).toMatchObject(refused(429, "RATE_LIMITED"));
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(80_000);
  });
});

describe("somebody else's tries", () => {
  let campus: Campus;
  beforeAll(async () => {
    campus = await startCampus();
  });
  afterAll(() => campus.end());
  const verify = (phone: string, otp: string, requestId?: string) =>
    campus.api("POST", "/auth/verify-otp", { body: { phone, otp, ...(requestId ? { request_id: requestId } : {}) } });

  test("wrong codes of a stranger and codes that a stranger asked for do not spoil the one that I asked for", async () => {
    const { phone } = await campus.student();
    const { request_id } = (await askFor(campus, phone)).body;
    await campus.drainOutbox();
    const otp = await campus.sentOtp(request_id);
    const wrong = otp === "000000" ? "000001" : "000000";
    await askFor(campus, phone);
    for (const _ of times(6)) expect(await verify(phone, wrong)).toMatchObject(refused(400, "INVALID_OTP"));
    for (const _ of times(6)) expect(await verify(phone, otp, randomUUID())).toMatchObject(refused(400, "INVALID_OTP"));
    expect((await verify(phone, otp, request_id)).status).toBe(200);
    expect(await verify(phone, otp, request_id)).toMatchObject(refused(400, "INVALID_OTP"));
  });

  test("five wrong codes of my own request end it", async () => {
    const { phone } = await campus.student();
    const { request_id } = (await askFor(campus, phone)).body;
    await campus.drainOutbox();
    const otp = await campus.sentOtp(request_id);
    const wrong = otp === "000000" ? "000001" : "000000";
    for (const _ of times(5)) await verify(phone, wrong, request_id);
    expect(await verify(phone, otp, request_id)).toMatchObject(refused(400, "INVALID_OTP"));
  });
});

describe("staff at a door that others push against", () => {
  let campus: Campus;
  beforeAll(async () => {
    campus = await startCampus();
  });
  afterAll(() => campus.end());
  const logIn = (username: string, password: string, headers: Record<string, string> = {}) =>
    campus.api<{ access_token: string }>("POST", "/admin/auth/login", { body: { username, password }, headers });

  test("hundreds of tries with invented names take no place in the queue, and no honest login is refused or locked", async () => {
    const member = await campus.staff("cashier", await campus.cafe());
    const flood = Promise.all(times(300).map((index) => logIn(`invented-${index}`, "wrong")));
    const honest = [];
    for (const _ of times(5)) honest.push((await logIn(member.username, member.password)).status);
    expect(honest).toEqual([200, 200, 200, 200, 200]);
    expect(new Set((await flood).map(({ status }) => status))).toEqual(new Set([401]));
  });

  test("a try that found the queue full is given back: it locks nobody", async () => {
    const member = await campus.staff("kitchen", await campus.cafe());
    const others = await Promise.all(times(30).map(async () => campus.staff("cashier", await campus.cafe())));
    const flood = Promise.all(others.flatMap(({ username }) => times(4).map(() => logIn(username, "wrong"))));
    const statuses = [];
    for (const _ of times(8)) statuses.push((await logIn(member.username, member.password)).status);
    await flood;
    expect(statuses.filter((status) => ![200, 503].includes(status))).toEqual([]);
    expect((await logIn(member.username, member.password)).status).toBe(200);
  });

  test("a browser that has logged in before is not locked by what others type, and another browser's cookie is worth nothing", async () => {
    const member = await campus.staff("owner", await campus.cafe());
    const other = await campus.staff("owner", await campus.cafe());
    const browserOf = async ({ username, password }: { username: string; password: string }) =>
      (await logIn(username, password)).headers
        .getSetCookie()
        .find((cookie) => cookie.includes("browser="))
        ?.split(";")[0] ?? "";
    const [own, foreign] = [await browserOf(member), await browserOf(other)];
    for (const _ of times(8)) await logIn(member.username, "wrong");
    await campus.sql`update login_failures set locked_until = now() + interval '1 hour'`;
    expect(await logIn(member.username, member.password)).toMatchObject(refused(429, "RATE_LIMITED"));
    expect(await logIn(member.username, member.password, { Cookie: foreign })).toMatchObject(refused(429, "RATE_LIMITED"));
    expect((await logIn(member.username, member.password, { Cookie: own })).status).toBe(200);
  });

  test("a new password from the owner opens a locked name at once", async () => {
    const owner = await campus.staff("owner", await campus.cafe());
    const member = await campus.staff("cashier", { id: owner.cafeId as string });
    for (const _ of times(8)) await logIn(member.username, "wrong");
    const token = (await logIn(owner.username, owner.password)).body.access_token;
    const reset = await campus.api<{ one_time_password: string }>("POST", `/admin/staff/${member.id}/reset-password`, { token });
    expect(reset.status).toBe(200);
    expect(await logIn(member.username, reset.body.one_time_password)).toMatchObject(refused(409, "CONFLICT"));
  });
});
