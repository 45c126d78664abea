import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { generateLicences, readLicences } from "./licences.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "licences-"));
  mkdirSync(join(root, "docs"));
});
afterEach(() => rmSync(root, { recursive: true }));

const lock = (packages: Record<string, unknown>) => writeFileSync(join(root, "package-lock.json"), JSON.stringify({ packages }));

test("a page is old as soon as the lock file names another version, and current after it was written again", () => {
  lock({ "": {}, "node_modules/hono": { version: "4.0.0", license: "MIT" } });
  expect(generateLicences(root, { check: false })).toEqual([]);
  expect(generateLicences(root, { check: true })).toEqual([]);
  lock({ "": {}, "node_modules/hono": { version: "4.0.1", license: "MIT" } });
  expect(generateLicences(root, { check: true })).toEqual(["docs/licences.md is old: run npm run licences."]);
  generateLicences(root, { check: false });
  expect(generateLicences(root, { check: true })).toEqual([]);
});

test("a copyleft or unknown licence is refused in what is shipped, and allowed in a tool", () => {
  lock({
    "node_modules/a": { version: "1.0.0", license: "GPL-3.0-only" },
    "node_modules/b": { version: "1.0.0" },
    "node_modules/c": { version: "1.0.0", license: "GPL-3.0-only", dev: true },
    "node_modules/d": { version: "1.0.0", license: "(MIT OR GPL-3.0-or-later)" },
  });
  const problems = generateLicences(root, { check: false });
  expect(problems).toHaveLength(2);
  expect(problems[0]).toMatch(/^a 1\.0\.0 .* GPL-3\.0-only/);
  expect(problems[1]).toMatch(/^b 1\.0\.0 .* unknown/);
});

test("a licence that only the package itself names is found there, also in a nested folder", () => {
  const place = "node_modules/outer/node_modules/@scope/old";
  mkdirSync(join(root, place), { recursive: true });
  writeFileSync(join(root, place, "package.json"), JSON.stringify({ licenses: [{ type: "MIT" }] }));
  lock({ [place]: { version: "1.1.5" } });
  expect(readLicences(root)).toEqual([{ name: "@scope/old", version: "1.1.5", licence: "MIT", isShipped: true }]);
});
