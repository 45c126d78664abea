import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Cluster, startCluster } from "../../app/local/cluster.ts";
import { type LocalRedis, startRedis } from "../../app/local/redis.ts";
import { asSuperuser, createDatabase, createRoles, databaseAccess } from "../../app/local/roles.ts";
import { readOrMakeSecrets } from "../../app/local/secrets.ts";
import { type CommitCutter, startCommitCutter } from "../../app/testing/proof/commit-cutter.ts";
import { startTcpProxy, type TcpProxy } from "../../app/testing/tcp-proxy.ts";
import { type RunningSystem, startSystem } from "../test/started-system.ts";

/** The whole system as `npm start` brings it up, on servers that can be killed and wires that can be cut. All on loopback. */
export interface Place {
  readonly system: RunningSystem;
  readonly postgresWire: CommitCutter;
  readonly redisWire: TcpProxy;
  readonly redisPassword: string;
  /** Straight to the servers, past the wires. */
  redisUrl(): string;
  superuserUrl(): string;
  killPostgres(): Promise<void>;
  startPostgres(): Promise<void>;
  killRedis(): Promise<void>;
  startRedis(): Promise<void>;
  end(): Promise<void>;
}

const database = "campus";

export async function openPlace(signal: AbortSignal, own: Readonly<Record<string, string>>): Promise<Place> {
  const folder = await mkdtemp(path.join(tmpdir(), "campus-load-"));
  await chmod(folder, 0o755);
  const undo: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })];
  const end = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return await assemble({ folder, signal, own, undo, end });
  } catch (error) {
    await end();
    throw error;
  }
}

interface Assembly {
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly own: Readonly<Record<string, string>>;
  readonly undo: (() => unknown)[];
  end(): Promise<void>;
}

async function assemble({ folder, signal, own, undo, end }: Assembly): Promise<Place> {
  const secrets = readOrMakeSecrets(path.join(folder, "secrets.json"));
  const startServer = (port?: number): Promise<Cluster> =>
    startCluster({
      dataFolder: path.join(folder, "postgres"),
      superuserPassword: secrets.superuserPassword,
      durable: true,
      logFile: path.join(folder, "postgres.log"),
      ...(port === undefined ? {} : { port }),
    });
  const startCache = (port?: number): Promise<LocalRedis> =>
    startRedis({ password: secrets.redisPassword, logFile: path.join(folder, "redis.log"), ...(port === undefined ? {} : { port }) });
  let cluster = await startServer();
  undo.push(() => cluster.stop());
  let redis = await startCache();
  undo.push(() => redis.stop());
  await asSuperuser(cluster, "postgres", async (client) => {
    await createRoles(client, { owner: secrets.ownerPassword, app: secrets.appPassword });
    await createDatabase(client, database);
  });
  const postgresWire = await startCommitCutter(cluster.port);
  undo.push(() => postgresWire.stop());
  const redisWire = await startTcpProxy(redis.port);
  undo.push(() => redisWire.stop());
  const access = databaseAccess(cluster, database);
  const system = await startSystem(signal, {
    DATABASE_URL: access.appUrl.replace(`:${cluster.port}/`, `:${postgresWire.port}/`),
    DATABASE_PASSWORD: secrets.appPassword,
    MIGRATION_DATABASE_URL: access.ownerUrl,
    MIGRATION_DATABASE_PASSWORD: secrets.ownerPassword,
    REDIS_URL: `redis://127.0.0.1:${redisWire.port}`,
    REDIS_PASSWORD: secrets.redisPassword,
    METRICS_EMF_SECONDS: "1",
    RATE_LIMIT_SCALE: "100000",
    ...own,
  });
  undo.push(() => system.remove());
  undo.push(() => system.stop());
  return {
    system,
    postgresWire,
    redisWire,
    redisPassword: secrets.redisPassword,
    redisUrl: () => redis.url,
    superuserUrl: () => cluster.superuserUrl(database),
    killPostgres: () => cluster.kill(),
    startPostgres: async () => {
      cluster = await startServer(cluster.port);
    },
    killRedis: () => redis.kill(),
    startRedis: async () => {
      redis = await startCache(redis.port);
    },
    end,
  };
}
