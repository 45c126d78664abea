import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import pg from "pg";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { asSuperuser, createDatabase } from "./local/roles.ts";
import { migrate, refuseOldServer } from "./migrate.ts";
import { createTestDatabase, type TestDatabase } from "./testing/database.ts";

const files = readdirSync(path.join(import.meta.dirname, "migrations")).filter((name) => name.endsWith(".sql"));

let database: TestDatabase;
let empty: { readonly name: string; readonly ownerUrl: string };

/** A database with nothing in it but the rights of the two roles. */
beforeEach(async () => {
  database = await createTestDatabase();
  const { superuserUrl } = inject("testServers");
  const name = `${database.name}_empty`;
  const cluster = { superuserUrl: (of: string) => superuserUrl.replace(/\/[^/]*$/, `/${of}`) } as Parameters<typeof asSuperuser>[0];
  await asSuperuser(cluster, "postgres", (client) => createDatabase(client, name));
  empty = { name, ownerUrl: database.ownerUrl.replace(database.name, name) };
});

afterEach(async () => {
  await database.query(`drop database ${empty.name} with (force)`);
  await database.drop();
});

const password = () => database.env.MIGRATION_DATABASE_PASSWORD;

/** How many rows the statement touched or found, in the database that was empty. */
async function asOwner(statement: string): Promise<number | null> {
  const client = new pg.Client({ connectionString: empty.ownerUrl.replace("@", `:${password()}@`) });
  await client.connect();
  const { rowCount } = await client.query(statement);
  await client.end();
  return rowCount;
}

test("an empty database gets every file, in order, once", async () => {
  expect(await migrate(empty.ownerUrl, password())).toEqual({ applied: files.toSorted(), total: files.length });
  expect(await migrate(empty.ownerUrl, password())).toEqual({ applied: [], total: files.length });
});

test("of two processes that start at once one migrates, the other waits and finds nothing to do", async () => {
  const outcomes = await Promise.all([migrate(empty.ownerUrl, password()), migrate(empty.ownerUrl, password())]);
  expect(outcomes.map(({ applied }) => applied.length).toSorted((a, b) => a - b)).toEqual([0, files.length]);
});

test("a file that was changed after it was applied is refused, and nothing is applied", async () => {
  await migrate(empty.ownerUrl, password());
  await asOwner(`update migrations set text_hash = sha256('another text') where name = '${files.toSorted()[1]}'`);
  await expect(migrate(empty.ownerUrl, password())).rejects.toThrow(
    `The migration ${files.toSorted()[1]} was changed after it was applied`,
  );
});

test("a file that fails is rolled back whole, and the message names it", async () => {
  const first = files.toSorted()[0] ?? "";
  await migrate(empty.ownerUrl, password());
  await asOwner(`delete from migrations where name = '${first}'`);
  await expect(migrate(empty.ownerUrl, password())).rejects.toThrow(`The migration ${first} failed and was rolled back`);
  expect(await asOwner(`select 1 from migrations where name = '${first}'`)).toBe(0);
});

test("a server older than PostgreSQL 18 is refused with what is needed and what is there", () => {
  expect(() => refuseOldServer(170_004, "17.4")).toThrow("PostgreSQL 18 or newer is needed (uuidv7()); this server is 17.4.");
  expect(() => refuseOldServer(180_000, "18.0")).not.toThrow();
});

/** Runs app/migrate.ts as a person does. */
async function runScript(env: Record<string, string>) {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "migrate.ts")], { env: { PATH: process.env.PATH, ...env } });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const [out, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { out: out.trim(), errors: errors.trim(), code };
}

test("without an address the script says which variable to set and ends with 2", async () => {
  const { errors, code } = await runScript({});
  expect(errors).toMatch(/^migrate: MIGRATION_DATABASE_URL is not set: .+$/);
  expect(code).toBe(2);
});

test("the script says what it applied, and a second run that there was nothing to do", async () => {
  const env = { MIGRATION_DATABASE_URL: empty.ownerUrl, MIGRATION_DATABASE_PASSWORD: password() };
  expect((await runScript(env)).out).toBe(`migrate: applied ${files.toSorted().join(", ")}`);
  expect((await runScript(env)).out).toBe(`migrate: nothing to do, ${files.length} applied`);
});

test("a database that cannot be reached is one line and code 1", async () => {
  const { errors, code } = await runScript({ MIGRATION_DATABASE_URL: "postgres://campus_owner@127.0.0.1:1/campus" });
  expect(errors).toMatch(/^migrate: .*ECONNREFUSED.*$/);
  expect(errors.split("\n")).toHaveLength(1);
  expect(code).toBe(1);
});
