import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { packArchive } from "../build/artifact.ts";

/** Another release of the same build: its files changed, and its name with them. */
export function changedRelease(
  folder: string,
  archive: string,
  change: (stage: string) => void,
): { readonly file: string; readonly sha256: string } {
  const stage = path.join(folder, "changed");
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage);
  if (spawnSync("tar", ["-xzf", archive, "-C", stage]).status !== 0) throw new Error(`${archive} could not be unpacked.`);
  change(stage);
  return packArchive(stage, folder);
}

/** Exactly one place holds the text, or the change would not be seen. */
export function changeText(file: string, from: string, to: string): void {
  const parts = readFileSync(file, "utf8").split(from);
  if (parts.length !== 2) throw new Error(`${path.basename(file)} holds "${from}" ${parts.length - 1} times.`);
  writeFileSync(file, parts.join(to));
}
