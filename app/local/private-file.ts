import { renameSync, writeFileSync } from "node:fs";

/** Writes JSON that only its owner may read, whole or not at all. */
export function writePrivateJson(file: string, content: unknown): void {
  const unfinished = `${file}.${process.pid}.new`;
  writeFileSync(unfinished, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(unfinished, file);
}
