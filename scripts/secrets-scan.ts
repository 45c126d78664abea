import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Command, runCommand } from "../app/local/command.ts";

const version = "v8.28.0";

export const command = {
  name: "npm run secrets:scan",
  for: "developer",
  what: "Looks for secrets in what is committed, with gitleaks, which it installs with Go where it is missing.",
  touches: "nothing of the project; gitleaks goes into .cache/bin.",
  options: { history: { type: "boolean", help: "every commit, and not the files of the last one alone" } },
  exits: { 1: "something looks like a secret" },
} as const satisfies Command;

const root = join(import.meta.dirname, "..");
const run = (program: string, args: readonly string[], env = process.env) =>
  spawnSync(program, args, { cwd: root, env, stdio: ["ignore", "inherit", "inherit"] }).status;

/** On PATH, kept from before, or built now; undefined where none of them works. */
function findGitleaks(): string | undefined {
  if (spawnSync("gitleaks", ["version"], { stdio: "ignore" }).status === 0) return "gitleaks";
  const folder = join(root, ".cache/bin");
  const kept = join(folder, "gitleaks");
  if (existsSync(kept)) return kept;
  const built = run("go", ["install", `github.com/zricethezav/gitleaks/v8@${version}`], { ...process.env, GOBIN: folder });
  return built === 0 ? kept : undefined;
}

/** The files of the last commit, in a folder of their own: what is installed or built beside them is no concern. */
function scanLastCommit(gitleaks: string, config: readonly string[]): number | null {
  const folder = mkdtempSync(join(tmpdir(), "campus-secrets-"));
  try {
    if (run("sh", ["-c", 'git archive HEAD | tar x -C "$0"', folder]) !== 0) return 1;
    return run(gitleaks, ["dir", ...config, folder]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await runCommand(import.meta, command, ({ values }) => {
  const gitleaks = findGitleaks();
  if (gitleaks === undefined) {
    console.warn(
      `SKIPPED: no secrets were looked for. There is no gitleaks, and \`go install …/gitleaks/v8@${version}\` did not work: install either.`,
    );
    return 0;
  }
  const config = ["--no-banner", "--redact", "--verbose", "--config", join(root, ".gitleaks.toml")];
  return (values.history ? run(gitleaks, ["git", ...config, root]) : scanLastCommit(gitleaks, config)) === 0 ? 0 : 1;
});
