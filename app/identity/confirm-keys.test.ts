import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import type { TestStudent } from "../testing/people.ts";
import { refused } from "../testing/refusal.ts";
import { askForCode } from "../testing/step-up.ts";

let campus: Campus;
beforeAll(async () => {
  campus = await startCampus();
});
afterAll(() => campus.end());

interface Listed {
  readonly items: readonly { readonly id: string; readonly public_key: string }[];
}

interface PhoneKey {
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

function newPhoneKey(namedCurve = "P-256"): PhoneKey {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve });
  return { publicKey: publicKey.export({ format: "der", type: "spki" }).toString("base64url"), privateKey };
}

const prove = (studentId: string, { publicKey, privateKey }: PhoneKey): string =>
  sign("sha256", Buffer.from(`campuspay.v1\nconfirm-key\n${studentId}\n${publicKey}`), {
    key: privateKey,
    dsaEncoding: "ieee-p1363",
  }).toString("base64url");

const register = (student: TestStudent, key: PhoneKey, otp?: string, proof = prove(student.id, key), process: 0 | 1 = 0) =>
  student.api<{ id: string }>("POST", "/users/confirm-keys", {
    body: { public_key: key.publicKey, proof, ...(otp === undefined ? {} : { otp }) },
    process,
  });
const keysOf = async (student: TestStudent) => (await student.api<Listed>("GET", "/users/confirm-keys")).body.items;
const codeFor = async (student: TestStudent, { publicKey }: PhoneKey) =>
  (await askForCode(campus, student, { purpose: "confirm_key", public_key: publicKey })).otp;
const wrong = (otp: string) => String((Number(otp) + 1) % 1_000_000).padStart(6, "0");

test("the first key is registered with its proof, and from then on payments must be signed", async () => {
  const [student, key] = [await campus.student(), newPhoneKey()];
  const answer = await register(student, key);
  expect(answer).toMatchObject({ status: 201, body: { id: expect.any(String), public_key: key.publicKey } });
  expect(await keysOf(student)).toMatchObject([{ id: answer.body.id, public_key: key.publicKey }]);
  expect(await student.api("GET", "/users/me")).toMatchObject({ body: { requires_signature: true } });
  expect(await campus.sql`select action, actor_id from audit_log where object_id = ${answer.body.id}`).toEqual([
    { action: "confirm_key.registered", actorId: student.id },
  ]);
});

test("a proof by another key, for another student or over another text is refused", async () => {
  const [student, other, key, stolen] = [await campus.student(), await campus.student(), newPhoneKey(), newPhoneKey()];
  const otherText = sign("sha256", Buffer.from(key.publicKey), { key: key.privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url");
  const der = sign("sha256", Buffer.from(`campuspay.v1\nconfirm-key\n${student.id}\n${key.publicKey}`), key.privateKey).toString(
    "base64url",
  );
  for (const proof of [
    prove(student.id, { publicKey: key.publicKey, privateKey: stolen.privateKey }),
    prove(other.id, key),
    otherText,
    der,
    "AAAA",
  ])
    expect(await register(student, key, undefined, proof)).toMatchObject(refused(401, "INVALID_SIGNATURE"));
  expect(await student.api("GET", "/users/me")).toMatchObject({ body: { requires_signature: false } });
});

test("a stolen token alone never adds a second key", async () => {
  const [student, thief] = [await campus.student(), newPhoneKey()];
  await register(student, newPhoneKey());
  expect(await register(student, thief)).toMatchObject(refused(400, "INVALID_OTP"));
  const otp = await codeFor(student, thief);
  expect(await register(student, thief, wrong(otp))).toMatchObject(refused(400, "INVALID_OTP"));
  const other = await campus.student();
  expect(await register(student, thief, await codeFor(other, thief))).toMatchObject(refused(400, "INVALID_OTP"));
  expect(await register(student, thief, await codeFor(student, newPhoneKey()))).toMatchObject(refused(400, "INVALID_OTP"));
  expect(await register(student, thief, await campus.requestOtp(student.phone))).toMatchObject(refused(400, "INVALID_OTP"));
  expect(await keysOf(student)).toHaveLength(1);
});

test("five wrong one-time passwords burn it for a key as for a login", async () => {
  const [student, key] = [await campus.student(), newPhoneKey()];
  await register(student, newPhoneKey());
  const otp = await codeFor(student, key);
  for (let index = 0; index < 5; index += 1) await register(student, key, wrong(otp));
  expect(await register(student, key, otp)).toMatchObject(refused(400, "INVALID_OTP"));
});

test("a second key with a code that was asked for it is added, once for each password", async () => {
  const [student, second, third] = [await campus.student(), newPhoneKey(), newPhoneKey()];
  await register(student, newPhoneKey());
  const otp = await codeFor(student, second);
  expect((await register(student, second, otp)).status).toBe(201);
  expect(await register(student, third, otp)).toMatchObject(refused(400, "INVALID_OTP"));
  expect(await keysOf(student)).toHaveLength(2);
});

test("the same key again is the same registration", async () => {
  const [student, key] = [await campus.student(), newPhoneKey()];
  const [first, again] = [await register(student, key), await register(student, key)];
  expect(again).toMatchObject({ status: 201, text: first.text });
  expect(await keysOf(student)).toHaveLength(1);
});

test("of many first keys at once one is registered, because the others then need a one-time password", async () => {
  for (let round = 0; round < 4; round += 1) {
    const student = await campus.student();
    const keys = Array.from({ length: 8 }, () => newPhoneKey());
    const answers = await Promise.all(keys.map((key, index) => register(student, key, undefined, undefined, index % 2 === 0 ? 0 : 1)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 7 }, () => 400)]);
    expect(await keysOf(student)).toHaveLength(1);
  }
});

