import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

export type Outcome = { readonly code: number; readonly seconds: number; readonly lines: readonly string[] };

export type Command = {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Record<string, string>;
  readonly log?: string;
  readonly onLine?: (line: string) => void;
};

const keptLines = 400;
const graceMs = 60_000;
const running = new Set<ChildProcess>();
let stopping = false;

export const isStopping = (): boolean => stopping;

/** Runs to the end, in a process group of its own: Ctrl-C reaches us alone, and stopAll() decides in what order things end. */
export const run = (command: Command): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    if (stopping) return reject(new Error("interrupted"));
    const startedAt = performance.now();
    const child = spawn(command.file, [...command.args], {
      cwd: command.cwd,
      env: command.env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    running.add(child);
    const log = command.log === undefined ? undefined : createWriteStream(command.log, { flags: "a" });
    const lines: string[] = [];
    const take = (line: string) => {
      log?.write(`${line}\n`);
      lines.push(line);
      if (lines.length > keptLines) lines.shift();
      command.onLine?.(line);
    };
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", take);
    child.on("error", reject);
    child.on("close", (code) => {
      running.delete(child);
      log?.end();
      resolve({ code: code ?? 1, seconds: (performance.now() - startedAt) / 1000, lines });
    });
  });

type ProcessRow = { readonly pid: number; readonly parent: number; readonly kib: number; readonly command: string };

const processTable = (): readonly ProcessRow[] => {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid=,rss=,comm="], { encoding: "utf8" });
  return (stdout ?? "").split("\n").flatMap((row) => {
    const [pid, parent, kib, ...command] = row.trim().split(/\s+/);
    return pid && parent && kib ? [{ pid: Number(pid), parent: Number(parent), kib: Number(kib), command: command.join(" ") }] : [];
  });
};

/** This process's descendants, the nearest first. */
const descendants = (root = process.pid): readonly ProcessRow[] => {
  const table = processTable();
  const found: ProcessRow[] = [];
  for (let parents = [root]; parents.length > 0; ) {
    const children = table.filter((row) => parents.includes(row.parent));
    found.push(...children);
    parents = children.map((row) => row.pid);
  }
  return found;
};

/** The largest sum of resident memory seen below us, in GB. Shared pages count more than once, so it is an upper bound. */
export const watchMemory = (everyMs = 2_000): { peakGb: () => number; stop: () => void } => {
  let peakKib = 0;
  const timer = setInterval(() => {
    peakKib = Math.max(
      peakKib,
      descendants().reduce((sum, row) => sum + row.kib, 0),
    );
  }, everyMs);
  timer.unref();
  return { peakGb: () => peakKib / 1024 / 1024, stop: () => clearInterval(timer) };
};

const signal = (pid: number, name: NodeJS.Signals) => {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself.
  }
};

/**
 * Interrupts terraform first and waits: it finishes the call it is in, writes its state and frees its lock.
 * cdktf, told first, would cut terraform off and leave both behind.
 */
export const stopAll = async (): Promise<void> => {
  stopping = true;
  const terraforms = () => descendants().filter((row) => row.command.endsWith("terraform"));
  for (const row of terraforms()) signal(row.pid, "SIGINT");
  const deadline = performance.now() + graceMs;
  while (terraforms().length > 0 && performance.now() < deadline) await delay(200);
  for (const child of running) if (child.pid) signal(-child.pid, "SIGTERM");
  while (running.size > 0 && performance.now() < deadline) await delay(200);
  for (const row of descendants()) signal(row.pid, "SIGKILL");
};
