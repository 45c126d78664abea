import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { projectRoot } from "./home.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const sql = (...args: readonly string[]) =>
  promisify(execFile)(process.execPath, [path.join(projectRoot, "scripts/sql.ts"), ...args], {
    env: { ...process.env, DATABASE_URL: database.superuserUrl },
  }).catch((error: { stdout: string; stderr: string }) => error);

test("every statement that is given is run, in its order, and none after one that failed", async () => {
  const { stdout } = await sql(
    "-c",
    "create table done (what text)",
    "-c",
    "insert into done values ('one')",
    "--command",
    "insert into done values ('two')",
  );
  expect(stdout).toBe("CREATE\nINSERT 1\nINSERT 1\n");
  const { stderr } = await sql(
    "-c",
    "insert into done values ('three')",
    "-c",
    "select from nowhere",
    "-c",
    "insert into done values ('four')",
  );
  expect(stderr).toContain("nowhere");
  expect(await database.query("select what from done")).toEqual([{ what: "one" }, { what: "two" }, { what: "three" }]);
});
