import { spawnSync } from "node:child_process";
import { PlainError } from "./plain-error.ts";

/** Runs tar, or says in one line why it could not. */
export function runTar(args: readonly string[]): void {
  const { status, stderr, error } = spawnSync("tar", args, { encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] });
  if ((error as NodeJS.ErrnoException | undefined)?.code === "ENOENT")
    throw new PlainError("There is no tar on the PATH: install it, then try again.");
  if (status === 0) return;
  if (/No space left/.test(stderr)) throw new PlainError("The disk is full: free some space, then try again.");
  throw new PlainError(`tar failed: ${stderr.trim().split("\n")[0] ?? error?.message}`);
}

/** Stands in the archive beside the data: what it is, before anything is unpacked over anything. */
export interface Manifest {
  readonly product: "campus-pay";
  readonly postgres_major: string;
  readonly made_at: string;
}

export const manifestName = "manifest.json";
