import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../../app/local/home.ts";
import { freePort } from "../../app/local/ports.ts";
import { answers200, pause } from "./process.ts";

/** A program that serves on a port of this machine, from when it is ready. */
export interface ServerProcess {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

interface Options {
  /** "The API process", as errors speak of it. */
  readonly called: string;
  readonly command: readonly [program: string, ...args: string[]];
  readonly cwd?: string;
  readonly env: NodeJS.ProcessEnv;
  /** Where it listens once it is started so. */
  readonly port: number;
  /** Answers 200 when it is ready. */
  readonly readyPath?: string;
  readonly lookEveryMs?: number;
}

const readyWithinMs = 120_000;

export async function startServerProcess({
  called,
  command: [program, ...args],
  cwd,
  env,
  port,
  readyPath = "/ready",
  lookEveryMs = 20,
}: Options): Promise<ServerProcess> {
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", "ignore", "inherit"] });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.once("error", (error) => console.error(`${called}: ${error.message}`));
  const deadlineMs = performance.now() + readyWithinMs;
  while (!(await answers200(`http://127.0.0.1:${port}${readyPath}`))) {
    if (child.exitCode !== null || child.pid === undefined) throw new Error(`${called} ended with code ${child.exitCode}.`);
    if (performance.now() > deadlineMs) {
      child.kill("SIGKILL");
      throw new Error(`${called} was not ready within ${readyWithinMs / 1_000} s.`);
    }
    await pause(lookEveryMs);
  }
  return {
    port,
    pid: child.pid ?? 0,
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

const apiUnit = path.join(projectRoot, "app/host/files/units/campus-pay-api@.service");

/** What Node is told on a machine. */
const flagsOfUnit = (): string[] =>
  [...(/^ExecStart=.*/m.exec(readFileSync(apiUnit, "utf8"))?.[0] ?? "").matchAll(/ (--\S+)/g)].map(([, flag = ""]) => flag);

/** One API process as it runs in earnest, which waits for nobody when it is to end. */
export async function startApi(program: string, env: Readonly<Record<string, string>>, lookEveryMs?: number): Promise<ServerProcess> {
  const port = await freePort();
  return startServerProcess({
    called: "The API process",
    command: [process.execPath, ...flagsOfUnit(), program],
    env: { ...env, PORT: String(port), DRAIN_NOTICE_MS: "0" },
    port,
    ...(lookEveryMs !== undefined && { lookEveryMs }),
  });
}
