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
