import { fork, spawn } from "node:child_process";
import path from "node:path";
import { freePort } from "../../../app/local/ports.ts";
import { bundledApi } from "../bundled-api.ts";
import type { LocalSystem } from "../local-system.ts";
import { answers200, pause, residentMiB } from "../process.ts";
import { cpuMsOf } from "./cpu.ts";
import type { PayLoad, PayMessage, PayResult } from "./pay-load.ts";

/** Two API processes as they run in earnest. */
export interface ApiPair {
  readonly ports: readonly number[];
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

const readyWithinMs = 120_000;

export async function startApiPair(env: Readonly<Record<string, string>>): Promise<ApiPair> {
  const program = await bundledApi();
  const processes = await Promise.all([startApi(program, env), startApi(program, env)]);
  return {
    ports: processes.map(({ port }) => port),
    pids: processes.map(({ pid }) => pid),
    stop: async () => void (await Promise.all(processes.map((api) => api.stop()))),
  };
}

async function startApi(program: string, env: Readonly<Record<string, string>>) {
  const port = await freePort();
  const child = spawn(process.execPath, [program], {
    env: { ...env, PORT: String(port), DRAIN_NOTICE_MS: "0" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const deadlineMs = performance.now() + readyWithinMs;
  while (!(await answers200(`http://127.0.0.1:${port}/ready`))) {
    if (child.exitCode !== null) throw new Error(`The API process ended with code ${child.exitCode}.`);
    if (performance.now() > deadlineMs) {
      child.kill("SIGKILL");
      throw new Error(`The API process was not ready within ${readyWithinMs / 1000} s.`);
    }
    await pause(20);
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

/** CPU time of one payment, by who spent it. */
export interface FlowCpu {
  readonly nodeMs: number;
  readonly postgresMs: number;
  readonly redisMs: number;
}

export interface FlowResult {
  readonly perSecond: number;
  readonly cpu: FlowCpu;
  readonly confirmMs: readonly number[];
  readonly dropped: number;
  readonly memoryMiB: number;
}

const memorySampleMs = 200;

/** Pays from a process of its own and looks at the CPU time of everyone when its window opens and when it closes. */
export async function runFlows(system: LocalSystem, api: ApiPair, load: PayLoad): Promise<FlowResult> {
  const driver = fork(path.join(import.meta.dirname, "pay-driver.ts"), { stdio: ["pipe", "ignore", "inherit", "ipc"] });
  driver.stdin?.end(JSON.stringify(load));
  let memoryMiB = 0;
  const timer = setInterval(() => {
    memoryMiB = Math.max(memoryMiB, ...api.pids.map(residentMiB));
  }, memorySampleMs);
  const spent = () => ({
    nodeMs: api.pids.map(cpuMsOf).reduce((sum, ms) => sum + ms, 0),
    postgresMs: cpuMsOf(system.cluster.server.pid),
    redisMs: cpuMsOf(system.redisPid),
  });
  let before = spent();
  let after = before;
  let result: PayResult | undefined;
  driver.on("message", (message: PayMessage) => {
    if (message.kind === "window opens") before = spent();
    else [after, result] = [spent(), message];
  });
  const code = await new Promise<number | null>((resolve) => driver.once("exit", resolve));
  clearInterval(timer);
  if (code !== 0 || !result) throw new Error(`The payments ended with code ${code}.`);
  const { flows, seconds, confirmMs, dropped } = result;
  return {
    perSecond: flows / seconds,
    cpu: {
      nodeMs: (after.nodeMs - before.nodeMs) / flows,
      postgresMs: (after.postgresMs - before.postgresMs) / flows,
      redisMs: (after.redisMs - before.redisMs) / flows,
    },
    confirmMs: confirmMs.toSorted((one, other) => one - other),
    dropped,
    memoryMiB,
  };
}
