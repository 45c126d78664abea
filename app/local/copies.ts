// A database that follows another one, made while that one writes: what pg_basebackup does, which is not beside the embedded server.
import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { appendFile, copyFile, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Cluster, type ClusterOptions, startCluster, superuser } from "./cluster.ts";
import { asSuperuser, type Superuser } from "./roles.ts";

const promotedWithinSeconds = 60;

/** Of this server alone, or fetched from the source: a copy begins without them. */
const leftOut = new Set(["pg_wal", "pg_replslot", "postmaster.pid", "postmaster.opts", "standby.signal", "backup_label"]);

/** The source's address, and the file of the authority that its certificate is checked by; without one, on loopback, there is no TLS. */
export interface Source {
  readonly cluster: Superuser;
  readonly host: string;
  readonly port: number;
  readonly authority?: string;
}

export const startCopy = async ({ cluster, host, port, authority }: Source, options: ClusterOptions): Promise<Cluster> => {
  const { dataFolder, superuserPassword } = options;
  rmSync(dataFolder, { recursive: true, force: true });
  mkdirSync(dataFolder, { mode: 0o700 });
  const tls = authority === undefined ? "sslmode=disable" : `sslmode=verify-ca sslrootcert=${authority}`;
  const source = `host=${host} port=${port} user=${superuser} password=${superuserPassword} ${tls}`;
  return asSuperuser(cluster, "postgres", async (client) => {
    // As long as this session lasts the source keeps the log that the copy has yet to fetch; a checkpoint would throw it away.
    await client.query("select pg_create_physical_replication_slot($1, true, true)", [`copy_${randomUUID().replaceAll("-", "")}`]);
    await client.query("select pg_backup_start('copy', true)");
    await copyFolder(cluster.dataFolder, dataFolder, leftOut);
    const { rows } = await client.query<{ labelfile: string }>("select labelfile from pg_backup_stop(false)");
    for (const folder of ["pg_wal", "pg_replslot"]) await mkdir(join(dataFolder, folder), { mode: 0o700 });
    await writeFile(join(dataFolder, "backup_label"), rows[0]?.labelfile ?? "");
    await writeFile(join(dataFolder, "standby.signal"), "");
    await appendFile(join(dataFolder, "postgresql.auto.conf"), `primary_conninfo = '${source}'\n`);
    return startCluster(options);
  });
};

/** The server goes on meanwhile: what is gone when its turn comes is not needed. */
const copyFolder = async (from: string, to: string, without: ReadonlySet<string> = new Set()): Promise<void> => {
  for (const entry of (await readdir(from, { withFileTypes: true }).catch(unlessGone)) ?? []) {
    if (without.has(entry.name)) continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      await mkdir(target, { mode: 0o700 });
      await copyFolder(source, target);
    } else await copyFile(source, target).catch(unlessGone);
  }
};

const unlessGone = (error: NodeJS.ErrnoException): void => {
  if (error.code !== "ENOENT") throw error;
};

/** From a copy to a writer. One way. */
export const promoteCopy = (copy: Cluster): Promise<void> =>
  asSuperuser(copy, "postgres", async (client) => {
    const { rows } = await client.query<{ done: boolean }>("select pg_promote(true, $1) as done", [promotedWithinSeconds]);
    if (!rows[0]?.done) throw new Error(`a copy was not promoted within ${promotedWithinSeconds} s.`);
  });

/** How many follow this server now. */
export const followersOf = (source: Cluster): Promise<number> =>
  asSuperuser(source, "postgres", async (client) => {
    const { rows } = await client.query<{ n: number }>("select count(*)::int as n from pg_stat_replication where state = 'streaming'");
    return rows[0]?.n ?? 0;
  });

/** Nothing reaches the copies any more, though nothing says so: whatever sends to them (these processes) stands still, and outlives its server. */
export const holdBack = (source: Cluster): Promise<readonly number[]> =>
  asSuperuser(source, "postgres", async (client) => {
    const { rows } = await client.query<{ pid: number }>("select pid from pg_stat_replication");
    for (const { pid } of rows) process.kill(pid, "SIGSTOP");
    return rows.map(({ pid }) => pid);
  });
