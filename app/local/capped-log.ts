import { closeSync, openSync, renameSync, statSync, writeSync } from "node:fs";

/**
 * A log file with an end: past `maxBytes` it moves to FILE.1 (the older FILE.1 goes), so a name never takes more than
 * twice that. A full disk loses lines and stops nothing.
 */
export interface CappedLog {
  readonly file: string;
  write(chunk: Buffer | string): void;
  /** The last lines written through this object, oldest first. */
  lastLines(): readonly string[];
  close(): void;
}

const defaultMaxBytes = 5 * 1024 * 1024;
const keptLines = 20;
const maxLineLength = 2_000;

export function openCappedLog(file: string, maxBytes = defaultMaxBytes): CappedLog {
  let descriptor: number | undefined = openSync(file, "a", 0o600);
  let sizeBytes = statSync(file).size;
  let unfinishedLine = "";
  const lines: string[] = [];

  const rotate = (open: number) => {
    renameSync(file, `${file}.1`);
    closeSync(open);
    descriptor = openSync(file, "a", 0o600);
    sizeBytes = 0;
    return descriptor;
  };

  const append = (bytes: Buffer, open: number) => {
    const target = sizeBytes > 0 && sizeBytes + bytes.length > maxBytes ? rotate(open) : open;
    sizeBytes += writeSync(target, bytes);
  };

  const remember = (text: string) => {
    const parts = (unfinishedLine + text).split("\n");
    unfinishedLine = (parts.pop() ?? "").slice(0, maxLineLength);
    lines.push(...parts.map((line) => line.slice(0, maxLineLength)));
    lines.splice(0, lines.length - keptLines);
  };

  return {
    file,
    write(chunk) {
      remember(chunk.toString());
      if (descriptor === undefined) return;
      try {
        append(typeof chunk === "string" ? Buffer.from(chunk) : chunk, descriptor);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      }
    },
    lastLines: () => (unfinishedLine === "" ? [...lines] : [...lines, unfinishedLine]),
    close() {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}
