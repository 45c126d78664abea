import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../../app/local/home.ts";
import { drawMermaid } from "../diagrams/read-mermaid.ts";
import { readPages } from "../docs/pages.ts";

/** What of the project is a page of the guide, and under which name: docs/ is its root, whose index is the home page's. */
export function placeInGuide(file: string): string | undefined {
  if (file === "docs/README.md") return "pages.md";
  if (file.startsWith("docs/")) return file.slice("docs/".length).replace(/(^|\/)README\.md$/, "$1index.md");
  if (file.startsWith("runbooks/")) return file.replace(/README\.md$/, "index.md");
  return { "CONTRIBUTING.md": "contributing.md", "SECURITY.md": "security.md", "CHANGELOG.md": "changelog.md" }[file];
}

/** The pages that are part of the guide, by their place in it. */
export const guidePages = (): ReadonlyMap<string, { readonly file: string; readonly text: string }> =>
  new Map(
    [...readPages()].flatMap(([file, text]) => {
      const place = placeInGuide(file);
      return place === undefined ? [] : [[place, { file, text: forGuide(file, text) }] as const];
    }),
  );

/** Links lead to pages of the guide; what they name outside of it stands as text with its place in the project. */
export function forGuide(file: string, text: string): string {
  const parts = text.split(/(^\s*```[\s\S]*?^\s*```)/m);
  return parts.map((part, index) => (index % 2 === 1 ? part : rewriteLinks(file, part))).join("");
}

function rewriteLinks(file: string, text: string): string {
  return text.replaceAll(
    /(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\((?!https?:|mailto:|#)([^)\s]+)\)/g,
    (whole, picture: string, label: string, target: string) => {
      if (picture === "!") return whole;
      const [place = "", anchor] = target.split("#");
      const to = path.join(path.dirname(file), place);
      const page = placeInGuide(existsSync(path.join(projectRoot, to, "README.md")) ? path.join(to, "README.md") : to);
      if (page?.endsWith(".md")) return `[${label.replace(/^([\w-]+)\.md$/, "$1")}](/${page}${anchor === undefined ? "" : `#${anchor}`})`;
      return `${label} <span class="place">${to}</span>`;
    },
  );
}

/** Mermaid as pictures beside the page: a browser of the guide draws nothing by itself. What its section shows as a picture already is left out. */
export function drawn(text: string, name: string): { readonly page: string; readonly drawings: ReadonlyMap<string, string> } {
  const drawings = new Map<string, string>();
  const page = text.replaceAll(/^```mermaid\n([\s\S]*?)^```$/gm, (_, code: string, at: number) => {
    const before = text.slice(0, at);
    const section = before.slice(Math.max(0, before.lastIndexOf("\n#")));
    if (/^!\[/m.test(section)) return "";
    const title = (/^#+ (.*)$/m.exec(section)?.[1] ?? name).replaceAll(/[`[\]]/g, "");
    const file = `${name}-drawing-${drawings.size + 1}.svg`;
    drawings.set(file, drawMermaid(code, title));
    return `<div class="drawing" tabindex="0" role="group" aria-label="${title.replaceAll('"', "")}">\n\n![${title}](./${file})\n\n</div>`;
  });
  return { page, drawings };
}

function copyPicture(from: string, to: string): void {
  mkdirSync(path.dirname(to), { recursive: true });
  copyFileSync(from, to);
}

/** Writes the pages, their pictures and the site's settings into a folder of their own, which the generator builds from. */
export function stageGuide(folder: string): void {
  for (const [place, { file, text }] of guidePages()) {
    const to = path.join(folder, place);
    mkdirSync(path.dirname(to), { recursive: true });
    const { page, drawings } = drawn(text, path.basename(place, ".md"));
    writeFileSync(to, page);
    for (const [name, svg] of drawings) writeFileSync(path.join(path.dirname(to), name), svg);
    for (const [, picture = ""] of text.matchAll(/!\[[^\]]*\]\((?!https?:)([^)\s]+)\)/g))
      copyPicture(path.join(projectRoot, path.dirname(file), picture), path.join(path.dirname(to), picture));
  }
  // Else the generator's compiler would read the project's own, which speaks of a newer language than it knows.
  writeFileSync(path.join(folder, "tsconfig.json"), "{}\n");
  mkdirSync(path.join(folder, ".vitepress/theme"), { recursive: true });
  copyFileSync(path.join(import.meta.dirname, "site/home.md"), path.join(folder, "index.md"));
  for (const name of ["config.mjs", "theme/index.mjs", "theme/guide.css"])
    writeFileSync(path.join(folder, ".vitepress", name), readFileSync(path.join(import.meta.dirname, "site", name)));
}
