import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Cluster, startCluster } from "../../app/local/cluster.ts";
import { startRedis } from "../../app/local/redis.ts";
import { asSuperuser, createDatabase, createRoles, databaseAccess } from "../../app/local/roles.ts";
import { readOrMakeSecrets } from "../../app/local/secrets.ts";
import { migrate } from "../../app/migrate.ts";

/** A PostgreSQL, a Redis and an environment of their own, gone when the benchmark ends. */
export interface LocalSystem {
  readonly cluster: Cluster;
  readonly redisPid: number;
  readonly database: string;
  readonly ownerUrl: string;
  readonly ownerPassword: string;
  /** For the app's processes. Limits are raised so far that none is met. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export async function startLocalSystem({ durable }: { readonly durable: boolean }): Promise<LocalSystem> {
  const folder = await mkdtemp(path.join(tmpdir(), "campus-bench-"));
  await chmod(folder, 0o755);
  const secrets = readOrMakeSecrets(path.join(folder, "secrets.json"));
  const dataFolder = path.join(folder, "postgres");
  const [cluster, redis] = await Promise.all([
    startCluster({ dataFolder, superuserPassword: secrets.superuserPassword, durable, logFile: path.join(folder, "postgres.log") }),
    startRedis({ password: secrets.redisPassword, logFile: path.join(folder, "redis.log") }),
  ]);
  const stop = async () => {
    await Promise.all([cluster.stop(), redis.stop()]);
    await rm(folder, { recursive: true, force: true });
  };
  const database = "campus";
  const access = databaseAccess(cluster, database);
  try {
    await asSuperuser(cluster, "postgres", async (client) => {
      await createRoles(client, { owner: secrets.ownerPassword, app: secrets.appPassword });
      await createDatabase(client, database);
    });
    await migrate(access.ownerUrl, secrets.ownerPassword);
  } catch (error) {
    await stop();
    throw error;
  }
  const env = {
    ...secrets.app,
    PATH: process.env.PATH ?? "",
    TZ: "UTC",
    CAMPUS_ENV: "sandbox",
    COOKIE_SECURE: "false",
    RATE_LIMIT_SCALE: "100000",
    STAFF_SECOND_FACTOR: "optional",
    PORT: "0",
    PUBLIC_URL: "http://127.0.0.1:8080",
    // On a busy machine a wait is part of what is measured, and no answer of its own.
    DATABASE_CONNECT_TIMEOUT_MS: "60000",
    DATABASE_URL: access.appUrl,
    DATABASE_PASSWORD: secrets.appPassword,
    REDIS_URL: redis.url,
    REDIS_PASSWORD: secrets.redisPassword,
  };
  return { cluster, redisPid: redis.server.pid, database, ownerUrl: access.ownerUrl, ownerPassword: secrets.ownerPassword, env, stop };
}
