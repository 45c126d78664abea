import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Redis } from "ioredis";
import type pg from "pg";
import { type Identity, openIdentity } from "../../identity/identity.ts";
import { type CappedLog, openCappedLog } from "../../local/capped-log.ts";
import { type Child, startChild } from "../../local/child.ts";
import { dieWithParent } from "../../local/die-with-parent.ts";
import { freePort } from "../../local/ports.ts";
import { type LocalRedis, startRedis } from "../../local/redis.ts";
import { type Sandbox, startSandbox } from "../../local/sandbox/server.ts";
import { openPlatform, type Platform } from "../../platform/context.ts";
import { type Database, sql } from "../../platform/postgres.ts";
import { type Api, createApi } from "../api-client.ts";
import { testConfig, testEnvironment } from "../configure.ts";
import { createMoney, type Money } from "../money.ts";
import { createPeople, type People } from "../people.ts";
import { until } from "../platform.ts";
import { type CommitCutter, startCommitCutter } from "./commit-cutter.ts";
import { killSession, openOwner, openPostgres } from "./real-postgres.ts";

/** A process of the product that can be killed and started again at the same address. */
export interface RealProcess {
  readonly name: string;
  readonly url: string;
  isRunning(): boolean;
  /** The end of what it logged. */
  lastLines(): readonly string[];
  start(): Promise<void>;
  /** kill -9: nothing is finished, nobody is told. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * The product as it runs: two API processes and a worker of their own, their connections to a durable PostgreSQL
 * through a wire that can be cut, a Redis, and the stand-ins. Everything in it may be killed.
 */
export interface RealCampus extends People, Money {
  readonly api: Api;
  readonly processes: readonly [RealProcess, RealProcess];
  readonly worker: RealProcess;
  readonly cutter: CommitCutter;
  readonly redis: Redis;
  /** Straight to the database, as the schema's owner. */
  readonly owner: Database;
  sql<Row = Record<string, unknown>>(strings: TemplateStringsArray, ...values: readonly unknown[]): Promise<Row[]>;
  readonly sandboxUrl: string;
  readonly env: Readonly<Record<string, string>>;
  /** One statement as the superuser, on a connection of its own. */
  asSuperuser<R extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<R[]>;
  /** kill -9 of one session of the application: PostgreSQL then ends all of them and recovers. False where it had none. */
  killSession(pick: (sessions: number) => number): Promise<boolean>;
  killPostgres(): Promise<void>;
  startPostgres(): Promise<void>;
  end(): Promise<void>;
}

interface RealCampusOptions {
  /** Variables for all processes, and some for one API process alone. */
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly [string, string];
}

const stopGraceMs = 10_000;
const readyWithinMs = 30_000;
const projectRoot = path.join(import.meta.dirname, "..", "..", "..");

export async function startRealCampus({ env: own = {}, nodeOptions = ["", ""] }: RealCampusOptions = {}): Promise<RealCampus> {
  const folder = await mkdtemp(path.join(tmpdir(), "campus-proof-"));
  await chmod(folder, 0o755);
  const undo: (() => Promise<unknown> | unknown)[] = [() => rm(folder, { recursive: true, force: true })];
  const end = async () => {
    for (const step of undo.reverse()) await step();
  };
  try {
    return await assemble({ folder, own, nodeOptions, undo, end });
  } catch (error) {
    await end();
    throw error;
  }
}

interface Assembly {
  readonly folder: string;
  readonly own: Readonly<Record<string, string>>;
  readonly nodeOptions: readonly [string, string];
  readonly undo: (() => Promise<unknown> | unknown)[];
  end(): Promise<void>;
}

async function assemble({ folder, own, nodeOptions, undo, end }: Assembly): Promise<RealCampus> {
  const postgres = await openPostgres(folder);
  undo.push(() => postgres.stop());
  const redisServer: LocalRedis = await startRedis({ logFile: path.join(folder, "redis.log") });
  undo.push(() => redisServer.stop());
  const cutter = await startCommitCutter(postgres.port);
  undo.push(() => cutter.stop());
  const gatewaySecret = testEnvironment({}).GATEWAY_KEY_SECRET ?? "";
  const sandbox: Sandbox = await startSandbox({ port: 0, gatewayKey: { id: "rzp_test_sandbox", secret: gatewaySecret } });
  undo.push(() => sandbox.close());
  const env = testEnvironment({
    DATABASE_URL: postgres.appUrl.replace(`:${postgres.port}/`, `:${cutter.port}/`),
    DATABASE_PASSWORD: postgres.appPassword,
    REDIS_URL: redisServer.url,
    SANDBOX_URL: sandbox.url,
    RATE_LIMIT_SCALE: "100000",
    LOG_LEVEL: "warn",
    ...own,
  });
  const owner = openOwner(postgres, env);
  undo.push(() => owner.end());
  const platform: Platform = await openPlatform(testConfig({ ...env, DATABASE_URL: postgres.appUrl }), {
    process: "proof",
    writeLog: () => undefined,
  });
  undo.push(() => platform.end());
  const identity: Identity = await openIdentity(platform);
  undo.push(() => identity.end());
  const redis = new Redis(redisServer.url, { maxRetriesPerRequest: 1 });
  redis.on("error", () => undefined);
  undo.push(() => redis.disconnect());

  const [first, second, worker] = await Promise.all([
    prepareProcess({ script: "app/main.ts", name: "api-1", env, folder, nodeOptions: nodeOptions[0] }),
    prepareProcess({ script: "app/main.ts", name: "api-2", env, folder, nodeOptions: nodeOptions[1] }),
    prepareProcess({ script: "app/worker.ts", name: "worker", env, folder, nodeOptions: "" }),
  ]);
  undo.push(() => Promise.all([first.stop(), second.stop(), worker.stop()]));
  await Promise.all([first.start(), second.start(), worker.start()]);
  const api = createApi([first.url, second.url]);
  const people = createPeople({ owner, identity, api });
  return {
    ...people,
    ...createMoney({ ...people, owner, api, env, identity }),
    api,
    processes: [first, second],
    worker,
    cutter,
    redis,
    owner,
    sql: <Row>(strings: TemplateStringsArray, ...values: readonly unknown[]) => owner.rows<Row>(sql(strings, ...values)),
    sandboxUrl: sandbox.url,
    env,
    asSuperuser: (text, values) => postgres.query(text, values),
    killSession: (pick) => killSession(postgres, pick),
    killPostgres: () => postgres.kill(),
    startPostgres: () => postgres.start(),
    end,
  };
}

interface ProcessOptions {
  readonly script: string;
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly nodeOptions: string;
}

async function prepareProcess({ script, name, env, folder, nodeOptions }: ProcessOptions): Promise<RealProcess> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const log: CappedLog = openCappedLog(path.join(folder, `${name}.log`));
  let child: Child | undefined;
  const isServer = script.endsWith("main.ts");
  return {
    name,
    url,
    isRunning: () => child?.isRunning() ?? false,
    lastLines: () => log.lastLines(),
    async start() {
      child = await startChild({
        name,
        command: [...dieWithParent("TERM"), process.execPath, script],
        cwd: projectRoot,
        env: {
          PATH: process.env.PATH,
          TZ: "UTC",
          ...env,
          PORT: String(port),
          ...(nodeOptions === "" ? {} : { NODE_OPTIONS: nodeOptions }),
        },
        log,
      });
      if (isServer) await untilReady(url, child, log);
    },
    async kill() {
      await child?.stop("SIGKILL", stopGraceMs);
    },
    async stop() {
      await child?.stop("SIGTERM", stopGraceMs);
      log.close();
    },
  };
}

const untilReady = (url: string, child: Child, log: CappedLog) =>
  until(
    `${child.name} is ready`,
    async () => {
      if (!child.isRunning()) throw new Error(`${child.name} ended:\n${log.lastLines().join("\n")}`);
      return fetch(`${url}/ready`).then(
        (answer) => answer.ok,
        () => false,
      );
    },
    readyWithinMs,
  );
