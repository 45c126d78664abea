import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { PlainError } from "./plain-error.ts";

/** Who uses the data folder. `bornAt` is the kernel's start time of the process: a pid alone may have gone to another one. */
interface Holder {
  readonly pid: number;
  readonly what: string;
  readonly since: string;
  readonly bornAt: string;
}

/** Takes the lock of a data folder or says in one line who has it. A dead process's lock is taken over. Returns the way to release it. */
export function takeLock(file: string, what: string): () => void {
  mkdirSync(path.dirname(file), { recursive: true });
  const own: Holder = { pid: process.pid, what, since: new Date().toISOString(), bornAt: bornAt(process.pid) };
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, JSON.stringify(own), { mode: 0o644 });
    if (!tryLink(draft, file)) takeOver(file, draft);
  } finally {
    rmSync(draft, { force: true });
  }
  return () => {
    if (readHolder(file)?.pid === process.pid) rmSync(file, { force: true });
  };
}

const askEveryMs = 200;

/** Takes the lock as soon as nobody has it. The whole process stands still meanwhile. */
function waitForLock(file: string, what: string, withinMs = 600_000): () => void {
  const endsAtMs = performance.now() + withinMs;
  for (;;) {
    try {
      return takeLock(file, what);
    } catch (error) {
      if (!(error instanceof PlainError) || performance.now() > endsAtMs) throw error;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, askEveryMs);
  }
}

/**
 * Makes a folder once for all processes of a checkout: whoever wants it meanwhile waits for it. The stamp is written into it last, so
 * that what a process left half made is made anew.
 */
export function makeOnce(stamp: string, what: string, make: () => void): void {
  if (existsSync(stamp)) return;
  const release = waitForLock(`${path.dirname(stamp)}.lock`, what);
  try {
    if (existsSync(stamp)) return;
    make();
    writeFileSync(stamp, "");
  } finally {
    release();
  }
}

/** A hard link appears whole or fails: nobody ever reads half a lock. */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Only the one who makes the claim file may replace a dead holder's lock, so that of two starts one wins. */
function takeOver(file: string, draft: string): void {
  const holder = readHolder(file);
  if (holder && isAlive(holder)) throw heldBy(holder);
  const claim = `${file}.takeover`;
  if (!tryLink(draft, claim)) {
    const other = readHolder(claim);
    if (other && isAlive(other)) throw heldBy(other);
    rmSync(claim, { force: true });
    throw new PlainError("An earlier start ended while it took over the lock: start again.");
  }
  try {
    const now = readHolder(file);
    if (now && isAlive(now)) throw heldBy(now);
    renameSync(draft, file);
  } finally {
    rmSync(claim, { force: true });
  }
}

function heldBy({ pid, what, since }: Holder): PlainError {
  return new PlainError(
    `Campus Pay's data folder is in use by ${what} (process ${pid}, since ${since.slice(0, 19).replace("T", " ")} UTC): end that one first, or set CAMPUS_HOME to another folder and PORT to another port.`,
  );
}

export function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Holder;
  } catch {
    return undefined;
  }
}

export function isAlive({ pid, bornAt: knownBirth }: Pick<Holder, "pid" | "bornAt">): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const birth = bornAt(pid);
  return birth !== zombie && (birth === unknown || knownBirth === unknown || birth === knownBirth);
}

const unknown = "";
const zombie = "zombie";

/** The kernel's start time from /proc/PID/stat, whose fields are counted after the command, which may hold spaces. */
function bornAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? zombie : (fields[19] ?? unknown);
  } catch {
    return unknown;
  }
}
