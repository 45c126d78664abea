import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Whole or not at all. */
export function writeWhole(file: string, text: string, mode = 0o644): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, text, { mode });
  renameSync(`${file}.new`, file);
}
