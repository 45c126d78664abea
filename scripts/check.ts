import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { type Command, runCommand } from "../app/local/command.ts";

export const command = {
  name: "npm run check",
  for: "developer",
  what: "Checks types, format and lint.",
  touches: "nothing; with --write (`npm run format`) files are formatted and what can be mended safely is mended.",
  options: { write: { type: "boolean", help: "format instead of checking" } },
  exits: { 1: "something does not fit" },
} as const satisfies Command;

const checks = [
  ["tsc", "--noEmit"],
  ["tsc", "--noEmit", "-p", "scripts/k6"],
  ["tsc", "--noEmit", "-p", "app/web"],
  ["biome", "check", "."],
] as const;

await runCommand(import.meta, command, ({ values }) => {
  const root = join(import.meta.dirname, "..");
  const asked = values.write ? [["biome", "check", "--write", "."] as const] : checks;
  const failed = asked.filter(
    ([program, ...args]) => spawnSync(join(root, "node_modules/.bin", program), args, { cwd: root, stdio: "inherit" }).status !== 0,
  );
  return failed.length > 0 ? 1 : 0;
});
