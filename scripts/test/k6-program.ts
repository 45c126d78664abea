import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../../app/local/home.ts";
import { runCommand } from "./run-command.ts";

const version = "1.8.1";
const buildTimeoutMs = 300_000;

/** Where k6 is, or why there is none. */
export type K6Program = { readonly program: string } | { readonly missing: string };

/** k6 from the PATH, else the one that was built here before, else built now with Go (about 90 s, once). */
export async function findK6(): Promise<K6Program> {
  if (answers("k6", "version")) return { program: "k6" };
  const folder = path.join(projectRoot, ".cache", `k6-${version}`);
  const built = path.join(folder, "k6");
  if (existsSync(built)) return { program: built };
  if (!answers("go", "version"))
    return { missing: "there is neither k6 nor Go on the PATH: install one of them (https://k6.io or https://go.dev)" };
  mkdirSync(folder, { recursive: true });
  const { succeeded, output } = await runCommand(["env", `GOBIN=${folder}`, "go", "install", `go.k6.io/k6@v${version}`], {
    signal: AbortSignal.timeout(buildTimeoutMs),
  });
  return succeeded ? { program: built } : { missing: `k6 ${version} could not be built with Go: ${lastLine(output)}` };
}

const answers = (program: string, argument: string) => spawnSync(program, [argument], { stdio: "ignore" }).status === 0;

const lastLine = (output: string) => output.trim().split("\n").at(-1) ?? "it said nothing";
