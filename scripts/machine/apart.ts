import { type ChildProcess, spawn } from "node:child_process";

/** Words for `unshare`: namespaces of its own for processes, networks and mounts, which end with its first process. */
export const apart = (program: string, ...args: readonly string[]): readonly string[] => [
  ...["--net", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child"],
  ...[process.execPath, program, ...args],
];

/** Runs one of our programs there, on this screen, and gives its exit code; Ctrl-C ends it with all that it made. */
export function runApart(program: string, ...args: readonly string[]): Promise<number> {
  const child: ChildProcess = spawn("unshare", apart(program, ...args), { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill("SIGTERM"));
  return new Promise((resolve) => child.once("close", (code) => resolve(code ?? 1)));
}
