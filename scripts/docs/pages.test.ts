import { expect, test } from "vitest";
import { isThere, linksOf, namedPathsOf, problemOfLink, readPages } from "./pages.ts";

const pages = [...readPages()];
/** A CHANGELOG tells of what was; a decision of what was looked at when it was taken. */
const ofThePast = (page: string) => page === "CHANGELOG.md" || page.startsWith("docs/decisions/0");

test("every link of every page leads to a file, to a heading where it names one, and to what its label quotes", () => {
  const problems = pages.flatMap(([page, text]) => linksOf(text).map((link) => problemOfLink(page, link)));
  expect(problems.length).toBeGreaterThan(500);
  expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
});

test("every path of the project that a page names is there", () => {
  const named = pages.filter(([page]) => !ofThePast(page)).flatMap(([page, text]) => namedPathsOf(text).map((path) => ({ page, path })));
  expect(named.length).toBeGreaterThan(100);
  expect(named.filter(({ path }) => !isThere(path))).toEqual([]);
});

test("every page of docs/ is found from its index, and every decision from theirs", () => {
  const linked = (index: string, folder: string) =>
    linksOf(pages.find(([page]) => page === index)?.[1] ?? "").map(({ target }) => `${folder}${target.split("#")[0]}`);
  const main = linked("docs/README.md", "docs/");
  const inDocs = pages.map(([page]) => page).filter((page) => /^docs\/[^/]+\.md$/.test(page) && page !== "docs/README.md");
  expect(inDocs.filter((page) => !main.includes(page))).toEqual([]);
  for (const folder of ["docs/decisions/", "docs/how-to/", "docs/guides/", "docs/platform/"]) {
    const inFolder = pages.map(([page]) => page).filter((page) => page.startsWith(folder) && page !== `${folder}README.md`);
    expect(inFolder.length).toBeGreaterThan(0);
    expect(inFolder.filter((page) => !linked(`${folder}README.md`, folder).includes(page) && !main.includes(page))).toEqual([]);
  }
});
