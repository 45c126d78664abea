import { appendFileSync, chmodSync, cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Cluster, type ClusterOptions, startCluster, superuser } from "../../local/cluster.ts";
import { freePort } from "../../local/ports.ts";
import { asSuperuser, createDatabase, createRoles, type DatabaseAccess, databaseAccess, type RolePasswords } from "../../local/roles.ts";
import { migrate } from "../../migrate.ts";
import { until } from "../platform.ts";
import { startTcpProxy, type TcpProxy } from "../tcp-proxy.ts";

const databaseName = "campus";
const caughtUpWithinMs = 30_000;
const promotedWithinSeconds = 60;
const restartWithinMs = 30_000;
const lookPauseMs = 20;

/** Two PostgreSQL servers: the second follows the first by streaming replication, asynchronously, over a wire that can stall. */
export interface Pair {
  readonly first: Cluster;
  readonly second: Cluster;
  readonly accessFirst: DatabaseAccess;
  readonly accessSecond: DatabaseAccess;
  readonly passwords: RolePasswords;
  /** Until the second has all that was committed on the first up to now. */
  caughtUp(): Promise<void>;
  /** From now on nothing reaches the second: what is committed on the first is a tail that only the first has. */
  stall(): void;
  /** What was held goes through, and all that follows. */
  flow(): void;
  /** kill -9 of the first; what was on the wire is lost with it. */
  loseFirst(): Promise<void>;
  /** The second becomes the one that writes. */
  promote(): Promise<void>;
  /** The lost server's disk was found: it runs again, as evidence, and nobody writes to it. */
  restartFirst(): Promise<void>;
  end(): Promise<void>;
}

export async function openPair(folder: string, newPassword: () => string): Promise<Pair> {
  const passwords = { owner: newPassword(), app: newPassword() };
  const superuserPassword = newPassword();
  const optionsOf = (name: string, port: number): ClusterOptions => ({
    dataFolder: path.join(folder, name),
    superuserPassword,
    port,
    durable: false,
    logFile: path.join(folder, `${name}.log`),
  });
  const firstOptions = optionsOf("first", await freePort());
  const secondOptions = optionsOf("second", await freePort());
  let first = await startCluster(firstOptions);
  const undo: (() => Promise<void>)[] = [async () => first.stop()];
  try {
    await prepare(first, passwords);
    await first.stop();
    copyStopped(firstOptions.dataFolder, secondOptions.dataFolder);
    first = await startCluster(firstOptions);
    const wire = await startTcpProxy(first.port);
    undo.push(() => wire.stop());
    follow(secondOptions.dataFolder, wire, superuserPassword);
    const second = await startCluster(secondOptions);
    undo.push(() => second.stop());
    return assemble({ first, second, wire, passwords, undo, firstOptions });
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}

async function prepare(first: Cluster, passwords: RolePasswords): Promise<void> {
  await asSuperuser(first, "postgres", async (client) => {
    await createRoles(client, passwords);
    await createDatabase(client, databaseName);
  });
  await migrate(databaseAccess(first, databaseName).ownerUrl, passwords.owner);
}

/** There is no pg_basebackup beside the embedded server: a server that was stopped cleanly is copied as it lies. */
function copyStopped(from: string, to: string): void {
  mkdirSync(to, { mode: 0o700 });
  cpSync(from, to, { recursive: true, preserveTimestamps: true });
  chmodSync(to, 0o700);
  rmSync(path.join(to, "postmaster.opts"), { force: true });
}

function follow(dataFolder: string, wire: TcpProxy, password: string): void {
  writeFileSync(path.join(dataFolder, "standby.signal"), "", { mode: 0o600 });
  const conninfo = `host=127.0.0.1 port=${wire.port} user=${superuser} password=${password} application_name=second`;
  appendFileSync(path.join(dataFolder, "postgresql.auto.conf"), `primary_conninfo = '${conninfo}'\n`);
}

interface Parts {
  readonly first: Cluster;
  readonly second: Cluster;
  readonly wire: TcpProxy;
  readonly passwords: RolePasswords;
  readonly undo: (() => Promise<void>)[];
  readonly firstOptions: ClusterOptions;
}

function assemble({ first, second, wire, passwords, undo, firstOptions }: Parts): Pair {
  let running: Cluster | undefined = first;
  return {
    first,
    second,
    passwords,
    accessFirst: databaseAccess(first, databaseName),
    accessSecond: databaseAccess(second, databaseName),
    async caughtUp() {
      const written = await positionOf(first, "pg_current_wal_lsn()");
      const endsAtMs = performance.now() + caughtUpWithinMs;
      while (!(await isBehind(second, written))) {
        if (performance.now() > endsAtMs) throw new Error(`The second server had not caught up within ${caughtUpWithinMs} ms.`);
        await pause(lookPauseMs);
      }
    },
    stall: () => wire.hold(true),
    flow: () => wire.hold(false),
    async loseFirst() {
      running = undefined;
      await first.kill();
      wire.cutAll();
    },
    async promote() {
      await asSuperuser(second, "postgres", async (client) => {
        const { rows } = await client.query<{ done: boolean }>("select pg_promote(true, $1) as done", [promotedWithinSeconds]);
        if (!rows[0]?.done) throw new Error(`The second server was not promoted within ${promotedWithinSeconds} s.`);
      });
    },
    async restartFirst() {
      // The killed server's own processes may hold the data folder for a moment.
      running = await until("the first server starts again", () => startCluster(firstOptions).catch(() => undefined), restartWithinMs);
    },
    async end() {
      await second.stop();
      await wire.stop();
      await running?.stop();
      undo.length = 0;
    },
  };
}

const positionOf = (cluster: Cluster, expression: string): Promise<string> =>
  asSuperuser(cluster, "postgres", async (client) => {
    const { rows } = await client.query<{ lsn: string }>(`select ${expression}::text as lsn`);
    return rows[0]?.lsn ?? "";
  });

/** True once the second has replayed up to this position. */
const isBehind = (second: Cluster, lsn: string): Promise<boolean> =>
  asSuperuser(second, "postgres", async (client) => {
    const { rows } = await client.query<{ done: boolean }>("select coalesce(pg_last_wal_replay_lsn() >= $1::pg_lsn, false) as done", [lsn]);
    return rows[0]?.done === true;
  });
