import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

interface Setup {
  packagesAreCurrent(root: string): boolean;
  findOnPath(program: string, searchPath?: string): string | undefined;
}

// Plain JavaScript, because it runs before anything is installed: its types are said here.
const setupFile = "./setup.js";
const { findOnPath, packagesAreCurrent } = (await import(setupFile)) as Setup;

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "campus-setup-"));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const pg = { version: "8.23.1", integrity: "sha512-a" };
const node = { version: "24.21.0", integrity: "sha512-b" };
const otherSystem = { version: "1.0.0", integrity: "sha512-c", optional: true };

function lay(locked: object | undefined, installed: object | undefined): void {
  mkdirSync(path.join(root, "node_modules/.bin"), { recursive: true });
  writeFileSync(path.join(root, "node_modules/.bin/node"), "");
  if (locked) writeFileSync(path.join(root, "package-lock.json"), JSON.stringify({ packages: { "": { name: "x" }, ...locked } }));
  if (installed) writeFileSync(path.join(root, "node_modules/.package-lock.json"), JSON.stringify({ packages: installed }));
}

test("nothing is installed again when exactly the locked packages are there; another system's package may be absent", () => {
  lay(
    { "node_modules/pg": pg, "node_modules/node": node, "node_modules/other": otherSystem },
    { "node_modules/pg": pg, "node_modules/node": node },
  );
  expect(packagesAreCurrent(root)).toBe(true);
});

test.each([
  ["a package is missing", { "node_modules/pg": pg }, {}],
  ["a package is older than locked", { "node_modules/pg": pg }, { "node_modules/pg": { ...pg, version: "8.0.0" } }],
  ["a package has another content than locked", { "node_modules/pg": pg }, { "node_modules/pg": { ...pg, integrity: "sha512-z" } }],
  ["the last installation did not end", { "node_modules/pg": pg }, undefined],
])("packages are installed when %s", (_case, locked, installed) => {
  lay(locked, installed);
  expect(packagesAreCurrent(root)).toBe(false);
});

test("packages are installed when the Node of the project is not there", () => {
  lay({ "node_modules/pg": pg }, { "node_modules/pg": pg });
  rmSync(path.join(root, "node_modules/.bin/node"));
  expect(packagesAreCurrent(root)).toBe(false);
});

test("a program counts as found only when it may be run", () => {
  writeFileSync(path.join(root, "redis-server"), "", { mode: 0o644 });
  expect(findOnPath("redis-server", root)).toBeUndefined();
  writeFileSync(path.join(root, "redis-cli"), "", { mode: 0o755 });
  expect(findOnPath("redis-cli", `/nonexistent${path.delimiter}${root}`)).toBe(path.join(root, "redis-cli"));
});
