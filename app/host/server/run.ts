import { spawnSync } from "node:child_process";
import { PlainError } from "../../local/plain-error.ts";

interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
}

/** Runs a program of this machine and gives what it printed; where it fails, its last line is the reason. */
export function run(program: string, args: readonly string[], { env = process.env, input }: RunOptions = {}): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: "utf8",
    env,
    maxBuffer: 64 << 20,
    ...(input === undefined ? {} : { input }),
  });
  if (status === 0) return stdout.trim();
  const reason = error?.message ?? (stderr.trim() || stdout.trim()).split("\n").at(-1) ?? `it ended with ${status}`;
  throw new PlainError(`${program} ${args[0] ?? ""} failed: ${reason}`);
}

export const succeeds = (program: string, ...args: readonly string[]): boolean =>
  spawnSync(program, args, { stdio: "ignore" }).status === 0;

export const systemctl = (...args: readonly string[]): string => run("systemctl", args);
