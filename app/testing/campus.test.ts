import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "./campus.ts";

let campus: Campus;
beforeAll(async () => {
  campus = await startCampus();
});
afterAll(() => campus.end());

test("both processes of a test campus are ready and connected to its Redis", async () => {
  for (const process of [0, 1] as const) {
    expect(await campus.api("GET", "root:/ready", { process })).toMatchObject({ status: 200, body: { ready: true } });
    expect(await campus.api("GET", "root:/health", { process })).toMatchObject({ body: { status: "healthy", redis: "connected" } });
  }
});

test("the keys that check access tokens are published without their private part", async () => {
  const { body } = await campus.api<{ keys: Record<string, string>[] }>("GET", "root:/.well-known/jwks.json");
  expect(body.keys).toContainEqual({ kty: "RSA", kid: "token-1", alg: "RS256", use: "sig", n: expect.any(String), e: "AQAB" });
  for (const key of body.keys) for (const secret of ["d", "p", "q", "dp", "dq", "qi", "k"]) expect(key).not.toHaveProperty(secret);
});

test("people of a test campus are rows that a statement of the owner can see", async () => {
  const cafe = await campus.cafe({ name: "Aula" });
  const [student, staff, device] = [await campus.student(), await campus.staff("owner", cafe), await campus.device(cafe)];
  expect(await campus.sql`select id, phone from students where id = ${student.id}`).toEqual([{ id: student.id, phone: student.phone }]);
  expect(await campus.sql`select cafe_id from staff where id = ${staff.id}`).toEqual([{ cafeId: cafe.id }]);
  expect(await campus.sql`select cafe_id from devices where id = ${device.id}`).toEqual([{ cafeId: cafe.id }]);
});

test("a one-time password is that of its request, also where an older one or another message with six digits comes after it", async () => {
  const phone = campus.newPhone();
  const ask = async () => (await campus.api<{ request_id: string }>("POST", "/auth/request-otp", { body: { phone } })).body.request_id;
  const older = await ask();
  await campus.setFaults({ sms: "500" });
  await campus.drainOutbox();
  await campus.setFaults({ sms: "ok" });
  await campus.sql`update outbox set due_at = now() + interval '1 hour' where done_at is null`;
  const newer = await ask();
  await campus.drainOutbox();
  await campus.sql`update outbox set due_at = now() where done_at is null`;
  await campus.drainOutbox();
  await fetch(`${campus.sandboxUrl}/sandbox/sms`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ to: phone, text: "Order 123456 is ready." }),
  });

  expect((await campus.messages(phone)).map(({ data }) => data.otp)).toEqual([
    "123456",
    await campus.sentOtp(older),
    await campus.sentOtp(newer),
  ]);
  const verified = await campus.api("POST", "/auth/verify-otp", { body: { phone, otp: await campus.sentOtp(newer) } });
  expect(verified.status).toBe(200);
});
