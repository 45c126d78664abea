import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { refused } from "../testing/refusal.ts";

let campus: Campus;
let strict: Campus;
let imported: Campus;
beforeAll(async () => {
  campus = await startCampus();
  strict = await startCampus({ env: { RATE_LIMIT_SCALE: "1" } });
  imported = await startCampus({ env: { STUDENT_SIGNUP: "imported" } });
});
afterAll(async () => {
  await Promise.all([campus.end(), strict.end(), imported.end()]);
});

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly user: { readonly id: string };
}

const times = (count: number) => Array.from({ length: count }, (_, index) => index);
const verify = (phone: string, otp: string, on = campus, process: 0 | 1 = 0) =>
  on.api<Tokens>("POST", "/auth/verify-otp", { body: { phone, otp }, process });
const wrong = (otp: string) => String((Number(otp) + 1) % 1_000_000).padStart(6, "0");
test("a phone's first one-time password makes a student without a name and opens a session", async () => {
  const phone = campus.newPhone();
  const answer = await verify(phone, await campus.requestOtp(phone));
  expect(answer).toMatchObject({ status: 200, body: { token_type: "bearer", expires_in: 3_600, user: { phone, name: null } } });
  const me = await campus.api("GET", "/users/me", { token: answer.body.access_token, process: 1 });
  expect(me).toMatchObject({ status: 200, body: { id: answer.body.user.id, phone, name: null } });
});

test("the next login of a phone is the same student", async () => {
  const student = await campus.student({ name: "Alva Ek" });
  const answer = await verify(student.phone, await campus.requestOtp(student.phone));
  expect(answer.body).toMatchObject({ user: { id: student.id, name: "Alva Ek" } });
});

test("known and unknown phones get the same answer to a request", async () => {
  const known = await campus.student();
  const ask = (phone: string) => campus.api<{ request_id: string }>("POST", "/auth/request-otp", { body: { phone } });
  // The last one is of a country whose strangers get no message.
  const answers = await Promise.all([known.phone, campus.newPhone(), "+8821600000001"].map(ask));
  expect(answers[0]).toMatchObject({ status: 200, body: { expires_in: 300 } });
  const looks = answers.map(({ text, body }) =>
    text.replace(
      body.request_id,
      body.request_id.replaceAll(/[0-9a-f]/g, (digit, at) => (at === 14 ? digit : "x")),
    ),
  );
  expect(new Set(looks).size, looks.join("\n")).toBe(1);
});

test("of fifty parallel uses of one one-time password on two processes exactly one opens a session", async () => {
  const student = await campus.student();
  const otp = await campus.requestOtp(student.phone);
  const answers = await Promise.all(times(50).map((index) => verify(student.phone, otp, campus, index % 2 === 0 ? 0 : 1)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 400)).toHaveLength(49);
  expect(await campus.sql`select id from sessions where student_id = ${student.id} and id <> ${student.sessionId}`).toHaveLength(1);
});

test("fifty parallel first logins of one phone make one student", async () => {
  const phone = campus.newPhone();
  const otp = await campus.requestOtp(phone);
  await Promise.all(times(50).map((index) => verify(phone, otp, campus, index % 2 === 0 ? 0 : 1)));
  expect(await campus.sql`select id from students where phone = ${phone}`).toHaveLength(1);
});

test("a used one-time password opens nothing a second time", async () => {
  const phone = campus.newPhone();
  const otp = await campus.requestOtp(phone);
  expect((await verify(phone, otp)).status).toBe(200);
  expect(await verify(phone, otp)).toMatchObject(refused(400, "INVALID_OTP"));
});

test("four wrong tries leave a one-time password usable, the fifth burns it", async () => {
  const [careless, guesser] = [campus.newPhone(), campus.newPhone()];
  const [first, second] = [await campus.requestOtp(careless), await campus.requestOtp(guesser)];
  for (const _ of times(4)) expect(await verify(careless, wrong(first))).toMatchObject(refused(400, "INVALID_OTP"));
  expect((await verify(careless, first)).status).toBe(200);
  for (const _ of times(5)) expect(await verify(guesser, wrong(second))).toMatchObject(refused(400, "INVALID_OTP"));
  expect(await verify(guesser, second)).toMatchObject(refused(400, "INVALID_OTP"));
});

test("wrong tries in parallel get no more guesses than wrong tries in a row", async () => {
  const phone = campus.newPhone();
  const otp = await campus.requestOtp(phone);
  await Promise.all(times(20).map((index) => verify(phone, wrong(otp), campus, index % 2 === 0 ? 0 : 1)));
  expect(await campus.sql`select stray_tries from otps where phone = ${phone}`).toEqual([{ strayTries: 5 }]);
  expect(await verify(phone, otp)).toMatchObject(refused(400, "INVALID_OTP"));
});

