import { chownSync, cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Cluster, type ClusterOptions, startCluster } from "../../../app/local/cluster.ts";
import { type LocalRedis, startRedis } from "../../../app/local/redis.ts";
import { asSuperuser, createDatabase, createRoles } from "../../../app/local/roles.ts";
import type { LocalSecrets } from "../../../app/local/secrets.ts";
import type { Certificates } from "../../machine/certificates.ts";
import type { Place } from "./places.ts";
import { startWires } from "./wires.ts";

const nobody = 65_534;

/** Where PostgreSQL reads its certificate, and a copy the authority that it checks its source by. */
export type TlsFiles = { readonly certificate: string; readonly key: string; readonly authority: string };

export const tlsFilesOf = (folder: string, { certificateFile, keyFile }: Certificates): TlsFiles => {
  const tls = join(folder, "tls");
  mkdirSync(tls, { mode: 0o755 });
  const placed = (from: string, name: string): string => {
    const to = join(tls, name);
    cpSync(from, to);
    chownSync(to, nobody, nobody);
    return to;
  };
  return {
    certificate: placed(certificateFile, "server.pem"),
    key: placed(keyFile, "server.key"),
    authority: placed(join(folder, "authority.pem"), "authority.pem"),
  };
};

/** A server of this name: TLS or nothing, as rds.force_ssl says. */
export const serverOptions = (folder: string, name: string, secrets: LocalSecrets, tls: TlsFiles): ClusterOptions => ({
  dataFolder: join(folder, name),
  superuserPassword: secrets.superuserPassword,
  durable: false,
  logFile: join(folder, `${name}.log`),
  // A copy that is made under load finds what was written since it began.
  settings: { ssl: "on", ssl_cert_file: tls.certificate, ssl_key_file: tls.key, wal_keep_size: "1GB" },
});

export type Database = {
  readonly cluster: Cluster;
  /** As Multi-AZ does it: the writer dies, and after a while its standby, which has every commit, answers under the same name. */
  readonly failOver: (awayMs: number) => Promise<void>;
};

/** PostgreSQL with the app's roles and an empty database. */
export const startDatabase = async (options: ClusterOptions, secrets: LocalSecrets): Promise<Database> => {
  const cluster = await startCluster(options);
  await asSuperuser(cluster, "postgres", async (client) => {
    await createRoles(client, { owner: secrets.ownerPassword, app: secrets.appPassword });
    await createDatabase(client, "campus");
  });
  let writer = cluster;
  const failOver = async (awayMs: number) => {
    await writer.kill();
    await pause(awayMs);
    writer = await startCluster({ ...options, port: cluster.port });
  };
  return { cluster, failOver };
};

export type Cache = Pick<LocalRedis, "port" | "url" | "stop"> & {
  /** Another node at the same name, with nothing in it. */
  readonly start: () => Promise<void>;
};

/** From a region's endpoint to a server; gone when the carrier is killed, and whoever was connected with it. */
export const carryTo = (cluster: Cluster, folder: string, { place, database }: Place) =>
  startWires(folder, `${place}-database`, [{ from: { host: database, port: 5432 }, to: { host: "127.0.0.1", port: cluster.port } }]);

/** Redis with a password, and TLS before it. */
export const startCache = async (folder: string, { place, cache }: Place, secrets: LocalSecrets, certificate: string): Promise<Cache> => {
  const options = { password: secrets.redisPassword, logFile: join(folder, `${place}-redis.log`) };
  let redis = await startRedis(options);
  const { port, url } = redis;
  await startWires(folder, `${place}-cache`, [{ from: { host: cache, port: 6379 }, to: { host: "127.0.0.1", port }, certificate }]);
  const start = async () => {
    redis = await startRedis({ ...options, port });
  };
  return { port, url, stop: () => redis.stop(), start };
};
