import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Command, runCommand } from "../app/local/command.ts";
import { generators } from "./generate/generators.ts";

const root = join(import.meta.dirname, "..");

export const command = {
  name: "npm run generate",
  for: "developer",
  what: "Writes every paper that is made from the code: the API document, the schema page, the configuration page, the diagrams.",
  touches: "files under docs/, and a database of its own that it ends.",
  options: { check: { type: "boolean", help: "write nothing and say which ones are stale" } },
  exits: { 1: "with --check: one is stale" },
} as const satisfies Command;

await runCommand(import.meta, command, async ({ values }) => {
  const check = values.check === true;
  const stale: string[] = [];
  for (const { file, make } of generators) {
    const path = join(root, file);
    const text = await make(root);
    if (existsSync(path) && readFileSync(path, "utf8") === text) continue;
    stale.push(file);
    if (check) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  if (!check) console.log(stale.length === 0 ? "generate: everything was up to date" : `generate: wrote ${stale.join(", ")}`);
  else if (stale.length === 0) console.log(`generate: all ${generators.length} generated files are up to date`);
  else for (const file of stale) console.error(`generate: ${file} is stale: run \`npm run generate\` and commit what it writes.`);
  return check && stale.length > 0 ? 1 : 0;
});
