import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { chapters } from "./asvs-requirements.ts";

const folders = ["app", "scripts", "stacks", "dashboards"];
/** Where the test of this name stands: as the first thing behind a bracket, alone or as a row of a test.each. */
export function findTests(root: string): (name: string) => string | undefined {
  const files = folders.flatMap((folder) =>
    globSync("**/*.test.ts", { cwd: join(root, folder), exclude: ["**/node_modules/**"] })
      .toSorted()
      .map((file) => ({ file: `${folder}/${file}`, text: readFileSync(join(root, folder, file), "utf8") })),
  );
  return (name) => {
    const pattern = new RegExp(`[([]\\s*(["'\`])${name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}\\1`);
    return files.find(({ text }) => pattern.test(text))?.file;
  };
}

export interface Requirement {
  readonly ids: string;
  readonly what: string;
  readonly test: string | undefined;
  readonly reason: string | undefined;
}

export const requirementsOf = (lines: string): Requirement[] =>
  lines
    .trim()
    .split("\n")
    .map((line) => {
      const [ids = "", what = "", shown = ""] = line.split(" | ");
      return {
        ids,
        what,
        test: shown.startsWith("= ") ? shown.slice(2) : undefined,
        reason: shown.startsWith(": ") ? shown.slice(2) : undefined,
      };
    });

/** The page; throws where a test that it names is not there any more. */
export function renderAsvsPage(root: string): string {
  const find = findTests(root);
  const all = chapters.flatMap(({ lines }) => requirementsOf(lines));
  const files = new Map(all.flatMap(({ test }) => (test === undefined ? [] : [[test, find(test)]])));
  const missing = all.filter(({ test }) => test !== undefined && files.get(test) === undefined);
  if (missing.length > 0)
    throw new Error(
      `docs/asvs.md names tests that are not there: ${missing.map(({ ids, test }) => `${ids} "${test}"`).join("; ")}. Name another one in scripts/generate/asvs-requirements.ts.`,
    );
  const shown = ({ test, reason }: Requirement) =>
    test === undefined ? reason : `“${test.replaceAll("|", "\\|")}” (\`${files.get(test)}\`)`;
  const tables = chapters.map(
    ({ title, lines }) =>
      `## ${title}\n| | asked | shown by |\n|---|---|---|\n${requirementsOf(lines)
        .map((each) => `| ${each.ids} | ${each.what} | ${shown(each)} |`)
        .join("\n")}\n`,
  );
  return `# OWASP ASVS 4.0.3, level 2

<!-- Written by \`npm run generate\` from scripts/generate/asvs-requirements.ts and the names of the tests. -->

What levels 1 and 2 of the standard ask of an API and its pages, in our words, and which test shows it: a test that is renamed or removed makes this page, and \`npm test\`, fail. One test
stands for several requirements where it shows them together; a reason stands where nothing runs. It says what was tested, not that somebody else has looked.

${tables.join("\n")}`;
}