test("only the newest one-time password is valid", async () => {
  const phone = campus.newPhone();
  const first = await campus.requestOtp(phone);
  let second = await campus.requestOtp(phone);
  while (second === first) second = await campus.requestOtp(phone);
  expect(await verify(phone, first)).toMatchObject(refused(400, "INVALID_OTP"));
  expect((await verify(phone, second)).status).toBe(200);
});

test("a one-time password ends by the database's clock", async () => {
  const phone = campus.newPhone();
  const otp = await campus.requestOtp(phone);
  await campus.sql`update otps set expires_at = clock_timestamp() - interval '1 millisecond' where phone = ${phone}`;
  expect(await verify(phone, otp)).toMatchObject(refused(400, "INVALID_OTP"));
});

test("another phone's one-time password is refused", async () => {
  const [mine, other] = [campus.newPhone(), campus.newPhone()];
  const otp = await campus.requestOtp(other);
  let own = await campus.requestOtp(mine);
  while (own === otp) own = await campus.requestOtp(mine);
  expect(await verify(mine, otp)).toMatchObject(refused(400, "INVALID_OTP"));
});

test("a deactivated student gets no message and no session", async () => {
  const student = await campus.student();
  await campus.sql`update students set is_active = false where id = ${student.id}`;
  expect((await campus.api("POST", "/auth/request-otp", { body: { phone: student.phone } })).status).toBe(200);
  await campus.drainOutbox();
  expect(await campus.messages(student.phone)).toEqual([]);
});

test("a student who was deactivated after the message was sent is refused", async () => {
  const student = await campus.student();
  const otp = await campus.requestOtp(student.phone);
  await campus.sql`update students set is_active = false where id = ${student.id}`;
  expect(await verify(student.phone, otp)).toMatchObject(refused(400, "INVALID_OTP"));
});

test("the message is written in the student's language", async () => {
  const [swede, italian, unknown] = [await campus.student({ language: "sv" }), await campus.student({ language: "it" }), campus.newPhone()];
  for (const phone of [swede.phone, italian.phone, unknown]) await campus.requestOtp(phone);
  expect((await campus.messages(swede.phone))[0]?.text).toMatch(/^Din kod till Campus Pay är \d{6}\. Den gäller i 5 min\./);
  expect((await campus.messages(italian.phone))[0]?.text).toMatch(/^Il tuo codice Campus Pay è \d{6}\. Vale 5 min\./);
  expect((await campus.messages(unknown))[0]?.text).toMatch(/^Your Campus Pay code is \d{6}\. It is valid for 5 min\./);
});

test("no table holds a one-time password in clear, and the outbox forgets the sealed one once it is sent", async () => {
  const phone = campus.newPhone();
  const { body } = await campus.api<{ request_id: string }>("POST", "/auth/request-otp", { body: { phone } });
  const [waiting] = await campus.sql<{ payload: string }>`
    select payload::text from outbox where topic = 'sms.otp' and done_at is null and dead_at is null`;
  await campus.drainOutbox();
  const otp = await campus.sentOtp(body.request_id);
  expect(waiting?.payload).toContain("sealed");
  expect(waiting?.payload).not.toContain(otp);
  expect(await campus.sql`select id from otps where phone = ${phone} and position(${otp} in code_hash::text) > 0`).toEqual([]);
  expect(await campus.sql`select id from outbox where topic = 'sms.otp' and (done_at is null or payload <> '{}')`).toEqual([]);
});

test("a message that the provider refuses is tried again, and one that came too late is not sent", async () => {
  const [patient, late] = [campus.newPhone(), campus.newPhone()];
  await campus.setFaults({ sms: "500" });
  for (const phone of [patient, late]) await campus.api("POST", "/auth/request-otp", { body: { phone } });
  await campus.drainOutbox();
  await campus.setFaults({ sms: "ok" });
  await campus.sql`update otps set expires_at = clock_timestamp() where phone = ${late}`;
  await campus.sql`update outbox set due_at = now() where done_at is null`;
  await campus.drainOutbox();
  expect(await campus.messages(patient)).toHaveLength(1);
  expect(await campus.messages(late)).toEqual([]);
});

test("the fourth request of a phone within ten minutes is refused with the time to wait, also on another process", async () => {
  const phone = strict.newPhone();
  const ask = (process: 0 | 1) => strict.api("POST", "/auth/request-otp", { body: { phone }, process });
  for (const process of [0, 1, 0] as const) expect((await ask(process)).status).toBe(200);
  const fourth = await ask(1);
  expect(fourth).toMatchObject(refused(429, "RATE_LIMITED"));
  expect(Number(fourth.headers.get("retry-after"))).toBeGreaterThan(590);
  expect(Number(fourth.headers.get("retry-after"))).toBeLessThanOrEqual(600);
  await strict.sql`update otps set created_at = created_at - interval '10 minutes' where phone = ${phone}`;
  const kept = await strict.redis.keys("otp:*");
  await strict.redis.del(kept);
  expect((await ask(0)).status).toBe(200);
});

