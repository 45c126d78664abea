import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { renderProof } from "./page.ts";

const proof = readFileSync(path.join(import.meta.dirname, "../../docs/proof.md"), "utf8");
const nothing = { proof, run: undefined, scenarios: new Map(), histories: [] };
const ran = (...tests: { title: string; passed: boolean }[]) => ({
  at: "2026-11-29T03:00:00.000Z",
  machine: "2 × a processor",
  load: 1,
  tests: tests.map((one) => ({ ...one, seconds: 0.5 })),
});

test("what was not run is said to be not run, and nothing of it has passed", () => {
  const { text, failed } = renderProof(nothing);
  expect(text).toContain("| 36 | refund races dispute | not run here |");
  expect(text).toContain("| no row lock | I5, I7, I8, I9, I16, I20 | not run here |");
  expect(text).not.toContain("passed");
  expect(failed).toEqual([]);
});

test("a row has passed when all tests of its name have, and a failed one is listed", () => {
  const name = "row 12: a card scanned twice at one till";
  const good = renderProof({ ...nothing, run: ran({ title: `${name} is one charge`, passed: true }) });
  expect(good.text).toContain("| 12 | card scanned twice | passed | 0.5 |");
  const bad = renderProof({ ...nothing, run: ran({ title: `${name} a`, passed: true }, { title: `${name} b`, passed: false }) });
  expect(bad.text).toContain("| 12 | card scanned twice | FAILED (2) | 1.0 |");
  expect(bad.failed).toEqual(["row 12: card scanned twice"]);
});

test("a failed canary is listed", () => {
  const { failed } = renderProof({ ...nothing, run: ran({ title: "canary: no row lock is caught by exactly I5", passed: false }) });
  expect(failed).toEqual(["canary: no row lock"]);
});
