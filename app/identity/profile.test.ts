import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { refused } from "../testing/refusal.ts";

const webApp = { apiKey: "AIza0", projectId: "campus", appId: "1:2:web:3", messagingSenderId: "2", vapidKey: "BM0" };

let campus: Campus;
beforeAll(async () => {
  campus = await startCampus({ env: { FCM_WEB_APP: JSON.stringify(webApp) } });
});
afterAll(() => campus.end());

const change = { name: "Alva Ek", language: "sv", notifications: { orders: false, payments: true } };

test("a student reads the own profile and nobody else's", async () => {
  const [student] = [await campus.student({ name: "Nils Berg", language: "it" }), await campus.student()];
  expect(await student.api("GET", "/users/me")).toMatchObject({
    status: 200,
    body: {
      id: student.id,
      phone: student.phone,
      name: "Nils Berg",
      language: "it",
      notifications: { orders: true, payments: true },
      requires_signature: false,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    },
  });
});

test("a browser is told the Firebase web app by which it asks for a token", async () => {
  const [student, owner] = [await campus.student(), await campus.staff("owner", await campus.cafe())];
  for (const who of [student, owner])
    expect(await who.api("GET", "/users/device-token/browser")).toMatchObject({
      status: 200,
      body: { web_app: { api_key: "AIza0", project_id: "campus", app_id: "1:2:web:3", messaging_sender_id: "2", vapid_key: "BM0" } },
    });
});

test("a change replaces name, language and switches and nothing else", async () => {
  const [student, other] = [await campus.student(), await campus.student({ name: "Untouched" })];
  const answer = await student.api("PUT", "/users/me", { body: { ...change, name: "  Alva Ek " } });
  expect(answer).toMatchObject({ status: 200, body: { ...change, id: student.id, phone: student.phone } });
  expect((await student.api("GET", "/users/me", { process: 1 })).body).toEqual(answer.body);
  expect(await other.api("GET", "/users/me")).toMatchObject({ body: { name: "Untouched", language: "en" } });
  expect(await student.api("PUT", "/users/me", { body: { ...change, name: null } })).toMatchObject({ body: { name: null } });
});

test.each([
  ["no body", undefined],
  ["a missing field", { name: "Alva", language: "sv" }],
  ["a phone", { ...change, phone: "+46700000099" }],
  ["another student's id", { ...change, id: "00000000-0000-8000-8000-000000000000" }],
  ["an unknown language", { ...change, language: "de" }],
  ["an empty name", { ...change, name: "" }],
  ["a name of 101 characters", { ...change, name: "x".repeat(101) }],
  ["a control character", { ...change, name: "Al\u0000va" }],
  ["a switch that is text", { ...change, notifications: { orders: "false", payments: true } }],
])("a change with %s is refused and changes nothing", async (_, body) => {
  const student = await campus.student({ name: "Before" });
  const answer = await student.api("PUT", "/users/me", { body });
  expect([400, 415]).toContain(answer.status);
  expect(await student.api("GET", "/users/me")).toMatchObject({ body: { name: "Before" } });
});

test("nobody but a student has a profile", async () => {
  const cafe = await campus.cafe();
  const [owner, device] = [await campus.staff("owner", cafe), await campus.device(cafe)];
  for (const method of ["GET", "PUT"] as const) {
    const body = method === "PUT" ? { body: change } : {};
    expect(await owner.api(method, "/users/me", body)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await device.api(method, "/users/me", body)).toMatchObject(refused(401, "INVALID_TOKEN"));
    expect(await campus.api(method, "/users/me", body)).toMatchObject(refused(401, "INVALID_TOKEN"));
  }
});

const token = () => `token-${crypto.randomUUID()}`;
const ownersOf = (pushToken: string) =>
  campus.sql`select student_id, staff_id, platform, is_active from push_tokens where token = ${pushToken}`;

test("students and staff register the push token of their app", async () => {
  const [student, owner] = [await campus.student(), await campus.staff("owner", await campus.cafe())];
  const [first, second] = [token(), token()];
  expect(await student.api("POST", "/users/device-token", { body: { token: first, platform: "android" } })).toMatchObject({
    status: 201,
    body: { platform: "android", is_active: true },
  });
  expect((await owner.api("POST", "/users/device-token", { body: { token: second, platform: "web" } })).status).toBe(201);
  expect(await ownersOf(first)).toEqual([{ studentId: student.id, staffId: null, platform: "android", isActive: true }]);
  expect(await ownersOf(second)).toEqual([{ studentId: null, staffId: owner.id, platform: "web", isActive: true }]);
});

test("a push token moves to whoever registered it last, and becomes active again", async () => {
  const [student, owner] = [await campus.student(), await campus.staff("owner", await campus.cafe())];
  const pushToken = token();
  await student.api("POST", "/users/device-token", { body: { token: pushToken, platform: "ios" } });
  await campus.sql`update push_tokens set is_active = false where token = ${pushToken}`;
  await owner.api("POST", "/users/device-token", { body: { token: pushToken, platform: "web" } });
  expect(await ownersOf(pushToken)).toEqual([{ studentId: null, staffId: owner.id, platform: "web", isActive: true }]);
});

