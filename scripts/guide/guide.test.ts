import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { linksOf } from "../docs/pages.ts";
import { drawn, forGuide, guidePages, placeInGuide } from "./stage.ts";
import { makeStrict } from "./strict.ts";

const folder = mkdtempSync(path.join(tmpdir(), "campus-guide-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a link to a page leads there within the guide, and one to a file of the project becomes its place", () => {
  const text =
    "See [flow.md](../flow.md#the-steps), [the pages](../../runbooks/README.md), [`createApp`](../../app/app.ts) and [x](https://x.example).";
  expect(forGuide("docs/how-to/endpoint.md", text)).toBe(
    'See [flow](/flow.md#the-steps), [the pages](/runbooks/index.md), `createApp` <span class="place">app/app.ts</span> and [x](https://x.example).',
  );
  expect(forGuide("docs/flow.md", "```md\n[a](b.md)\n```\n")).toBe("```md\n[a](b.md)\n```\n");
});

test("every page of docs/ and runbooks/ is in the guide, and no link of it leads out", () => {
  const pages = guidePages();
  expect(pages.size).toBeGreaterThan(100);
  const lost = [...pages].flatMap(([place, { text }]) =>
    linksOf(text)
      .map(({ target }) => (target.split("#")[0] ?? "").slice(1))
      .filter((target) => target.endsWith(".md") && !pages.has(target))
      .map((target) => `${place} → ${target}`),
  );
  expect(lost).toEqual([]);
  for (const reader of ["student", "cafe", "platform-team", "on-call"]) expect(pages.has(`guides/${reader}.md`)).toBe(true);
});

test("every drawing that a page is written with is a picture in the guide, with all its words", () => {
  let drawings = 0;
  for (const [place, { text }] of guidePages()) {
    const { page, drawings: made } = drawn(text, path.basename(place, ".md"));
    expect(page, place).not.toContain("```mermaid");
    for (const [file, svg] of made) {
      expect(page).toContain(`](./${file})`);
      expect(svg).toMatch(/^<svg [^>]*role="img"/);
    }
    drawings += made.size;
  }
  expect(drawings).toBeGreaterThan(10);
  const { drawings: flow } = drawn(
    "# Paid\n\n```mermaid\nsequenceDiagram\n  participant A as Phone\n  participant B\n  A->>B: pay\n  B-->>A: paid\n  Note over A,B: one<br/>two\n  B->>B: tell\n```\n",
    "flow",
  );
  for (const words of ["Phone", "1. pay", "2. paid", "one", "two", "3. tell"])
    expect(flow.get("flow-drawing-1.svg")).toContain(`>${words}</text>`);
  const tables = drawn(
    '```mermaid\nerDiagram\n  a {\n    uuid id PK\n  }\n  a |o--o{ a : "before_id"\n  a ||--o{ b : "a_id"\n  b ||--o{ a : "b_id"\n```\n',
    "schema",
  );
  expect(tables.drawings.get("schema-drawing-1.svg")).toContain(">uuid id PK</text>");
  expect(() => drawn("```mermaid\npie\n```\n", "x")).toThrow('"pie" is no Mermaid');
});

test("the site's menu and home page name pages that are there", () => {
  const site = ["config.mjs", "home.md"].map((file) => readFileSync(new URL(`site/${file}`, import.meta.url), "utf8")).join("\n");
  const named = [...site.matchAll(/page\("[^"]+", "\/([^"]*)"\)|^ +link: \/(\S+)$/gm)].map(([, menu, home]) => menu ?? home ?? "");
  expect(named.length).toBeGreaterThan(25);
  const places = new Set(guidePages().keys());
  expect(named.filter((name) => !places.has(name.endsWith("/") || name === "" ? `${name}index.md` : `${name}.md`))).toEqual([]);
});

test("what a built page has inline is moved into files, and its policy stands in it", () => {
  mkdirSync(path.join(folder, "assets"));
  const cell = '<td style="text-align:right;">1</td>';
  writeFileSync(path.join(folder, "a.html"), `<html><head><script id="dark">go()</script></head><body>${cell}</body></html>`);
  writeFileSync(path.join(folder, "assets/a.js"), `const a = "${cell.replaceAll('"', '\\"')}";`);
  makeStrict(folder, "/guide/");
  const page = readFileSync(path.join(folder, "a.html"), "utf8");
  expect(page).toContain("script-src 'self'; style-src 'self'");
  expect(page).not.toMatch(/unsafe| style="|<script id|go\(\)/);
  const [, script] = /<script src="\/guide\/(assets\/inline-\w+\.js)">/.exec(page) ?? [];
  expect(readFileSync(path.join(folder, script ?? ""), "utf8")).toBe("go()");
  expect(readFileSync(path.join(folder, "assets/a.js"), "utf8")).toBe('const a = "<td data-s=\\"s0\\">1</td>";');
  expect(readFileSync(path.join(folder, "assets/attributes.css"), "utf8")).toBe('[data-s="s0"]{text-align:right;}\n');
});

test("the index of the docs is a page of its own, beside the home page", () => {
  expect([placeInGuide("docs/README.md"), placeInGuide("docs/how-to/README.md"), placeInGuide("app/README.md")]).toEqual([
    "pages.md",
    "how-to/index.md",
    undefined,
  ]);
});
