import { spawn } from "node:child_process";
import type { Block } from "./blocks.ts";

export interface CheckRun {
  readonly ok: boolean;
  readonly output: string;
  readonly why: string;
}

interface RunOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

const timeoutMs = 30_000;

/** A command that could not run has answered nothing, even where its complaint repeats the words that are waited for. */
const broken = /^(ERROR:|npm error|bash: |node:internal)/m;

/**
 * What the command printed is judged, not its exit code: curl ends with 0 on a 401, grep with 1 where nothing is wrong.
 * It runs in bash, in the folder of the project, as a person would paste it.
 */
export async function runCheck(block: Block, options: RunOptions): Promise<CheckRun> {
  const { output, ended } = await run(block.command, options);
  const ok = !broken.test(output) && new RegExp(block.expected, "m").test(output);
  return {
    ok,
    output,
    why: ok ? "" : `${block.section}: expected /${block.expected}/, ${ended}, it printed:\n${output.trim() || "(nothing)"}`,
  };
}

/** A change has no expected answer: it must end well, and what it mended is seen in the page's checks. */
export async function runChange(block: Block, options: RunOptions): Promise<CheckRun> {
  const { output, ended } = await run(block.command, options);
  const ok = ended === "exit code 0" && !broken.test(output);
  return { ok, output, why: ok ? "" : `${block.section}: the change failed (${ended}), it printed:\n${output.trim() || "(nothing)"}` };
}

async function run(command: string, options: RunOptions): Promise<{ readonly output: string; readonly ended: string }> {
  const child = spawn("bash", ["-c", command], {
    ...options,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  let output = "";
  const take = (chunk: Buffer) => {
    output += chunk;
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  const ended = await new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(signal ? `it was ended after ${timeoutMs / 1000} s` : `exit code ${code}`));
  });
  return { output, ended };
}