test("a removed key is gone for good, signatures stay necessary, and every channel tells", async () => {
  const [student, key] = [await campus.student(), newPhoneKey()];
  const { id } = (await register(student, key)).body;
  expect((await student.api("DELETE", `/users/confirm-keys/${id}`)).status).toBe(204);
  expect(await keysOf(student)).toEqual([]);
  expect(await student.api("DELETE", `/users/confirm-keys/${id}`)).toMatchObject(refused(404, "NOT_FOUND"));
  expect(await register(student, key)).toMatchObject(refused(409, "CONFLICT"));
  expect(await student.api("GET", "/users/me")).toMatchObject({ body: { requires_signature: true } });
  expect(await register(student, newPhoneKey())).toMatchObject(refused(400, "INVALID_OTP"));
  const told = await campus.sql`
    select topic from outbox where payload ->> 'student_id' = ${student.id} and payload ->> 'kind' = 'confirm_key_removed' order by topic`;
  expect(told).toEqual([{ topic: "mail.notice" }, { topic: "push.notice" }, { topic: "sms.notice" }]);
});

test("a student removes no other student's key", async () => {
  const [student, other] = [await campus.student(), await campus.student()];
  const { id } = (await register(student, newPhoneKey())).body;
  expect(await other.api("DELETE", `/users/confirm-keys/${id}`)).toMatchObject(refused(404, "NOT_FOUND"));
  expect(await keysOf(student)).toHaveLength(1);
});

test("a sixth key is refused, and its one-time password stays good", async () => {
  const student = await campus.student();
  for (let index = 0; index < 5; index += 1) {
    const key = newPhoneKey();
    const otp = index === 0 ? undefined : await codeFor(student, key);
    expect((await register(student, key, otp)).status).toBe(201);
  }
  const sixth = newPhoneKey();
  const otp = await codeFor(student, sixth);
  expect(await register(student, sixth, otp)).toMatchObject(refused(409, "CONFLICT"));
  const [oldest] = await keysOf(student);
  await student.api("DELETE", `/users/confirm-keys/${oldest?.id}`);
  expect((await register(student, sixth, otp)).status).toBe(201);
});

test("later than ten minutes after the log-in the first key needs a code too: a stolen token registers none", async () => {
  const [student, thief] = [await campus.student(), newPhoneKey()];
  await campus.sql`update sessions set created_at = now() - interval '11 minutes' where student_id = ${student.id}`;
  expect(await register(student, thief)).toMatchObject(refused(400, "INVALID_OTP"));
  const own = newPhoneKey();
  expect((await register(student, own, await codeFor(student, own))).status).toBe(201);
});

test.each([
  ["of another curve", () => newPhoneKey("P-384").publicKey],
  ["that is no key", () => "AAAA"],
  ["with bytes behind it", () => `${newPhoneKey().publicKey}AA`],
  ["in plain base64", () => `${newPhoneKey().publicKey}==`],
])("a key %s is refused", async (_, publicKey) => {
  const student = await campus.student();
  const body = { public_key: publicKey(), proof: "A".repeat(86) };
  expect(await student.api("POST", "/users/confirm-keys", { body })).toMatchObject(refused(400, "VALIDATION_ERROR"));
});

test("staff and strangers have no confirm keys", async () => {
  const owner = await campus.staff("owner", await campus.cafe());
  const path = "/users/confirm-keys";
  const calls = [["GET", path] as const, ["POST", path] as const, ["DELETE", `${path}/00000000-0000-8000-8000-000000000000`] as const];
  for (const [method, at] of calls) {
    const body = method === "POST" ? { body: { public_key: "AAAA", proof: "AAAA" } } : {};
    expect(await owner.api(method, at, body)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await campus.api(method, at, body)).toMatchObject(refused(401, "INVALID_TOKEN"));
  }
});
