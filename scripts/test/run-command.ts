import { spawn } from "node:child_process";
import { dieWithParent } from "../../app/local/die-with-parent.ts";
import { projectRoot } from "../../app/local/home.ts";

interface CommandOptions {
  readonly signal: AbortSignal;
  /** Shows the output as it comes; otherwise it is kept and returned. */
  readonly isShown?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

interface Outcome {
  readonly succeeded: boolean;
  /** The end of its output, when it was not shown. */
  readonly output: string;
}

const keptCharacters = 20_000;
const stopGraceMs = 10_000;

/** Runs one command to its end in a process group of its own, which is ended when the signal says so. */
export function runCommand(command: readonly string[], { signal, isShown = false, env = process.env }: CommandOptions): Promise<Outcome> {
  if (signal.aborted) return Promise.resolve({ succeeded: false, output: "" });
  const [program = "", ...args] = [...dieWithParent("TERM"), ...command];
  const child = spawn(program, args, {
    cwd: projectRoot,
    env,
    detached: true,
    stdio: ["ignore", isShown ? "inherit" : "pipe", isShown ? "inherit" : "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-keptCharacters);
    });
  }
  const stop = () => {
    endGroup(child.pid, "SIGTERM");
    setTimeout(() => endGroup(child.pid, "SIGKILL"), stopGraceMs).unref();
  };
  signal.addEventListener("abort", stop, { once: true });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      signal.removeEventListener("abort", stop);
      resolve({ succeeded: code === 0, output });
    });
  });
}

function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
