import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { blocksOf } from "./runbook.ts";

const page = readFileSync(join(import.meta.dirname, "../../../runbooks/terraform-state.md"), "utf8");
const fence = "```";

test("the runbook has its sections in the order that all runbooks have", () => {
  const sections = [...page.matchAll(/^## (.+)$/gm)].map((match) => match[1]);
  expect(sections).toEqual([
    "Trigger",
    "Impact",
    "First five minutes",
    "Diagnose",
    "Decide",
    "Mitigate",
    "Roll back",
    "Verify",
    "Follow up",
  ]);
});

test("every command of the runbook has an expected answer or an undo, and all are found", () => {
  const blocks = blocksOf(page);
  expect(blocks.length).toBe([...page.matchAll(/^```sh (check|change)$/gm)].length);
  expect(blocks.filter((block) => block.kind === "change").map((block) => block.section)).toEqual([
    "Mitigate",
    "Mitigate",
    "Mitigate",
    "Roll back",
  ]);
  for (const block of blocks.filter((one) => one.kind === "check")) expect(() => new RegExp(block.expected, "m")).not.toThrow();
});

test("a check without an expected answer is refused", () => {
  expect(() => blocksOf(`## Verify\n\n${fence}sh check\nls\n${fence}\n`)).toThrow("Verify: a check needs an expect block");
});

test("a change without an undo is refused", () => {
  expect(() => blocksOf(`## Mitigate\n\n${fence}sh change\nrm x\n${fence}\n\nDone.\n`)).toThrow("Mitigate: a change needs a line");
});
