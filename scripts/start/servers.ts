import path from "node:path";
import { type Cluster, startCluster } from "../../app/local/cluster.ts";
import type { Home } from "../../app/local/home.ts";
import { type LocalRedis, startRedis } from "../../app/local/redis.ts";
import { asSuperuser, createDatabase, createRoles, databaseAccess } from "../../app/local/roles.ts";
import type { LocalSecrets } from "../../app/local/secrets.ts";
import type { ServicesFile } from "../../app/local/services-file.ts";

/** Where PostgreSQL and Redis are. The addresses carry no password: the app takes it from its own variable. */
export interface Services {
  readonly databaseUrl: string;
  readonly databasePassword: string;
  readonly ownerUrl: string;
  readonly ownerPassword: string;
  /** With its password; none for a database that is not ours. */
  readonly superuserUrl: string | undefined;
  readonly redisUrl: string;
  readonly redisPassword: string | undefined;
}

export interface Servers {
  readonly services: Services;
  /** Those that we started ourselves. */
  readonly cluster: Cluster | undefined;
  readonly redis: LocalRedis | undefined;
}

const databaseName = "campus";

/** Starts PostgreSQL and Redis, or takes the ones that DATABASE_URL and REDIS_URL name. */
export async function startServers(home: Home, secrets: LocalSecrets, environment: NodeJS.ProcessEnv): Promise<Servers> {
  const [cluster, redis] = await Promise.allSettled([
    environment.DATABASE_URL ? undefined : startOwnCluster(home, secrets),
    environment.REDIS_URL ? undefined : startRedis({ password: secrets.redisPassword, logFile: path.join(home.logs, "redis.log") }),
  ]);
  if (cluster.status === "rejected" || redis.status === "rejected") {
    if (cluster.status === "fulfilled") await cluster.value?.stop();
    if (redis.status === "fulfilled") await redis.value?.stop();
    throw cluster.status === "rejected" ? cluster.reason : (redis as PromiseRejectedResult).reason;
  }
  const services = {
    ...(cluster.value ? ownDatabase(cluster.value, secrets) : givenDatabase(environment)),
    ...(redis.value ? { redisUrl: redis.value.url, redisPassword: secrets.redisPassword } : givenRedis(environment)),
  };
  return { services, cluster: cluster.value, redis: redis.value };
}

async function startOwnCluster(home: Home, secrets: LocalSecrets): Promise<Cluster> {
  const cluster = await startCluster({
    dataFolder: home.dataFolder,
    superuserPassword: secrets.superuserPassword,
    durable: true,
    logFile: path.join(home.logs, "postgres.log"),
  });
  try {
    await asSuperuser(cluster, "postgres", async (client) => {
      await createRoles(client, { owner: secrets.ownerPassword, app: secrets.appPassword });
      await createDatabase(client, databaseName);
    });
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

function ownDatabase(cluster: Cluster, secrets: LocalSecrets) {
  const { appUrl, ownerUrl } = databaseAccess(cluster, databaseName);
  return {
    databaseUrl: appUrl,
    databasePassword: secrets.appPassword,
    ownerUrl,
    ownerPassword: secrets.ownerPassword,
    superuserUrl: cluster.superuserUrl(databaseName),
  };
}

function givenDatabase(environment: NodeJS.ProcessEnv) {
  const app = splitPassword(environment.DATABASE_URL ?? "");
  const owner = splitPassword(environment.MIGRATION_DATABASE_URL || (environment.DATABASE_URL ?? ""));
  const databasePassword = environment.DATABASE_PASSWORD ?? app.password;
  return {
    databaseUrl: app.url,
    databasePassword,
    ownerUrl: owner.url,
    ownerPassword: environment.MIGRATION_DATABASE_PASSWORD ?? (owner.password || databasePassword),
    superuserUrl: undefined,
  };
}

function givenRedis(environment: NodeJS.ProcessEnv) {
  const { url, password } = splitPassword(environment.REDIS_URL ?? "");
  return { redisUrl: url, redisPassword: environment.REDIS_PASSWORD || password || undefined };
}

export const servicesFile = (services: Services): ServicesFile => ({
  database_url: services.databaseUrl,
  database_password: services.databasePassword,
  owner_url: services.ownerUrl,
  owner_password: services.ownerPassword,
  superuser_url: services.superuserUrl ?? null,
  redis_url: services.redisUrl,
  redis_password: services.redisPassword ?? null,
});

export function splitPassword(address: string): { url: string; password: string } {
  const url = new URL(address);
  const password = decodeURIComponent(url.password);
  url.password = "";
  return { url: url.href, password };
}
