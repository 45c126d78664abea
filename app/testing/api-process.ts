import { spawn } from "node:child_process";
import path from "node:path";
import { until } from "./platform.ts";

/** A real API process, as the service manager starts it. */
export interface ApiProcess {
  readonly url: string;
  readonly pid: number;
  /** What it wrote, oldest first. */
  readonly lines: readonly string[];
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  signal(signal: NodeJS.Signals): void;
}

// As long as PostgreSQL and Redis have.
const startWithinMs = 60_000;

export async function startApiProcess(env: Readonly<Record<string, string>>): Promise<ApiProcess> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "../main.ts")], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  let rest = "";
  const read = (chunk: Buffer) => {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
  };
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.once("close", (code, signal) => resolve({ code, signal })),
  );
  const isListening = () => {
    if (child.exitCode !== null) throw new Error(`The process ended with code ${child.exitCode}: ${lines.join("\n")}`);
    return lines.find((line) => line.includes('"msg":"listening"'));
  };
  const listening = await until("the process listens", isListening, startWithinMs).catch((error: unknown) => {
    child.kill("SIGKILL");
    throw error;
  });
  return {
    url: (JSON.parse(listening) as { url: string }).url,
    pid: child.pid ?? 0,
    lines,
    exited,
    signal: (signal) => void child.kill(signal),
  };
}
