import { tmpdir } from "node:os";
import { openCappedLog } from "./capped-log.ts";
import { type Child, describeExit, startChild } from "./child.ts";
import { dieWithParent } from "./die-with-parent.ts";
import { PlainError } from "./plain-error.ts";
import { freePort } from "./ports.ts";

/** A Redis of our own, on loopback, in memory only: everything in it can be built again. */
export interface LocalRedis {
  readonly port: number;
  readonly server: Child;
  /** Without the password. */
  readonly url: string;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

interface RedisOptions {
  readonly port?: number;
  readonly password?: string;
  readonly databases?: number;
  readonly logFile: string;
}

const startTimeoutMs = 60_000;
const stopGraceMs = 5_000;
const exitNoRedis = 2;

export async function startRedis(options: RedisOptions): Promise<LocalRedis> {
  const port = options.port ?? (await freePort());
  const ready = Promise.withResolvers<"ready">();
  const log = openCappedLog(options.logFile);
  const server = await startChild({
    name: "Redis",
    command: [...dieWithParent("TERM"), "redis-server", "-"],
    cwd: tmpdir(),
    input: configuration(port, options),
    log,
    onOutput: (text) => {
      if (text.includes("Ready to accept connections")) ready.resolve("ready");
    },
  }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "ENOENT" ? noRedis() : error;
  });
  const tooLate = new Promise<"late">((resolve) => setTimeout(resolve, startTimeoutMs, "late").unref());
  const outcome = await Promise.race([ready.promise, server.exited, tooLate]);
  if (outcome !== "ready") throw await explainFailure(server, outcome, options.logFile);

  const end = async (signal: NodeJS.Signals) => {
    await server.stop(signal, stopGraceMs);
    log.close();
  };
  return { port, server, url: `redis://127.0.0.1:${port}`, stop: () => end("SIGTERM"), kill: () => end("SIGKILL") };
}

function configuration(port: number, { password, databases = 16 }: RedisOptions): string {
  const lines = [
    "bind 127.0.0.1",
    `port ${port}`,
    'save ""',
    "appendonly no",
    `databases ${databases}`,
    "maxmemory 256mb",
    "maxmemory-policy volatile-lru",
    ...(password === undefined ? [] : [`requirepass ${password}`]),
  ];
  return `${lines.join("\n")}\n`;
}

async function explainFailure(server: Child, outcome: "late" | Awaited<Child["exited"]>, logFile: string): Promise<PlainError> {
  if (outcome === "late") {
    await server.stop("SIGTERM", stopGraceMs);
    return new PlainError(`Redis was not ready within ${startTimeoutMs / 1000} s (see ${logFile})`);
  }
  const lastLines = server.log.lastLines().join("\n");
  if (/failed to execute redis-server|redis-server: not found/.test(lastLines)) return noRedis();
  return new PlainError(
    `Redis ${describeExit(outcome)} as it started: ${server.log.lastLines().at(-1) ?? "it said nothing"} (see ${logFile})`,
  );
}

const noRedis = () =>
  new PlainError(
    "There is no redis-server on the PATH: install Redis 6 or newer (`npm run setup` as root does it) and start again.",
    exitNoRedis,
  );