test("the fourth request is told to wait for every phone alike, also one that gets no message", async () => {
  const answersOf = async (phone: string) => {
    const answers = [];
    for (const _ of times(4)) answers.push((await strict.api("POST", "/auth/request-otp", { body: { phone } })).status);
    return answers;
  };
  const student = await strict.student();
  // The country of the second one is not on the list, so nothing is sent and nothing is written.
  expect(await answersOf("+8821600000002")).toEqual(await answersOf(student.phone));
});

test("codes that strangers ask for keep nobody out who has logged in here before, and are no more than thirty a day", async () => {
  const student = await strict.student();
  const ask = (cookie = "") => strict.api<{ request_id: string }>("POST", "/auth/request-otp", { body: { phone: student.phone }, cookie });
  const otp = await strict.requestOtp(student.phone);
  const own = (await verify(student.phone, otp, strict)).headers.getSetCookie()[0]?.split(";")[0] ?? "";
  for (const _ of times(3)) await ask();
  expect(await ask()).toMatchObject(refused(429, "RATE_LIMITED"));
  expect(await ask(own.replace("=", "=x"))).toMatchObject(refused(429, "RATE_LIMITED"));
  await strict.drainOutbox();
  const mine = await ask(own);
  expect(mine.status).toBe(200);
  await strict.drainOutbox();
  const code = (await strict.messages(student.phone))[0]?.data.otp as string;
  const body = { phone: student.phone, otp: code, request_id: mine.body.request_id };
  expect((await strict.api("POST", "/auth/verify-otp", { body })).status).toBe(200);

  await strict.redis.del(await strict.redis.keys("otp:*"));
  await strict.sql`
    insert into otps (phone, code_hash, created_at, expires_at)
    select ${student.phone}, '', now() - interval '1 hour', now() from generate_series(1, 30)`;
  await strict.sql`delete from otps where phone = ${student.phone} and created_at > now() - interval '10 minutes'`;
  const codes = () => strict.sql`select id from otps where phone = ${student.phone} and created_at > now() - interval '10 minutes'`;
  expect((await ask()).status).toBe(200);
  expect(await codes()).toEqual([]);
  expect((await ask(own)).status).toBe(200);
  expect(await codes()).toHaveLength(1);
});

test("of ten parallel requests for one phone three are taken", async () => {
  const phone = strict.newPhone();
  const answers = await Promise.all(
    times(10).map((index) => strict.api("POST", "/auth/request-otp", { body: { phone }, process: index % 2 === 0 ? 0 : 1 })),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(7);
});

test("where only imported phones may log in, another phone gets the same answer, no message and no student", async () => {
  const student = await imported.student();
  const stranger = imported.newPhone();
  const answer = await imported.api("POST", "/auth/request-otp", { body: { phone: stranger } });
  expect(answer).toMatchObject({ status: 200, body: { expires_in: 300 } });
  expect((await verify(student.phone, await imported.requestOtp(student.phone), imported)).status).toBe(200);
  expect(await imported.messages(stranger)).toEqual([]);
  expect(await imported.sql`select id from students where phone = ${stranger}`).toEqual([]);
});

test.each([
  ["no plus", { phone: "46700000001" }],
  ["letters", { phone: "+4670000000a" }],
  ["too long", { phone: "+4670000000123456" }],
  ["an unknown field", { phone: "+46700000001", channel: "sms" }],
  ["nothing", {}],
])("a request for a one-time password with %s is refused", async (_, body) => {
  expect(await campus.api("POST", "/auth/request-otp", { body })).toMatchObject(refused(400, "VALIDATION_ERROR"));
});

test("a login without a body or with five digits is refused", async () => {
  expect(await campus.api("POST", "/auth/verify-otp")).toMatchObject({ status: expect.toSatisfy((status) => [400, 415].includes(status)) });
  expect(await verify(campus.newPhone(), "12345")).toMatchObject(refused(400, "VALIDATION_ERROR"));
});

test("neither phone nor code nor token of a login stands in any log line", async () => {
  const phone = campus.newPhone();
  const otp = await campus.requestOtp(phone);
  const { body } = await verify(phone, otp);
  const log = campus.logLines.join("\n");
  for (const secret of [phone, `"${otp}"`, ` ${otp} `, body.access_token, body.refresh_token]) expect(log).not.toContain(secret);
});
