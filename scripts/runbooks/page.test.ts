import { expect, test } from "vitest";
import { blocksOf } from "./blocks.ts";
import { pageOf, readPages, sections } from "./page.ts";

const fence = "```";
const page = (parts: { readonly head?: string; readonly body?: string } = {}) =>
  `---\n${parts.head ?? "alarm: pos-silent\nseverity: ticket\nowner: us\nreviewed: 2026-11-28\nsymptoms: a till says nothing\nservices: POS"}\n---\n\n# A page\n\n${parts.body ?? sections.map((one) => `## ${one}\n`).join("\n")}`;

test("every page of runbooks/ can be read: front matter, sections in their order, an answer to each check and an undo to each change", () => {
  const pages = readPages();
  expect(pages.length).toBeGreaterThanOrEqual(3);
  for (const { name, blocks } of pages) {
    expect(
      blocks.filter(({ kind }) => kind === "check"),
      `${name} has no check`,
    ).not.toEqual([]);
    for (const { expected } of blocks.filter(({ kind }) => kind === "check")) expect(() => new RegExp(expected, "m")).not.toThrow();
  }
});

test("what asks about other people's sessions asks as one who may see them: to others PostgreSQL says that nobody waits", () => {
  const asking = readPages().flatMap(({ name, blocks }) =>
    blocks.filter(({ command }) => /pg_stat_(activity|replication)/.test(command)).map(({ command }) => ({ name, command })),
  );
  expect(asking.length).toBeGreaterThan(5);
  expect(asking.filter(({ command }) => !command.includes("--as superuser"))).toEqual([]);
});

test("what a page lacks is said with the page's name", () => {
  expect(() => pageOf("x", "# A page\n")).toThrow("runbooks/x.md: no front matter");
  expect(() => pageOf("x", page({ head: "alarm: a\nseverity: page" }))).toThrow('runbooks/x.md: the front matter lacks "owner:"');
  expect(() => pageOf("x", page({ body: "## Trigger\n" }))).toThrow("runbooks/x.md: its sections are Trigger;");
  expect(() => pageOf("x", page().replace("ticket", "urgent"))).toThrow('severity is "urgent"');
});

test("a check without an expected answer, a change without an undo and a misspelt label are refused", () => {
  expect(() => blocksOf(`## Verify\n\n${fence}sh check\nls\n${fence}\n`)).toThrow("Verify: a check needs an expect block");
  expect(() => blocksOf(`## Mitigate\n\n${fence}sh change\nrm x\n${fence}\n\nDone.\n`)).toThrow("Mitigate: a change needs a line");
  expect(() => blocksOf(`## Verify\n\n${fence}sh chek\nls\n${fence}\n`)).toThrow('a block is labelled "sh chek"');
});

test("a block says whether it runs beside a started system or needs an account", () => {
  const [here, aws] = blocksOf(
    `## Verify\n\n${fence}sh check\nls\n${fence}\n${fence}expect\na\nb\n${fence}\n\n${fence}sh check aws\nls\n${fence}\n${fence}expect\na\nb\n${fence}\n`,
  );
  expect([here?.place, aws?.place]).toEqual(["here", "aws"]);
});
