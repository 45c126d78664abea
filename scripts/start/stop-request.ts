import { readFileSync } from "node:fs";

/** The request to stop: from Ctrl-C, from a signal, from the death of npm, or from a part that failed. */
export interface StopRequest {
  readonly signal: AbortSignal;
  /** Resolves with the error that asks for it, or undefined when a person did. */
  readonly asked: Promise<Error | undefined>;
  fail(error: Error): void;
  /** Throws where a step must not begin any more. */
  throwIfAsked(): void;
}

export class Stopped extends Error {}

const parentCheckMs = 500;

/** `again` is called when a person asks a second time. */
export function listenForStop(again: () => void): StopRequest {
  const controller = new AbortController();
  const { promise: asked, resolve } = Promise.withResolvers<Error | undefined>();
  const ask = (error?: Error) => {
    controller.abort();
    resolve(error);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => (controller.signal.aborted ? again() : ask()));
  }
  process.on("uncaughtException", ask);
  // Whoever read our output may be gone before us.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  watchNpm(() => ask(), controller.signal);
  return {
    signal: controller.signal,
    asked,
    fail: ask,
    throwIfAsked() {
      if (controller.signal.aborted) throw new Stopped();
    },
  };
}

/** npm runs us through a shell. Killed with -9 it tells nobody: then our parent, or the shell's, is another one. */
function watchNpm(gone: () => void, signal: AbortSignal): void {
  if (!process.env.npm_lifecycle_event) return;
  const ancestors = () => `${process.ppid} ${parentOf(process.ppid)}`;
  const atStart = ancestors();
  const timer = setInterval(() => {
    if (ancestors() !== atStart) gone();
  }, parentCheckMs).unref();
  signal.addEventListener("abort", () => clearInterval(timer));
}

function parentOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? "";
  } catch {
    return "";
  }
}
