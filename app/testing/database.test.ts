import { Redis } from "ioredis";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "./database.ts";

let first: TestDatabase;
let second: TestDatabase;

beforeAll(async () => {
  [first, second] = await Promise.all([createTestDatabase(), createTestDatabase()]);
});

afterAll(async () => {
  await Promise.all([first.drop(), second.drop()]);
});

const tables = "select table_name from information_schema.tables where table_schema = 'public' order by 1";

// pg ignores its password option beside a connection string: the password goes into the string.
const asApp = (password: string) => first.appUrl.replace("campus_app@", `campus_app:${password}@`);

test("every test database has the migrated schema and is written to alone", async () => {
  const before = await second.query(tables);
  expect(before.length).toBeGreaterThan(0);
  await first.query("create table only_here (id int)");
  expect(await first.query(tables)).toContainEqual({ table_name: "only_here" });
  expect(await second.query(tables)).toEqual(before);
});

test("the app's role connects with its password and may not run DDL", async () => {
  const client = new pg.Client({ connectionString: asApp(first.env.DATABASE_PASSWORD) });
  await client.connect();
  await expect(client.query("create table mine (id int)")).rejects.toMatchObject({ code: "42501" });
  await client.end();
});

test("a wrong password is refused", async () => {
  const client = new pg.Client({ connectionString: asApp("wrong") });
  await expect(client.connect()).rejects.toMatchObject({ code: "28P01" });
});

test("two test files do not see each other's Redis keys", async () => {
  const [one, two] = [new Redis(first.redisUrl), new Redis(second.redisUrl)];
  await one.set("key", "value");
  expect(await two.get("key")).toBeNull();
  expect(await one.get("key")).toBe("value");
  one.disconnect();
  two.disconnect();
});
