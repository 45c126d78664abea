import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { dieWithParent } from "../../app/local/die-with-parent.ts";
import { findHome, type Home, projectRoot } from "../../app/local/home.ts";
import { freePortRow } from "../../app/local/ports.ts";
import type { ServicesFile } from "../../app/local/services-file.ts";
import { portsTaken } from "../start/options.ts";
import type { StartFile } from "../start/start-file.ts";

/** The system as `npm start` brings it up, on free ports and with a data folder of its own. */
export interface StartedSystem {
  readonly baseUrl: string;
  readonly home: Home;
  /** The environment in which the commands of this project find this system. */
  readonly env: NodeJS.ProcessEnv;
  /** start.json as it is now: a process that was killed has another pid afterwards. */
  readStart(): StartFile;
  /** Where PostgreSQL and Redis are, passwords included. */
  readServices(): ServicesFile;
}

export interface RunningSystem extends StartedSystem {
  /** As Ctrl-C does. Returns the exit code. */
  stop(): Promise<number | null>;
  remove(): void;
}

// Two processors that others kept busy took 79 s for the web apps alone.
const startTimeoutMs = 300_000;
const stopTimeoutMs = 60_000;
const pollMs = 100;
const shownLines = 30;

/** A Firebase web app that nobody has: the walks answer for it. */
const webApp = {
  apiKey: "web-key-of-the-walks",
  projectId: "campus-pay-walks",
  appId: "1:123456789012:web:0123456789abcdef012345",
  messagingSenderId: "123456789012",
  vapidKey: Buffer.alloc(65, 4).toString("base64url"),
};

export async function startSystem(signal: AbortSignal, own: NodeJS.ProcessEnv = {}): Promise<RunningSystem> {
  const folder = mkdtempSync(path.join(tmpdir(), "campus-system-"));
  await chmod(folder, 0o755);
  const port = await freePortRow(portsTaken);
  const env = { FCM_WEB_APP: JSON.stringify(webApp), ...process.env, ...own, PORT: String(port), CAMPUS_HOME: path.join(folder, "home") };
  const output = path.join(folder, "output");
  const descriptor = openSync(output, "w", 0o600);
  const [program = "", ...args] = [...dieWithParent("TERM"), process.execPath, "scripts/start.ts"];
  const child = spawn(program, args, { cwd: projectRoot, env, stdio: ["ignore", descriptor, descriptor] });
  closeSync(descriptor);
  const home = findHome(env);
  const system: RunningSystem = {
    baseUrl: `http://127.0.0.1:${port}`,
    home,
    env,
    readStart: () => JSON.parse(readFileSync(home.start, "utf8")) as StartFile,
    readServices: () => JSON.parse(readFileSync(home.services, "utf8")) as ServicesFile,
    stop: () => stopProcess(child),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
  await waitUntilReady(child, output, signal).catch(async (error: unknown) => {
    await system.stop();
    system.remove();
    throw error;
  });
  return system;
}

async function waitUntilReady(child: ChildProcess, output: string, signal: AbortSignal): Promise<void> {
  const deadlineMs = Date.now() + startTimeoutMs;
  const text = () => readFileSync(output, "utf8");
  while (!/^READY http\S+$/m.test(text())) {
    if (signal.aborted) throw new Error("It was stopped before it was ready.");
    const late = Date.now() > deadlineMs;
    if (late || child.exitCode !== null || child.signalCode !== null) {
      const what = late ? `was not ready within ${startTimeoutMs / 1000} s` : "ended before it was ready";
      throw new Error(`npm start ${what}:\n${text().split("\n").slice(-shownLines).join("\n")}`);
    }
    await sleep(pollMs);
  }
}

async function stopProcess(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
  await exited;
  clearTimeout(timer);
  return child.exitCode;
}
