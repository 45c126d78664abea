/** Something that the person at the terminal can mend: shown as one line (what, why, how to mend), without a stack. */
export class PlainError extends Error {
  readonly exitCode: number;

  constructor(line: string, exitCode = 1) {
    super(line);
    this.name = "PlainError";
    this.exitCode = exitCode;
  }
}

const plainLineOfCode: Readonly<Record<string, string>> = {
  ENOSPC: "The disk is full: free some space (300 MB are enough) and start again.",
  EROFS: "The disk is read-only: set CAMPUS_HOME to a folder that can be written.",
  EDQUOT: "Your disk quota is used up: free some space (300 MB are enough) and start again.",
};

export function toPlainError(error: unknown): PlainError | undefined {
  if (error instanceof PlainError) return error;
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? "";
  const line = plainLineOfCode[code];
  if (line) return new PlainError(line);
  if (code === "EACCES" || code === "EPERM") {
    const place = (error as NodeJS.ErrnoException).path ?? "a file";
    return new PlainError(
      `Not allowed to use ${place}: it belongs to another user (was the last start as root?). Give it to yourself with chown.`,
    );
  }
  return undefined;
}

/** Ends a script on an error: one line for what a person can mend, the stack for a fault of ours. */
export function reportAndSetExitCode(error: unknown): void {
  const plain = toPlainError(error);
  process.stderr.write(`${plain ? plain.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = plain?.exitCode ?? 1;
}
