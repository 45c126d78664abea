import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeNow } from "../../identity/totp.ts";
import { secretDescriptions } from "../../platform/config.ts";
import { type Campus, startCampus } from "../../testing/campus.ts";
import type { Demo } from "./demo.ts";

let campus: Campus;
let demo: Demo;
let firstLine: string;
beforeAll(async () => {
  campus = await startCampus();
  firstLine = (await seed()).stdout;
  demo = JSON.parse(firstLine) as Demo;
});
afterAll(() => campus.end());

const seed = (env: Readonly<Record<string, string>> = {}) =>
  promisify(execFile)(process.execPath, [new URL("./seed.ts", import.meta.url).pathname], {
    env: { PATH: process.env.PATH, ...campus.env, ...env },
  });

test("the demo campus has what the contract of the started system promises", () => {
  expect(firstLine.trimEnd().split("\n")).toHaveLength(1);
  expect(demo.students.length).toBeGreaterThanOrEqual(120);
  expect(demo.students.slice(0, 2).map(({ phone }) => phone)).toEqual(["+46700000001", "+46700000002"]);
  expect(demo.cafes).toHaveLength(3);
  for (const cafe of demo.cafes) {
    const roles = demo.staff.filter((member) => member.cafe_id === cafe.id).map((member) => member.role);
    expect(roles.sort()).toEqual(["cashier", "delivery", "kitchen", "owner"]);
    expect(demo.devices.some((device) => device.cafe_id === cafe.id)).toBe(true);
  }
  expect(
    demo.staff
      .filter((member) => member.cafe_id === null)
      .map((member) => member.role)
      .sort(),
  ).toEqual(["admin", "finance", "finance"]);
});

test("a second start changes nothing and prints the same line", async () => {
  const count = () => campus.sql`select (select count(*) from students) as students, (select count(*) from staff) as staff,
    (select count(*) from devices) as devices, (select count(*) from cafes) as cafes`;
  const before = await count();
  expect((await seed()).stdout).toBe(firstLine);
  expect(await count()).toEqual(before);
});

test("every printed member of staff logs in with the printed password, and with a code of the printed secret", async () => {
  for (const { username, password, role, cafe_id, totp_secret } of demo.staff) {
    for (const code of [{}, { totp: codeNow(totp_secret) }]) {
      const answer = await campus.api("POST", "/admin/auth/login", { body: { username, password, ...code } });
      expect(answer).toMatchObject({ status: 200, body: { user: { username, role, cafe_id } } });
    }
  }
});

test("a start gives a revoked demo device and a lost password back", async () => {
  const [device, admin] = [demo.devices[0], demo.staff[0]];
  await campus.sql`update devices set revoked_at = now(), key_hash = '\\x00' where id = ${device?.id}`;
  await campus.sql`update staff set password_hash = 'lost' where username = ${admin?.username}`;
  await seed();
  expect(await campus.processes[0].identity.devices.recognize(`${device?.id}.${device?.key}`)).toMatchObject({ cafeId: device?.cafe_id });
  const answer = await campus.api("POST", "/admin/auth/login", { body: { username: admin?.username, password: admin?.password } });
  expect(answer.status).toBe(200);
});

test("another installation has the same ids and other secrets", async () => {
  const other = JSON.parse((await seed({ SEAL_KEY: "another-installation" })).stdout) as Demo;
  expect(other.devices.map(({ id }) => id)).toEqual(demo.devices.map(({ id }) => id));
  expect(other.devices.map(({ key }) => key)).not.toEqual(demo.devices.map(({ key }) => key));
  expect(other.staff.map(({ password }) => password)).not.toEqual(demo.staff.map(({ password }) => password));
  await seed();
});

test("every dish of the demo menus has a picture that is served, and coffee has options that nobody must take", async () => {
  for (const cafe of demo.cafes) {
    const menu = await campus.api<{
      items: { id: string; image: { small: string } | null; category: { name: string }; has_options: boolean }[];
    }>("GET", `/menu/items?cafe_id=${cafe.id}`);
    expect(menu.body.items.map(({ id }) => id).sort()).toEqual(cafe.items.map(({ id }) => id).sort());
    for (const item of menu.body.items) {
      expect((await campus.api("GET", `root:${item.image?.small}`)).status).toBe(200);
      if (item.category.name === "Coffee") expect(item.has_options).toBe(true);
    }
  }
  expect(await campus.sql`select count(*) as required from menu_option_groups where is_required`).toEqual([{ required: 0 }]);
});

test("the demo campus is refused in production", async () => {
  const secretIds = Object.keys(secretDescriptions).map((name) => [`${name}_SECRET_ID`, "campus/secret"]);
  const clear = Object.keys(secretDescriptions).map((name) => [name, ""]);
  const production = {
    CAMPUS_ENV: "production",
    MENU_IMAGES_BUCKET: "menu-images",
    ANALYTICS_BUCKET: "analytics",
    SMS_PROVIDER: "sns",
    COOKIE_SECURE: "true",
    RATE_LIMIT_SCALE: "1",
    STAFF_SECOND_FACTOR: "required",
  };
  const refused = seed({ ...production, ...Object.fromEntries([...clear, ...secretIds]) });
  await expect(refused).rejects.toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("CAMPUS_ENV is production") });
});
