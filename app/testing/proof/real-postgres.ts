import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import type pg from "pg";
import { type Cluster, startCluster } from "../../local/cluster.ts";
import { freePort } from "../../local/ports.ts";
import { asSuperuser, createDatabase, createRoles, databaseAccess } from "../../local/roles.ts";
import { migrate } from "../../migrate.ts";
import { type Database, openDatabase } from "../../platform/postgres.ts";
import { testConfig } from "../configure.ts";
import { until } from "../platform.ts";

const databaseName = "campus";
const startWithinMs = 30_000;
const ownerPoolSize = 4;

export interface RealPostgres {
  readonly port: number;
  readonly appUrl: string;
  readonly ownerUrl: string;
  readonly appPassword: string;
  readonly ownerPassword: string;
  query<R extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<R[]>;
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A PostgreSQL with fsync on, so that what was acknowledged is there after a crash. */
export async function openPostgres(folder: string): Promise<RealPostgres> {
  const port = await freePort();
  const options = {
    dataFolder: path.join(folder, "postgres"),
    superuserPassword: newPassword(),
    port,
    durable: true,
    logFile: path.join(folder, "postgres.log"),
  };
  let cluster: Cluster = await startCluster(options);
  const passwords = { owner: newPassword(), app: newPassword() };
  await asSuperuser(cluster, "postgres", async (client) => {
    await createRoles(client, passwords);
    await createDatabase(client, databaseName);
  });
  const { appUrl, ownerUrl } = databaseAccess(cluster, databaseName);
  await migrate(ownerUrl, passwords.owner);
  return {
    port,
    appUrl,
    ownerUrl,
    appPassword: passwords.app,
    ownerPassword: passwords.owner,
    query: <R extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) =>
      asSuperuser(cluster, databaseName, async (client) => (await client.query<R>(text, [...values])).rows),
    kill: () => cluster.kill(),
    async start() {
      // The killed server's own processes may hold the data folder for a moment.
      cluster = await until("PostgreSQL starts again", () => startCluster(options).catch(() => undefined), startWithinMs);
    },
    stop: () => cluster.stop(),
  };
}

export async function killSession(postgres: RealPostgres, pick: (sessions: number) => number): Promise<boolean> {
  const sessions = await postgres.query<{ pid: number }>("select pid from pg_stat_activity where usename = 'campus_app'");
  const pid = sessions[pick(sessions.length)]?.pid;
  if (pid === undefined || !isPostgres(pid)) return false;
  process.kill(pid, "SIGKILL");
  return true;
}

/** The session may have ended since it was listed, and its number may be somebody else's by now. */
function isPostgres(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("postgres:");
  } catch {
    return false;
  }
}

const newPassword = () => randomBytes(24).toString("base64url");

export function openOwner(postgres: RealPostgres, env: Readonly<Record<string, string>>): Database {
  const { DATABASE_CONNECT_TIMEOUT_MS, DATABASE_LOCK_TIMEOUT_MS, DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS } = testConfig(env);
  const password = async () => postgres.ownerPassword;
  return openDatabase({
    url: postgres.ownerUrl,
    password,
    freshPassword: password,
    poolSize: ownerPoolSize,
    connectTimeoutMs: DATABASE_CONNECT_TIMEOUT_MS,
    statementTimeoutMs: 60_000,
    lockTimeoutMs: DATABASE_LOCK_TIMEOUT_MS,
    idleInTransactionTimeoutMs: DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS,
    ca: undefined,
    applicationName: "campus-proof-owner",
    log: { warn: () => undefined },
  });
}
