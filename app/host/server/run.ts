import { spawnSync } from "node:child_process";
import { PlainError } from "../../local/plain-error.ts";

interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  /** What of its output says why it failed; the last line unless told. */
  readonly reasonIn?: (output: string) => string | undefined;
}

/** Runs a program of this machine and gives what it printed; where it fails, its output holds the reason. */
export function run(program: string, args: readonly string[], { env = process.env, input, reasonIn = lastLine }: RunOptions = {}): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: "utf8",
    env,
    maxBuffer: 64 << 20,
    ...(input === undefined ? {} : { input }),
  });
  if (status === 0) return stdout.trim();
  const reason = error?.message ?? reasonIn(stderr.trim() || stdout.trim()) ?? `it ended with ${status}`;
  throw new PlainError(`${program} ${args[0] ?? ""} failed: ${reason}`);
}

const lastLine = (output: string): string | undefined => output.split("\n").at(-1);

export const succeeds = (program: string, ...args: readonly string[]): boolean =>
  spawnSync(program, args, { stdio: "ignore" }).status === 0;

export const systemctl = (...args: readonly string[]): string => run("systemctl", args);
