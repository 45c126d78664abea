import { fork } from "node:child_process";
import path from "node:path";
import { bundledApi } from "../bundled-api.ts";
import type { LocalSystem } from "../local-system.ts";
import { residentMiB } from "../process.ts";
import { startApi } from "../server-process.ts";
import { cpuMsOf } from "./cpu.ts";
import type { PayLoad, PayMessage, PayResult } from "./pay-load.ts";

/** Two API processes as they run in earnest. */
export interface ApiPair {
  readonly ports: readonly number[];
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

export async function startApiPair(env: Readonly<Record<string, string>>): Promise<ApiPair> {
  const program = await bundledApi();
  const processes = await Promise.all([startApi(program, env), startApi(program, env)]);
  return {
    ports: processes.map(({ port }) => port),
    pids: processes.map(({ pid }) => pid),
    stop: async () => void (await Promise.all(processes.map((api) => api.stop()))),
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
