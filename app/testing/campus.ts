import { Redis } from "ioredis";
import { createApp } from "../app.ts";
import { type Identity, openIdentity } from "../identity/identity.ts";
import { hashOtp } from "../identity/otp-code.ts";
import { workerTopics } from "../job-registry.ts";
import { type Live, openLive } from "../live/live.ts";
import type { SentMessage } from "../local/sandbox/message-log.ts";
import { type Sandbox, startSandbox } from "../local/sandbox/server.ts";
import { openPlatform, type Platform } from "../platform/context.ts";
import { type RunningServer, startServer } from "../platform/http/server.ts";
import { deliverDue, fanOutEvents, type Topics } from "../platform/outbox.ts";
import { type Database, openDatabase, sql } from "../platform/postgres.ts";
import { type Api, createApi } from "./api-client.ts";
import { testConfig, testEnvironment } from "./configure.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";
import { createPeople, type People } from "./people.ts";

export interface CampusOptions {
  /** Variables that differ from the test defaults: `{ RATE_LIMIT_SCALE: "1" }`. A function is told where the database and Redis are: for a wire in between. */
  readonly env?: Readonly<Record<string, string>> | ((database: TestDatabase) => Readonly<Record<string, string>>);
}

/** One API process's worth of connections and caches, in this process. */
export interface CampusProcess {
  readonly url: string;
  readonly platform: Platform;
  readonly identity: Identity;
  readonly live: Live;
}

/**
 * A whole campus for one test file: its own database and Redis, two API processes, the sandbox providers and a worker
 * that runs when it is told to.
 */
export interface Campus extends People {
  readonly api: Api;
  readonly processes: readonly [CampusProcess, CampusProcess];
  /** Processes with other settings that run beside the two, as during a release, and are not yet rolled back. */
  readonly released: readonly CampusProcess[];
  /** Starts one; `rollBack` ends it. */
  release(env: Readonly<Record<string, string>>): Promise<CampusProcess & { rollBack(): Promise<void> }>;
  /** The worker's platform: for verbs that only the worker runs. */
  readonly worker: Platform;
  readonly database: TestDatabase;
  readonly env: Readonly<Record<string, string>>;
  /** Runs one statement as the schema's owner and gives its rows, columns in camelCase. */
  sql<Row = Record<string, unknown>>(strings: TemplateStringsArray, ...values: readonly unknown[]): Promise<Row[]>;
  readonly owner: Database;
  readonly redis: Redis;
  readonly sandboxUrl: string;
  /** Delivers what is due in the outbox until nothing is left. Returns how many rows were taken. */
  drainOutbox(): Promise<number>;
  /** What the sandbox was asked to send, newest first. */
  messages(to: string, channel?: "sms" | "push"): Promise<SentMessage[]>;
  /** Asks for a one-time password, lets the worker send it and reads it from the sandbox. */
  requestOtp(phone: string): Promise<string>;
  /** The one-time password of this request, out of all that was sent to its phone: an older one may have come after it. */
  sentOtp(requestId: string): Promise<string>;
  setFaults(faults: Readonly<Record<string, string>>): Promise<void>;
  /** Every log line of the API processes and the worker. */
  readonly logLines: readonly string[];
  end(): Promise<void>;
}

export async function startCampus({ env: own = {} }: CampusOptions = {}): Promise<Campus> {
  const logLines: string[] = [];
  const writeLog = (line: string) => void logLines.push(line);
  const [database, sandbox] = await Promise.all([createTestDatabase(), startSandbox({ port: 0, gatewayKey: gatewayKey() })]);
  const env = testEnvironment({ ...database.env, SANDBOX_URL: sandbox.url, ...(typeof own === "function" ? own(database) : own) });
  const [first, second] = await Promise.all([startProcess(env, writeLog), startProcess(env, writeLog)]);
  const worker = await openPlatform(testConfig(env), { process: "worker", writeLog });
  const topics = await workerTopics(worker);
  const owner = openOwner(database, worker);
  const redis = new Redis(env.REDIS_URL ?? database.redisUrl, { lazyConnect: true, maxRetriesPerRequest: 1 });
  redis.on("error", () => undefined);
  const api = createApi([first.url, second.url]);
  const released: (CampusProcess & { end(): Promise<void> })[] = [];

  return {
    api,
    processes: [first, second],
    released,
    async release(other) {
      const process = await startProcess({ ...env, ...other }, writeLog);
      released.push(process);
      return {
        ...process,
        async rollBack() {
          released.splice(released.indexOf(process), 1);
          await process.end();
        },
      };
    },
    worker,
    database,
    env,
    owner,
    redis,
    sandboxUrl: sandbox.url,
    logLines,
    sql: <Row>(strings: TemplateStringsArray, ...values: readonly unknown[]) => owner.rows<Row>(sql(strings, ...values)),
    ...createPeople({ owner, identity: first.identity, api }),
    drainOutbox: () => drainOutbox(worker, topics),
    messages: (to, channel = "sms") => readMessages(sandbox, to, channel),
    async requestOtp(phone) {
      const asked = await api<{ request_id: string }>("POST", "/auth/request-otp", { body: { phone } });
      if (asked.status !== 200) throw new Error(`The request for a one-time password was answered ${asked.status}: ${asked.text}`);
      await drainOutbox(worker, topics);
      return sentOtp({ owner, sandbox, env }, asked.body.request_id);
    },
    sentOtp: (requestId) => sentOtp({ owner, sandbox, env }, requestId),
    setFaults: (faults) => setFaults(sandbox, faults),
    async end() {
      redis.disconnect();
      await Promise.all([first.end(), second.end(), ...released.map((one) => one.end()), worker.end(), owner.end()]);
      await Promise.all([database.drop(), sandbox.close()]);
    },
  };
}

