import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import type { TestCafe, TestStaff } from "../testing/people.ts";
import { refused } from "../testing/refusal.ts";

let campus: Campus;
let cafe: TestCafe;
let owner: TestStaff;
let admin: TestStaff;
beforeAll(async () => {
  campus = await startCampus({ env: { DEVICES_PER_CAFE: "40" } });
  cafe = await campus.cafe();
  [owner, admin] = [await campus.staff("owner", cafe), await campus.staff("admin")];
});
afterAll(() => campus.end());

interface Enrolled {
  readonly id: string;
  readonly key: string;
  readonly cafe_id: string;
}

const enrol = (as = owner, query = "") => as.api<Enrolled>("POST", `/admin/devices${query}`, { body: { name: "Till 1" } });
const recognize = async (device: { id: string; key: string }, process: 0 | 1 = 0) => {
  try {
    return await campus.processes[process].identity.devices.recognize(`${device.id}.${device.key}`);
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

test("an owner enrols a device of the own café, whose key is shown once and stored only as a hash", async () => {
  const { status, body } = await enrol();
  expect({ status, body }).toMatchObject({ status: 201, body: { name: "Till 1", cafe_id: cafe.id } });
  expect(Buffer.from(body.key, "base64url")).toHaveLength(32);
  expect(await recognize(body, 1)).toEqual({ id: body.id, cafeId: cafe.id });
  const listed = await owner.api<{ items: object[] }>("GET", "/admin/devices");
  expect(listed.body.items).toContainEqual({
    id: body.id,
    name: "Till 1",
    cafe_id: cafe.id,
    created_at: expect.any(String),
    rotated_at: null,
    revoked_at: null,
  });
  expect(listed.text).not.toContain(body.key);
  const [row] = await campus.sql<{ text: string }>`select d::text as text from devices d where id = ${body.id}`;
  expect(row?.text).not.toContain(body.key);
  expect(row?.text).not.toContain(Buffer.from(body.key, "base64url").toString("hex"));
});

test("of many enrolments at once a café has as many devices as it may, and a revoked one makes room", async () => {
  const full = await campus.cafe();
  const boss = await campus.staff("owner", full);
  await campus.sql`insert into devices (cafe_id, name, key_hash) select ${full.id}, 'Till', sha256(n::text::bytea) from generate_series(1, 38) n`;
  const answers = await Promise.all(Array.from({ length: 8 }, () => enrol(boss)));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(2);
  expect(answers.find(({ status }) => status !== 201)).toMatchObject({
    status: 409,
    body: { error: { code: "CONFLICT", details: { max: 40 } } },
  });
  const made = answers.find(({ status }) => status === 201)?.body.id;
  expect((await boss.api("DELETE", `/admin/devices/${made}`)).status).toBe(204);
  expect((await enrol(boss)).status).toBe(201);
});

test("each change of a device is audited with who did it and where", async () => {
  const { id } = (await enrol()).body;
  await owner.api("POST", `/admin/devices/${id}/rotate-key`);
  await owner.api("DELETE", `/admin/devices/${id}`);
  expect(
    await campus.sql`select action, actor_id, cafe_id, request_id is not null as has_request from audit_log where object_id = ${id} order by id`,
  ).toEqual(
    ["device.enrolled", "device.key_rotated", "device.revoked"].map((action) => ({
      action,
      actorId: owner.id,
      cafeId: cafe.id,
      hasRequest: true,
    })),
  );
});

test("a rotated key is good at once on every process and the old one is not", async () => {
  const { body: old } = await enrol();
  for (const process of [0, 1] as const) expect(await recognize(old, process)).toMatchObject({ id: old.id });
  const { status, body: fresh } = await owner.api<Enrolled>("POST", `/admin/devices/${old.id}/rotate-key`);
  expect(status).toBe(200);
  expect(await recognize(fresh, 0)).toMatchObject({ id: old.id });
  expect(await recognize(old, 0)).toBe("INVALID_TOKEN");
  await vi.waitFor(async () => expect(await recognize(old, 1)).toBe("INVALID_TOKEN"), { timeout: 3_000, interval: 20 });
  expect(await recognize(fresh, 1)).toMatchObject({ id: old.id });
});

test("a revoked device is refused as such on every process, and only with its right key", async () => {
  const { body: device } = await enrol();
  for (const process of [0, 1] as const) expect(await recognize(device, process)).toMatchObject({ id: device.id });
  expect((await owner.api("DELETE", `/admin/devices/${device.id}`)).status).toBe(204);
  expect(await recognize(device, 0)).toBe("DEVICE_REVOKED");
  await vi.waitFor(async () => expect(await recognize(device, 1)).toBe("DEVICE_REVOKED"), { timeout: 3_000, interval: 20 });
  expect(await recognize({ id: device.id, key: "A".repeat(43) })).toBe("INVALID_TOKEN");
  expect(await owner.api("POST", `/admin/devices/${device.id}/rotate-key`)).toMatchObject(refused(404, "NOT_FOUND"));
  expect(await owner.api("DELETE", `/admin/devices/${device.id}`)).toMatchObject(refused(404, "NOT_FOUND"));
});

test("a device that was revoked behind the API's back is refused when its row is 5 s old", async () => {
  const device = await campus.device(cafe);
  expect(await recognize(device)).toMatchObject({ id: device.id });
  await campus.sql`update devices set revoked_at = now() where id = ${device.id}`;
  await vi.waitFor(async () => expect(await recognize(device)).toBe("DEVICE_REVOKED"), { timeout: 15_000, interval: 200 });
});

test("a wrong, malformed or foreign device credential is refused", async () => {
  const [mine, other] = [await campus.device(cafe), await campus.device(cafe)];
  for (const device of [
    { id: mine.id, key: other.key },
    { id: "00000000-0000-8000-8000-000000000000", key: mine.key },
    { id: "no-uuid", key: mine.key },
    { id: mine.id, key: "" },
    { id: mine.id, key: `${mine.key}A` },
  ])
    expect(await recognize(device)).toBe("INVALID_TOKEN");
});

test("an owner neither sees nor changes the devices of another café", async () => {
  const stranger = await campus.staff("owner", await campus.cafe());
  const { id } = (await enrol()).body;
  const foreign = refused(403, "INSUFFICIENT_ROLE");
  expect(await stranger.api("GET", `/admin/devices?cafe_id=${cafe.id}`)).toMatchObject(foreign);
  expect(await stranger.api("POST", `/admin/devices/${id}/rotate-key?cafe_id=${cafe.id}`)).toMatchObject(foreign);
  expect(await stranger.api("DELETE", `/admin/devices/${id}?cafe_id=${cafe.id}`)).toMatchObject(foreign);
  expect(await stranger.api("DELETE", `/admin/devices/${id}`)).toMatchObject(refused(404, "NOT_FOUND"));
  expect(await enrol(stranger, `?cafe_id=${cafe.id}`)).toMatchObject(foreign);
  expect((await enrol(stranger, `?cafe_id=${stranger.cafeId}`)).body.cafe_id).toBe(stranger.cafeId);
});

test("the admin names the café", async () => {
  const { id } = (await enrol()).body;
  for (const [method, path] of [
    ["GET", "/admin/devices"],
    ["POST", "/admin/devices"],
    ["POST", `/admin/devices/${id}/rotate-key`],
    ["DELETE", `/admin/devices/${id}`],
  ] as const) {
    const body = path === "/admin/devices" && method === "POST" ? { body: { name: "Till" } } : {};
    expect(await admin.api(method, path, body)).toMatchObject({
      status: 400,
      body: { error: { code: "VALIDATION_ERROR", details: { fields: [{ field: "cafe_id" }] } } },
    });
  }
  expect((await enrol(admin, `?cafe_id=${cafe.id}`)).body.cafe_id).toBe(cafe.id);
  expect(await enrol(admin, "?cafe_id=00000000-0000-8000-8000-000000000000")).toMatchObject(refused(404, "NOT_FOUND"));
  expect((await admin.api("DELETE", `/admin/devices/${id}?cafe_id=${cafe.id}`)).status).toBe(204);
});

test("nobody but owner and admin manages devices", async () => {
  const device = await campus.device(cafe);
  for (const role of ["cashier", "kitchen", "delivery"] as const)
    expect(await (await campus.staff(role, cafe)).api("GET", "/admin/devices")).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
  expect(await (await campus.staff("finance")).api("GET", "/admin/devices")).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
  expect(await (await campus.student()).api("GET", "/admin/devices")).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
  expect(await device.api("GET", "/admin/devices")).toMatchObject(refused(401, "INVALID_TOKEN"));
  expect(await campus.api("GET", "/admin/devices")).toMatchObject(refused(401, "INVALID_TOKEN"));
});

test("the list is newest first, page by page, each device once", async () => {
  const own = await campus.staff("owner", await campus.cafe());
  const ids: string[] = [];
  for (let index = 0; index < 5; index += 1) ids.unshift((await enrol(own)).body.id);
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page: { body: { items: { id: string }[]; next_cursor: string | null } } = await own.api(
      "GET",
      `/admin/devices?limit=2${cursor ? `&cursor=${cursor}` : ""}`,
    );
    seen.push(...page.body.items.map(({ id }) => id));
    cursor = page.body.next_cursor;
  } while (cursor !== null);
  expect(seen).toEqual(ids);
});

test.each([
  ["a bad cursor", "/admin/devices?cursor=nonsense"],
  ["a limit of 0", "/admin/devices?limit=0"],
  ["a limit of 101", "/admin/devices?limit=101"],
  ["an unknown parameter", "/admin/devices?page=2"],
])("a list with %s is refused", async (_, path) => {
  expect(await owner.api("GET", path)).toMatchObject(refused(400, "VALIDATION_ERROR"));
});

test.each([
  ["no name", {}],
  ["an empty name", { name: "  " }],
  ["a name of 61 characters", { name: "x".repeat(61) }],
  ["a control character", { name: "Till\u0000" }],
  ["a key of one's own choice", { name: "Till", key: "A".repeat(43) }],
])("an enrolment with %s is refused", async (_, body) => {
  expect(await owner.api("POST", "/admin/devices", { body })).toMatchObject(refused(400, "VALIDATION_ERROR"));
});
