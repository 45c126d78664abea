import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { onTestFinished } from "vitest";
import { readSqlFiles } from "../sql-files.ts";

/** A copy of the product's SQL that a test may change, as the next release would. */
export interface SqlCopy {
  readonly folder: URL;
  readonly path: string;
  write(file: string, text: string): void;
  /** An edit that no longer fits fails. */
  edit(file: string, from: string, to: string): void;
  remove(file: string): void;
}

export async function copySql(): Promise<SqlCopy> {
  const folder = mkdtempSync(path.join(tmpdir(), "campus-sql-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const write = (file: string, text: string) => {
    mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  };
  const { steps, definitions } = await readSqlFiles();
  for (const { name, text } of definitions) write(name, text);
  for (const { name, text } of steps) write(`migrations/${name}`, text);
  return {
    folder: pathToFileURL(`${folder}/`),
    path: folder,
    write,
    edit(file, from, to) {
      const before = readFileSync(path.join(folder, file), "utf8");
      if (!before.includes(from)) throw new Error(`The edit is out of date: ${file} no longer has "${from}".`);
      write(file, before.replace(from, to));
    },
    remove: (file) => rmSync(path.join(folder, file)),
  };
}
