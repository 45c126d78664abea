import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { zip } from "./archive.ts";

const files = { "folder/b.js": "exports.handler = 1;\n", "a.json": '{"café":"å"}' };

test("the same files give the same bytes, in whatever order they come", () => {
  expect(zip({ "a.json": files["a.json"], "folder/b.js": files["folder/b.js"] })).toEqual(zip(files));
  expect(zip({ ...files, "a.json": "{}" })).not.toEqual(zip(files));
});

test("Python, whose reader checks every sum, unpacks it to the same files", () => {
  const folder = mkdtempSync(join(tmpdir(), "campus-zip-"));
  try {
    writeFileSync(join(folder, "a.zip"), zip(files));
    execFileSync("python3", ["-m", "zipfile", "-e", "a.zip", "."], { cwd: folder });
    for (const [path, text] of Object.entries(files)) expect(readFileSync(join(folder, path), "utf8")).toBe(text);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
