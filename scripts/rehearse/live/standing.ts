import { type ChildProcess, spawn } from "node:child_process";

/** A program that stands as long as the campus: when it ends by itself nothing that follows would mean anything, so all of it ends, and says why. */
export const standing = (program: string, args: readonly string[]): ChildProcess => {
  const child = spawn(program, [...args], { stdio: ["ignore", "ignore", "inherit"] });
  child.once("exit", (code, signal) => {
    process.stderr.write(`live: ${program} ended by itself (${signal ?? `exit code ${code}`}); the campus cannot stand without it\n`);
    process.exit(1);
  });
  return child;
};
