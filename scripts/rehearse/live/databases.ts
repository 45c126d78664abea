import { chownSync, cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Cluster, startCluster } from "../../../app/local/cluster.ts";
import { startRedis } from "../../../app/local/redis.ts";
import { asSuperuser, createDatabase, createRoles } from "../../../app/local/roles.ts";
import type { LocalSecrets } from "../../../app/local/secrets.ts";
import type { Certificates } from "../../machine/certificates.ts";
import type { Place } from "./places.ts";
import { startWires } from "./wires.ts";

const nobody = 65_534;

export type Database = {
  readonly cluster: Cluster;
  /** As Multi-AZ does it: the writer dies, and after a while its standby, which has every commit, answers under the same name. */
  readonly failOver: (awayMs: number) => Promise<void>;
};

/** PostgreSQL at the address of the region's instance: TLS or nothing, as rds.force_ssl says. */
export const startDatabase = async (
  folder: string,
  place: Place,
  secrets: LocalSecrets,
  { certificateFile, keyFile }: Certificates,
): Promise<Database> => {
  const tls = join(folder, "tls");
  mkdirSync(tls, { mode: 0o755 });
  for (const [from, to] of [
    [certificateFile, "server.pem"],
    [keyFile, "server.key"],
  ] as const) {
    cpSync(from, join(tls, to));
    chownSync(join(tls, to), nobody, nobody);
  }
  const options = {
    dataFolder: join(folder, "postgres"),
    superuserPassword: secrets.superuserPassword,
    durable: false,
    logFile: join(folder, "postgres.log"),
    settings: { ssl: "on", ssl_cert_file: join(tls, "server.pem"), ssl_key_file: join(tls, "server.key") },
  };
  const cluster = await startCluster(options);
  await asSuperuser(cluster, "postgres", async (client) => {
    await createRoles(client, { owner: secrets.ownerPassword, app: secrets.appPassword });
    await createDatabase(client, "campus");
  });
  const to = { host: "127.0.0.1", port: cluster.port };
  await startWires(folder, "database", [{ from: { host: place.database, port: 5432 }, to }]);
  let writer = cluster;
  const failOver = async (awayMs: number) => {
    await writer.kill();
    await pause(awayMs);
    writer = await startCluster({ ...options, port: cluster.port });
  };
  return { cluster, failOver };
};

export type Cache = {
  readonly url: string;
  readonly stop: () => Promise<void>;
  /** Another node at the same name, with nothing in it. */
  readonly start: () => Promise<void>;
};

/** Redis with a password, and TLS before it. */
export const startCache = async (folder: string, place: Place, secrets: LocalSecrets, certificate: string): Promise<Cache> => {
  const options = { password: secrets.redisPassword, logFile: join(folder, "redis.log") };
  let redis = await startRedis(options);
  const { port, url } = redis;
  await startWires(folder, "cache", [{ from: { host: place.cache, port: 6379 }, to: { host: "127.0.0.1", port }, certificate }]);
  const start = async () => {
    redis = await startRedis({ ...options, port });
  };
  return { url, stop: () => redis.stop(), start };
};
