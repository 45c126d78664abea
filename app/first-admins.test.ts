import { spawn } from "node:child_process";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "./testing/campus.ts";

let campus: Campus;
beforeAll(async () => {
  campus = await startCampus();
});
afterAll(() => campus.end());

async function run(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "first-admins.ts"), ...args], {
    env: { PATH: process.env.PATH, ...campus.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.on("exit", resolve)),
  ]);
  return { code, out, err };
}

const accounts = () => campus.sql`select username, role, is_active from staff order by username`;

test("two admins begin a university, each with a password for one use; where there is an account nobody is made", async () => {
  expect((await run("--help")).out).toContain("first-admins USERNAME USERNAME");
  expect((await run("anna.berg")).code).toBe(2);
  expect((await run("anna.berg", "anna.berg")).code).toBe(2);
  expect((await run("--mistyped")).code).toBe(2);
  expect(await accounts()).toEqual([]);

  const both = await Promise.all([run("anna.berg", "bo.ek"), run("mallory", "oscar")]);
  const made = both.filter(({ code }) => code === 0);
  expect([made.length, both.find(({ code }) => code === 1)?.err]).toEqual([1, expect.stringContaining("accounts already")]);
  const [first = "", second = ""] = (made[0]?.out ?? "").trim().split("\n");
  expect(await accounts()).toHaveLength(2);

  const [username, oneTime] = first.split(/\s+/);
  expect((await campus.api("POST", "/admin/auth/login", { body: { username, password: oneTime } })).status).toBe(409);
  const body = { username, password: oneTime, new_password: "wobbling-otter-79-lamp" };
  expect((await campus.api("POST", "/admin/auth/password", { body })).status).toBe(204);
  const login = await campus.api("POST", "/admin/auth/login", { body: { username, password: "wobbling-otter-79-lamp" } });
  expect([login.status, login.text]).toEqual([200, expect.stringContaining('"admin"')]);
  expect(second.split(/\s+/)[1]).not.toBe(oneTime);

  await campus.sql`update staff set is_active = false`;
  expect((await run("eve", "mallory")).code).toBe(1);
  expect(await campus.sql`select count(*)::int as lines from audit_log where action = 'staff.first_admin'`).toEqual([{ lines: 2 }]);
});