test("the student whose push token another account registers is told by mail and on the other phones, and nobody is who registers anew", async () => {
  const [student, other] = [await campus.student({ name: "Alva Ek" }), await campus.student()];
  const [taken, kept] = [token(), token()];
  const register = (who: typeof student, pushToken: string) =>
    who.api("POST", "/users/device-token", { body: { token: pushToken, platform: "android" } });
  for (const each of [taken, kept, taken]) await register(student, each);
  const told = () => campus.sql`
    select topic from outbox where topic like '%.notice' and payload ->> 'kind' = 'push_moved' and payload ->> 'student_id' = ${student.id} order by topic`;
  expect(await told()).toEqual([]);
  await register(other, taken);
  expect(await told()).toEqual([{ topic: "mail.notice" }, { topic: "push.notice" }]);
  await campus.drainOutbox();
  expect((await campus.messages(kept, "push")).map(({ data }) => data.kind)).toContain("push_moved");
  expect(await campus.messages(taken, "push")).toEqual([]);
});

test("a student hears of a new device's push token, and by SMS of one that pushes another out; a burst of tokens tells no more", async () => {
  const student = await campus.student({ name: "Alva Ek" });
  const register = () => student.api("POST", "/users/device-token", { body: { token: token(), platform: "web" } });
  const told = async () =>
    (
      await campus.sql<{ topic: string; kind: string }>`
        select topic, payload ->> 'kind' as kind from outbox where topic like '%.notice' and payload ->> 'student_id' = ${student.id} order by id`
    ).map(({ topic, kind }) => `${topic} ${kind}`);
  const aging = () => campus.sql`update push_tokens set created_at = created_at - interval '2 hours' where student_id = ${student.id}`;
  await register();
  expect(await told()).toEqual([]);
  await aging();
  for (let times = 0; times < 9; times += 1) await register();
  const added = ["push.notice push_added", "mail.notice push_added"];
  expect((await told()).sort()).toEqual([...added].sort());
  for (let times = 0; times < 4; times += 1) await register();
  expect((await told()).filter((line) => line.includes("push_replaced")).sort()).toEqual(
    ["push", "sms", "mail"].map((way) => `${way}.notice push_replaced`).sort(),
  );
});

test("the ten newest push tokens of a person are kept", async () => {
  const student = await campus.student();
  const tokens = Array.from({ length: 12 }, token);
  for (const each of tokens) await student.api("POST", "/users/device-token", { body: { token: each, platform: "web" } });
  const kept = await campus.sql<{ token: string }>`select token from push_tokens where student_id = ${student.id} order by updated_at`;
  expect(kept.map((row) => row.token)).toEqual(tokens.slice(2));
});

test("a push token is removed by its owner alone, and removing it twice is no fault", async () => {
  const [student, other] = [await campus.student(), await campus.student()];
  const pushToken = token();
  await student.api("POST", "/users/device-token", { body: { token: pushToken, platform: "web" } });
  expect((await other.api("DELETE", "/users/device-token", { body: { token: pushToken } })).status).toBe(204);
  expect(await ownersOf(pushToken)).toHaveLength(1);
  for (const _ of [1, 2]) expect((await student.api("DELETE", "/users/device-token", { body: { token: pushToken } })).status).toBe(204);
  expect(await ownersOf(pushToken)).toEqual([]);
});

test("the same key gives the first answer again, and refuses another body", async () => {
  const student = await campus.student();
  const [body, headers] = [{ token: token(), platform: "web" }, { "Idempotency-Key": "one-wish" }];
  const first = await student.api("POST", "/users/device-token", { body, headers });
  const again = await student.api("POST", "/users/device-token", { body, headers, process: 1 });
  expect(again).toMatchObject({ status: 201, text: first.text });
  expect(again.headers.get("idempotency-hit")).toBe("true");
  const other = await student.api("POST", "/users/device-token", { body: { ...body, token: token() }, headers });
  expect(other).toMatchObject(refused(422, "IDEMPOTENCY_MISMATCH"));
});

test.each([
  ["a token that is too short", { token: "short", platform: "web" }],
  ["a token with a line feed", { token: "long-enough\nbut", platform: "web" }],
  ["an unknown platform", { token: "long-enough", platform: "watch" }],
  ["somebody else's id", { token: "long-enough", platform: "web", student_id: "00000000-0000-8000-8000-000000000000" }],
])("a registration with %s is refused", async (_, body) => {
  expect(await (await campus.student()).api("POST", "/users/device-token", { body })).toMatchObject(refused(400, "VALIDATION_ERROR"));
});

test("a push token needs a login", async () => {
  for (const method of ["POST", "DELETE"])
    expect(await campus.api(method, "/users/device-token", { body: { token: token(), platform: "web" } })).toMatchObject(
      refused(401, "INVALID_TOKEN"),
    );
});