const gatewayKey = () => ({ id: "rzp_test_sandbox", secret: testEnvironment({}).GATEWAY_KEY_SECRET ?? "" });

async function startProcess(
  env: Readonly<Record<string, string>>,
  writeLog: (line: string) => void,
): Promise<CampusProcess & { end(): Promise<void> }> {
  const platform = await openPlatform(testConfig(env), { process: "api", writeLog });
  const identity = await openIdentity(platform);
  const live = openLive(platform);
  const server: RunningServer = await startServer(platform, createApp({ platform, identity, live, isDraining: () => false }));
  return {
    url: server.url,
    platform,
    identity,
    live,
    async end() {
      live.drain();
      await server.close();
      live.end();
      identity.end();
      await platform.end();
    },
  };
}

const ownerPoolSize = 3;

function openOwner(database: TestDatabase, { config, log }: Platform): Database {
  const password = async () => database.env.MIGRATION_DATABASE_PASSWORD;
  return openDatabase({
    url: database.ownerUrl,
    password,
    freshPassword: password,
    poolSize: ownerPoolSize,
    connectTimeoutMs: config.DATABASE_CONNECT_TIMEOUT_MS,
    statementTimeoutMs: config.DATABASE_STATEMENT_TIMEOUT_MS,
    lockTimeoutMs: config.DATABASE_LOCK_TIMEOUT_MS,
    idleInTransactionTimeoutMs: config.DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS,
    ca: undefined,
    applicationName: "campus-test-owner",
    log,
  });
}

const maxRounds = 1_000;

async function drainOutbox(worker: Platform, topics: Topics): Promise<number> {
  let taken = 0;
  for (let round = 0; round < maxRounds; round += 1) {
    const rows = (await fanOutEvents(worker)) + (await deliverDue(worker, topics, () => undefined));
    if (rows === 0) return taken;
    taken += rows;
  }
  throw new Error(`The outbox still had due rows after ${maxRounds} rounds.`);
}

async function readMessages(sandbox: Sandbox, to: string, channel: "sms" | "push"): Promise<SentMessage[]> {
  const query = new URLSearchParams({ to, channel, limit: "100" });
  const answer = await fetch(`${sandbox.url}/sandbox/messages?${query}`);
  return ((await answer.json()) as { items: SentMessage[] }).items;
}

interface OtpParts {
  readonly owner: Database;
  readonly sandbox: Sandbox;
  readonly env: Readonly<Record<string, string>>;
}

/** Rows of one batch are delivered at once and a failed one comes back later, so the newest message may hold another request's code. */
async function sentOtp({ owner, sandbox, env }: OtpParts, requestId: string): Promise<string> {
  const asked = await owner.row<{ phone: string; codeHash: Buffer }>(sql`select phone, code_hash from otps where id = ${requestId}`);
  if (!asked) throw new Error("Nobody asked for a one-time password by this id, or it was over the budget of strangers.");
  const sent = (await readMessages(sandbox, asked.phone, "sms")).flatMap(({ data }) => data.otp ?? []);
  const otp = sent.find((code) => hashOtp(env.SEAL_KEY ?? "", asked.phone, code).equals(asked.codeHash));
  if (otp === undefined) throw new Error("This one-time password was not sent to its phone.");
  return otp;
}

async function setFaults(sandbox: Sandbox, faults: Readonly<Record<string, string>>): Promise<void> {
  const answer = await fetch(`${sandbox.url}/sandbox/faults`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(faults),
  });
  if (!answer.ok) throw new Error(`The sandbox refused the faults: ${await answer.text()}`);
}
