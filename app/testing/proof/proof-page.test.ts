import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { canaries } from "./canaries/canaries.ts";

const project = path.join(import.meta.dirname, "..", "..", "..");
const tests = ["app", "scripts/failover-drill"]
  .flatMap((folder) =>
    readdirSync(path.join(project, folder), { recursive: true, encoding: "utf8" }).map((file) => path.join(folder, file)),
  )
  .filter((file) => file.endsWith(".test.ts") && !file.endsWith("proof-page.test.ts"))
  .map((file) => readFileSync(path.join(project, file), "utf8"))
  .join("\n");
const page = readFileSync(path.join(project, "docs", "proof.md"), "utf8");

const rows = (heading: string): string[][] =>
  (page.split(`## ${heading}\n`)[1] ?? "")
    .split("\n## ")[0]
    ?.split("\n")
    .filter((line) => /^\| (?!row|canary)/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    ) ?? [];

test("every row of the fault matrix that the page promises has its test", () => {
  const promised = rows("Fault matrix").map((cells) => cells[3] ?? "");
  expect(promised.length).toBeGreaterThan(30);
  expect(promised.filter((name) => !tests.includes(`"${name}`))).toEqual([]);
});

test("the page covers rows 1 to 36", () => {
  const wanted = Array.from({ length: 36 }, (_, index) => index + 1);
  expect([...new Set(rows("Fault matrix").map(([number]) => Number(number)))]).toEqual(wanted);
});

test("the page names for each canary the invariants that its test demands", () => {
  const told = new Map(rows("Canaries").map(([name, , caughtBy]) => [name, caughtBy]));
  for (const { name, caughtBy } of canaries) expect([name, told.get(name)]).toEqual([name, caughtBy.join(", ")]);
  for (const name of ["guard in Redis only", "key after commit"]) expect(tests).toContain(`canary: ${name} is caught by exactly`);
  expect(told.size).toBe(canaries.length + 2);
});
