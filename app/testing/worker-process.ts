import { spawn } from "node:child_process";
import path from "node:path";
import type { WorkerKind } from "../platform/jobs.ts";

/** A real worker process, that can be killed at any moment. */
export interface WorkerProcess {
  /** Once it says that it works. */
  readonly working: Promise<void>;
  readonly pid: number;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Of both kinds unless told. */
export function startWorkerProcess(env: Readonly<Record<string, string>>, ...kinds: readonly WorkerKind[]): WorkerProcess {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "../worker.ts"), ...kinds], {
    env: { PATH: process.env.PATH, TZ: "UTC", ...env, LOG_LEVEL: "info" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const working = new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      if (chunk.includes('"msg":"working"')) resolve();
    });
    child.once("exit", (code) => reject(new Error(`The worker ended with code ${code} before it worked.`)));
  });
  // Whoever kills it early does not wait for it.
  working.catch(() => undefined);
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await exited;
  };
  return { working, pid: child.pid ?? 0, kill: () => end("SIGKILL"), stop: () => end("SIGTERM") };
}
