import { type ChildProcess, spawn } from "node:child_process";
import type { CappedLog } from "./capped-log.ts";

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that we started. Its output goes to its log; it is in a session of its own, so Ctrl-C reaches only us. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly log: CappedLog;
  readonly exited: Promise<Exit>;
  isRunning(): boolean;
  signal(signal: NodeJS.Signals): void;
  /** Asks with `signal`; after `graceMs` it is killed. */
  stop(signal: NodeJS.Signals, graceMs: number): Promise<Exit>;
}

interface ChildOptions {
  readonly name: string;
  readonly command: readonly string[];
  readonly log: CappedLog;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Given to the process on its standard input (a configuration with a password, which the process list would show). */
  readonly input?: string;
  readonly onOutput?: (text: string) => void;
  /** Its standard output is a result, perhaps with passwords in it: only its standard error goes to the log. */
  readonly outputIsResult?: boolean;
  /** How to end it at once. PostgreSQL takes SIGQUIT: a kill would leave its workers to find out by themselves. */
  readonly hardSignal?: NodeJS.Signals;
}

const running = new Map<Child, NodeJS.Signals>();

/** Ends every process that still runs, now: for a second Ctrl-C. */
export function endAllNow(): void {
  for (const [child, hardSignal] of running) child.signal(hardSignal);
}

const lastLineWaitMs = 1_000;

export function startChild(options: ChildOptions): Promise<Child> {
  const { name, command, log, onOutput } = options;
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    env: options.env ?? process.env,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  child.stdout.on("data", (chunk: Buffer) => {
    if (!options.outputIsResult) log.write(chunk);
    onOutput?.(chunk.toString());
  });
  child.stderr.on("data", (chunk: Buffer) => {
    log.write(chunk);
    if (!options.outputIsResult) onOutput?.(chunk.toString());
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  const exited = exitOf(child);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("spawn", () => {
      const started = control(name, child, log, exited);
      running.set(started, options.hardSignal ?? "SIGKILL");
      exited.then(() => running.delete(started));
      resolve(started);
    });
  });
}

/** Resolves at "close", when its last line has arrived in the log; a grandchild that keeps the pipe open delays it by a second at most. */
function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => {
      const waiting = setTimeout(resolve, lastLineWaitMs, { code, signal });
      child.once("close", () => {
        clearTimeout(waiting);
        resolve({ code, signal });
      });
    });
  });
}

function control(name: string, child: ChildProcess, log: CappedLog, exited: Promise<Exit>): Child {
  return {
    name,
    pid: child.pid as number,
    log,
    exited,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    signal: (signal) => void child.kill(signal),
    async stop(signal, graceMs) {
      child.kill(signal);
      const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
      const exit = await exited;
      clearTimeout(timer);
      return exit;
    },
  };
}

const shownLines = 8;

/** A message that ends with what a process said last, indented, and where the rest is. */
export const withLastLines = (what: string, log: CappedLog) =>
  [`${what}. Its last lines (all are in ${log.file}):`, ...log.lastLines().slice(-shownLines)].join("\n    ");

export const describeExit = ({ code, signal }: Exit) => (signal === null ? `ended with code ${code}` : `was ended by ${signal}`);
