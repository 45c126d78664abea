import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../../app/local/home.ts";
import { anchorsOf } from "../../stacks/constructs/alarm.ts";

/** Every page that people read, by its place below the project: "docs/how-to/endpoint.md". */
export const readPages = (): ReadonlyMap<string, string> =>
  new Map(
    execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], { cwd: projectRoot, encoding: "utf8" })
      .trim()
      .split("\n")
      .filter((file) => existsSync(path.join(projectRoot, file)))
      .map((file) => [file, readFileSync(path.join(projectRoot, file), "utf8")]),
  );

const withoutCode = (text: string) => text.replaceAll(/^\s*```[\s\S]*?^\s*```/gm, "");

interface Link {
  readonly label: string;
  readonly target: string;
}

/** Code within a line may look like a link: `rows[0](x)`. */
const withoutBrackets = (text: string) => text.replaceAll(/`[^`\n]+`/g, (code) => (code.includes("[") ? "" : code));

export const linksOf = (text: string): readonly Link[] =>
  [...withoutBrackets(withoutCode(text)).matchAll(/\[((?:[^[\]]|\[[^\]]*\])*)\]\((?!https?:|mailto:)([^)\s]+)\)/g)].map(
    ([, label = "", target = ""]) => ({
      label,
      target,
    }),
  );

/** What is wrong with a link: the file is not there, has no such heading or, where the label is code, does not hold it. */
export function problemOfLink(page: string, { label, target }: Link): string | undefined {
  const [place = "", anchor] = target.split("#");
  const file = place === "" ? page : path.join(path.dirname(page), place);
  const full = path.join(projectRoot, file);
  if (!existsSync(full)) return `${page}: ${target} is not there`;
  if (anchor && !anchorsOf(readFileSync(full, "utf8")).includes(anchor)) return `${page}: ${file} has no heading "${anchor}"`;
  const symbol = /^`([^`]+)`$/.exec(label)?.[1];
  if (symbol === undefined || symbol.includes("/") || statSync(full).isDirectory() || path.basename(file) === symbol) return undefined;
  return readFileSync(full, "utf8").includes(symbol) ? undefined : `${page}: ${file} does not hold ${symbol}`;
}

const rooms = "app|scripts|stacks|regions|dashboards|runbooks|docs";

/** Paths that a page names as code, with or without a star. */
export const namedPathsOf = (text: string): readonly string[] =>
  [...withoutCode(text).matchAll(new RegExp(`\`((?:${rooms})/[^\`\\s:#]*)[^\`]*\``, "g"))].map(([, named = ""]) =>
    named.replace(/[,;.]$/, ""),
  );

/** A star stands for any name, and so does a word in capitals, as in `regions/environments/NAME.ts`. */
export function isThere(named: string): boolean {
  const pattern = named.replaceAll(/[A-Z]{3,}/g, "*");
  return existsSync(path.join(projectRoot, named)) || (pattern.includes("*") && globSync(pattern, { cwd: projectRoot }).length > 0);
}
