import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Command, runCommand } from "../app/local/command.ts";

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
}

export interface Licensed {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly isShipped: boolean;
}

/**
 * What may be part of the artifact: all allow shipping under Apache-2.0 when their notices are kept. Under the LGPL is libvips
 * alone, which sharp loads as a library of its own that anybody may replace; under the OFL is the font of printed pages.
 */
const shippable = [
  ...["0BSD", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "LGPL-3.0-or-later", "MIT", "OFL-1.1"],
  "Unlicense",
];

/** Reads the lock file, so that the list is the same on every platform, and an installed package.json where the lock names no licence. */
export const readLicences = (root: string): Licensed[] => {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as { packages: Record<string, LockedPackage> };
  const found = Object.entries(lock.packages)
    .filter(([place]) => place.includes("node_modules/"))
    .map(([place, locked]) => ({
      name: place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length),
      version: locked.version ?? "unknown",
      licence: locked.license ?? installedLicence(join(root, place, "package.json")),
      isShipped: !locked.dev,
    }));
  const unique = new Map(
    [...found, ...readVendored(root)].map((licensed) => [`${licensed.name} ${licensed.version} ${licensed.isShipped}`, licensed]),
  );
  return [...unique.values()].sort((a, b) => compare(a.name, b.name) || compare(a.version, b.version));
};

/** The one file of another project that stands in ours as it was published. */
const readVendored = (root: string): Licensed[] =>
  globSync("app/docs/reference/scalar.json", { cwd: root }).map((file) => {
    const { name, version, licence } = JSON.parse(readFileSync(join(root, file), "utf8")) as Licensed;
    return { name, version, licence, isShipped: true };
  });

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Old packages have a list, `licenses: [{type}]`, and some only the text itself, whose first line is its name. */
const installedLicence = (path: string): string => {
  if (!existsSync(path)) return "unknown";
  const { license, licenses } = JSON.parse(readFileSync(path, "utf8")) as { license?: unknown; licenses?: { type?: string }[] };
  if (typeof license === "string") return license;
  return licenses?.map(({ type }) => type ?? "unknown").join(" OR ") ?? licenceOfText(join(dirname(path), "LICENSE"));
};

const licenceOfText = (path: string): string =>
  existsSync(path) && readFileSync(path, "utf8").startsWith("MIT License") ? "MIT" : "unknown";

export const notShippable = (packages: readonly Licensed[]): Licensed[] =>
  packages.filter(({ isShipped, licence }) => isShipped && !licence.split(" OR ").some(isShippable));

const isShippable = (choice: string): boolean =>
  choice
    .replace(/[()]/g, "")
    .split(" AND ")
    .every((licence) => shippable.includes(licence));

export const renderLicences = (packages: readonly Licensed[]): string => {
  const shipped = packages.filter(({ isShipped }) => isShipped);
  const tools = packages.filter(({ isShipped }) => !isShipped);
  return [
    "# Licences of what we build on",
    "",
    "<!-- Written by `npm run licences` from package-lock.json. Do not edit. -->",
    "",
    "Campus Pay itself is under the [Apache License 2.0](../LICENSE). `npm run licences -- --check` fails when this page is old or when",
    `something that is shipped has a licence other than ${shippable.join(", ")}.`,
    "",
    `## Shipped with the application (${shipped.length})`,
    "",
    ...countTable(shipped),
    "",
    "| package | version | licence |",
    "|---|---|---|",
    ...shipped.map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`),
    "",
    `## Tools of the workshop, not shipped (${tools.length})`,
    "",
    ...countTable(tools),
    "",
  ].join("\n");
};

const countTable = (packages: readonly Licensed[]): string[] => {
  const counts = new Map<string, number>();
  for (const { licence } of packages) counts.set(licence, (counts.get(licence) ?? 0) + 1);
  const rows = [...counts].sort(([a, countA], [b, countB]) => countB - countA || compare(a, b));
  return ["| licence | packages |", "|---|---|", ...rows.map(([licence, count]) => `| ${licence} | ${count} |`)];
};

/** Writes the page, or with `check` only compares; returns what is wrong, in lines for a person. */
export const generateLicences = (root: string, { check }: { check: boolean }): string[] => {
  const packages = readLicences(root);
  const path = join(root, "docs/licences.md");
  const page = renderLicences(packages);
  const problems = notShippable(packages).map(
    ({ name, version, licence }) =>
      `${name} ${version} would be shipped, and its licence is ${licence}: replace it, or allow the licence in scripts/licences.ts.`,
  );
  if (!check) writeFileSync(path, page);
  else if (!existsSync(path) || readFileSync(path, "utf8") !== page) problems.push("docs/licences.md is old: run npm run licences.");
  return problems;
};

export const command = {
  name: "npm run licences",
  for: "developer",
  what: "Writes the page of the licences of what we build on.",
  touches: "writes docs/licences.md.",
  options: { check: { type: "boolean", help: "write nothing and only say whether the page is old" } },
  exits: { 1: "something that is shipped has a licence that we do not ship, or with --check the page is old" },
} as const satisfies Command;

await runCommand(import.meta, command, ({ values }) => {
  const problems = generateLicences(join(import.meta.dirname, ".."), { check: values.check === true });
  for (const problem of problems) console.error(problem);
  return problems.length === 0 ? 0 : 1;
});
