import { globSync, readFileSync } from "node:fs";
import path from "node:path";

export const decisionsIndex = "docs/decisions/README.md";
const head = "| | decision |\n|---|---|\n";

/** The table of the records, by their titles; what stands around it is written by hand. */
export function renderDecisionsIndex(root: string): string {
  const text = readFileSync(path.join(root, decisionsIndex), "utf8");
  const begin = text.indexOf(head) + head.length;
  const end = text.indexOf("\n\n", begin);
  if (begin < head.length || end === -1) throw new Error(`${decisionsIndex} has no table of decisions any more: "${head.split("\n")[0]}".`);
  const rows = globSync("docs/decisions/0*.md", { cwd: root })
    .map((file) => path.basename(file))
    .sort()
    .map((file) => `| [${file.slice(0, 4)}](${file}) | ${titleOf(readFileSync(path.join(root, "docs/decisions", file), "utf8"))} |`);
  return text.slice(0, begin) + rows.join("\n") + text.slice(end);
}

const titleOf = (text: string): string =>
  (text.split("\n")[0] ?? "").replace(/^# (\d+[.:]? )?/, "").replace(/^./, (letter) => letter.toUpperCase());
