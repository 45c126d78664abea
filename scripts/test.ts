import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { installPython } from "../app/local/analytics-python.ts";
import { findPython, virtualEnvironment, worldPackages } from "../app/local/aws-world.ts";
import { type Command, runCommand as runAsCommand } from "../app/local/command.ts";
import { projectRoot } from "../app/local/home.ts";
import { runCommand } from "./test/run-command.ts";
import { runSystemChecks } from "./test/system-checks.ts";
import { add, countLine, nothing, oneFailed, onePassed, type Tally } from "./test/tally.ts";

const limitMinutes = 28;

export const command = {
  name: "npm test",
  for: "newcomer",
  what: `Runs everything that can be tested in ${limitMinutes} minutes; the last line counts what passed, failed and was skipped.`,
  touches: "servers and folders of its own, which it ends.",
  exits: { 1: "something failed" },
} as const satisfies Command;

// For ending what hangs and for the last lines.
const reserveMinutes = 1;

const say = (line: string) => void process.stdout.write(`${line}\n`);
const tool = (name: string) => path.join(projectRoot, "node_modules", ".bin", name);

const stopping = new AbortController();
let currentStep = "";

/** Names what runs now, for the case that it hangs. */
function enter(step: string): void {
  currentStep = step;
}

async function runStep(name: string, work: () => Promise<Tally>): Promise<Tally> {
  if (stopping.signal.aborted) return nothing;
  enter(name);
  const started = performance.now();
  say(`\n▶ ${name}`);
  const tally = await work();
  say(`${tally.failed === 0 ? "✔" : "✘"} ${name}: ${countLine(tally)} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  return tally;
}

const oneCommand =
  (...command: readonly string[]) =>
  async (): Promise<Tally> => {
    const { succeeded, output } = await runCommand(command, { signal: stopping.signal });
    if (!succeeded) say(output.trimEnd());
    return succeeded ? onePassed : oneFailed;
  };

/** The tests' temporary files go into a folder of ours: what a killed run leaves behind goes with it. */
async function runVitest(): Promise<Tally> {
  const folder = mkdtempSync(path.join(tmpdir(), "campus-vitest-"));
  chmodSync(folder, 0o755);
  const file = path.join(folder, "tally.json");
  try {
    const { succeeded } = await runCommand([process.execPath, "scripts/test/vitest-run.ts", file], {
      signal: stopping.signal,
      isShown: true,
      env: { ...process.env, TMPDIR: folder },
    });
    const tally = JSON.parse(readFileSync(file, "utf8")) as Tally;
    return succeeded || tally.failed > 0 ? tally : add(tally, oneFailed);
  } catch (error) {
    say(`vitest ended without a result: ${(error as Error).message}`);
    return oneFailed;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/** Before the tests that want it at once, each of which would wait for the others within its own time. */
async function installPythons(): Promise<Tally> {
  const python = findPython();
  if (python === undefined) return { ...nothing, skipped: [{ what: "what needs Python", why: "there is no Python 3.10 with venv here" }] };
  try {
    virtualEnvironment(python, worldPackages, path.join(projectRoot, ".cache"));
    installPython(say, "test");
    return onePassed;
  } catch (error) {
    return { ...nothing, skipped: [{ what: "what needs Python", why: (error as Error).message }] };
  }
}

const steps: readonly (readonly [name: string, work: () => Promise<Tally>])[] = [
  ["generated files are current", oneCommand(process.execPath, "scripts/generate.ts", "--check")],
  ["types (tsc)", oneCommand(tool("tsc"), "--noEmit")],
  ["types of the web apps (tsc)", oneCommand(tool("tsc"), "--noEmit", "-p", "app/web")],
  ["format and lint (biome)", oneCommand(tool("biome"), "check", ".")],
  ["Python of the tests", installPythons],
  ["unit and feature tests (vitest)", runVitest],
  ["the started system", () => runSystemChecks(say, stopping.signal, enter)],
];

async function main(): Promise<void> {
  let hung: string | undefined;
  const limit = setTimeout(
    () => {
      hung = currentStep;
      stopping.abort();
    },
    (limitMinutes - reserveMinutes) * 60_000,
  ).unref();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort());

  let tally = nothing;
  for (const [name, work] of steps) tally = add(tally, await runStep(name, work));
  clearTimeout(limit);

  say("");
  for (const { what, why } of tally.skipped) say(`skipped: ${what}: ${why}`);
  if (hung !== undefined) say(`The ${limitMinutes} minutes were up: "${hung}" did not end and was stopped.`);
  else if (stopping.signal.aborted) say("Stopped before the end.");
  if (stopping.signal.aborted) tally = add(tally, oneFailed);
  say(countLine(tally));
  process.exit(tally.failed === 0 ? 0 : 1);
}

await runAsCommand(import.meta, command, main);
