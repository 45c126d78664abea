import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { reportAndSetExitCode } from "../app/local/plain-error.ts";
import { generators } from "./generate/generators.ts";

const root = join(import.meta.dirname, "..");

/** Writes every generated paper; with --check it writes nothing and says which ones are stale. */
async function main(): Promise<void> {
  const check = process.argv.includes("--check");
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
  if (!check) return console.log(stale.length === 0 ? "generate: everything was up to date" : `generate: wrote ${stale.join(", ")}`);
  if (stale.length === 0) return console.log(`generate: all ${generators.length} generated files are up to date`);
  for (const file of stale) console.error(`generate: ${file} is stale: run \`npm run generate\` and commit what it writes.`);
  process.exitCode = 1;
}

main().catch(reportAndSetExitCode);
