import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openCappedLog } from "./capped-log.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "campus-log-"));
  file = path.join(folder, "api.log");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a log never takes more than twice its limit, and the newest lines are kept in order", () => {
  const log = openCappedLog(file, 1_000);
  for (let line = 0; line < 500; line += 1) log.write(`line ${String(line).padStart(4, "0")}\n`);
  log.close();
  expect(statSync(file).size).toBeLessThanOrEqual(1_000);
  expect(statSync(`${file}.1`).size).toBeLessThanOrEqual(1_000);
  const kept = (readFileSync(`${file}.1`, "utf8") + readFileSync(file, "utf8")).trimEnd().split("\n");
  expect(kept.at(-1)).toBe("line 0499");
  expect(kept).toEqual([...kept].sort());
});

test("the limit counts what an earlier run wrote", () => {
  for (let run = 0; run < 5; run += 1) {
    const log = openCappedLog(file, 1_000);
    log.write("x".repeat(400));
    log.close();
  }
  expect(statSync(file).size).toBeLessThanOrEqual(1_000);
});

test("the last lines are at hand, also one that has no end yet", () => {
  const log = openCappedLog(file);
  for (let line = 0; line < 100; line += 1) log.write(`line ${line}\nFATAL: the di`);
  log.write("sk is full");
  expect(log.lastLines().at(-1)).toBe("FATAL: the disk is full");
  expect(log.lastLines().length).toBeLessThanOrEqual(21);
  log.close();
});

test("only its owner may read a log", () => {
  openCappedLog(file).close();
  expect(statSync(file).mode & 0o777).toBe(0o600);
});
