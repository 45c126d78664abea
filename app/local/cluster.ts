import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type CappedLog, openCappedLog } from "./capped-log.ts";
import { type Child, describeExit, startChild } from "./child.ts";
import { PlainError } from "./plain-error.ts";
import { freePort } from "./ports.ts";
import { choosePostgresIdentity, type PostgresIdentity } from "./postgres-identity.ts";
import { findPostgresPrograms, majorVersion, type PostgresPrograms } from "./postgres-programs.ts";

/** A running PostgreSQL server of our own, on loopback only, password always asked. */
export interface Cluster {
  readonly port: number;
  readonly dataFolder: string;
  readonly superuserPassword: string;
  readonly server: Child;
  /** For the superuser, with its password. */
  superuserUrl(database: string): string;
  /** Fast shutdown: sessions are cut, the data folder is left clean. */
  stop(): Promise<void>;
  /** kill -9 of the server: what a crash leaves behind. */
  kill(): Promise<void>;
}

export interface ClusterOptions {
  readonly dataFolder: string;
  readonly superuserPassword: string;
  /** Without it a free one is taken. */
  readonly port?: number;
  /** False switches fsync off, for tests that lose nothing when the machine stops. */
  readonly durable: boolean;
  readonly logFile: string;
  /** Beside ours, and before them. */
  readonly settings?: Readonly<Record<string, string>>;
}

export const superuser = "postgres";
const neededDiskBytes = 300 * 1024 * 1024;
const startTimeoutMs = 60_000;
const stopGraceMs = 20_000;
// A standby is ready for "read-only connections".
const readyLine = "database system is ready to accept";

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const programs = await findPostgresPrograms();
  assertRoomOnDisk(options.dataFolder);
  const identity = await prepareDataFolder(options, programs);
  const port = options.port ?? (await freePort());
  const log = openCappedLog(options.logFile);
  const server = await startServer({ ...options, port }, programs, identity, log);
  return {
    port,
    dataFolder: options.dataFolder,
    superuserPassword: options.superuserPassword,
    server,
    superuserUrl: (database) => `postgres://${superuser}:${options.superuserPassword}@127.0.0.1:${port}/${database}`,
    async stop() {
      await server.stop("SIGINT", stopGraceMs);
      log.close();
    },
    async kill() {
      await server.stop("SIGKILL", stopGraceMs);
      log.close();
    },
  };
}

function assertRoomOnDisk(dataFolder: string): void {
  const parent = path.dirname(dataFolder);
  mkdirSync(parent, { recursive: true });
  const { bavail, bsize } = statfsSync(parent);
  if (bavail * bsize >= neededDiskBytes || existsSync(dataFolder)) return;
  throw new PlainError(
    `The disk of ${parent} has ${Math.floor((bavail * bsize) / 1024 ** 2)} MB left and 300 MB are needed: free some space, or set CAMPUS_HOME to a folder on another disk.`,
  );
}

/** A folder of this PostgreSQL version that belongs to the user who will run the server; made if it is missing. */
async function prepareDataFolder(options: ClusterOptions, programs: PostgresPrograms): Promise<PostgresIdentity> {
  const { dataFolder } = options;
  if (existsSync(path.join(dataFolder, "PG_VERSION"))) {
    assertSameVersion(dataFolder, majorVersion(programs));
    const identity = choosePostgresIdentity(programs.postgres, dataFolder);
    giveTo(identity, dataFolder);
    return identity;
  }
  const unfinished = `${dataFolder}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  const identity = choosePostgresIdentity(programs.postgres, unfinished);
  giveTo(identity, unfinished);
  runInitdb(programs, identity, unfinished, options);
  renameSync(unfinished, dataFolder);
  return identity;
}

export function assertSameVersion(dataFolder: string, wanted: string): void {
  const found = readFileSync(path.join(dataFolder, "PG_VERSION"), "utf8").trim();
  if (found === wanted) return;
  throw new PlainError(
    `${dataFolder} was made by PostgreSQL ${found}, and this version of Campus Pay runs PostgreSQL ${wanted}: begin again with \`npm start -- --fresh\` (the data is lost), or go back to the version of Campus Pay that made it.`,
  );
}

/** A server may outlive the process that started it; its data folder must not be copied or replaced under it. */
export function assertServerStopped(dataFolder: string): void {
  const pidFile = path.join(dataFolder, "postmaster.pid");
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, "utf8").split("\n")[0]);
  if (!isPostgres(pid)) return;
  throw new PlainError(`A PostgreSQL (process ${pid}) still uses ${dataFolder}: end it with \`kill -INT ${pid}\`, then try again.`);
}

function isPostgres(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("postgres");
  } catch {
    return false;
  }
}

function giveTo(identity: PostgresIdentity, folder: string): void {
  if (identity.uid === undefined || statSync(folder).uid === identity.uid) return;
  execFileSync("chown", ["-R", `${identity.uid}:${identity.gid}`, folder]);
}

function runInitdb(programs: PostgresPrograms, identity: PostgresIdentity, folder: string, options: ClusterOptions): void {
  const passwordFile = `${folder}.password`;
  writeFileSync(passwordFile, `${options.superuserPassword}\n`, { mode: 0o600 });
  giveTo(identity, passwordFile);
  const words = [
    ...identity.prefix,
    programs.initdb,
    `--pgdata=${folder}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
    ...(options.durable ? [] : ["--no-sync"]),
  ];
  const [program = "", ...args] = words;
  try {
    execFileSync(program, args, { cwd: folder, stdio: "pipe", encoding: "utf8" });
  } catch (error) {
    throw postgresFailure("initdb failed", (error as { stderr?: string }).stderr ?? String(error), options.logFile);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

async function startServer(
  options: ClusterOptions & { readonly port: number },
  programs: PostgresPrograms,
  identity: PostgresIdentity,
  log: CappedLog,
): Promise<Child> {
  const ready = Promise.withResolvers<"ready">();
  const settings = [...asArguments(options.settings ?? {}), ...serverSettings(options.port, options.durable)];
  const server = await startChild({
    name: "PostgreSQL",
    command: [...identity.prefix, programs.postgres, "-D", options.dataFolder, ...settings],
    cwd: options.dataFolder,
    hardSignal: "SIGQUIT",
    log,
    onOutput: (text) => {
      if (text.includes(readyLine)) ready.resolve("ready");
    },
  });
  const tooLate = new Promise<"late">((resolve) => setTimeout(resolve, startTimeoutMs, "late").unref());
  const outcome = await Promise.race([ready.promise, server.exited, tooLate]);
  if (outcome === "ready") return server;
  if (outcome === "late") await server.stop("SIGQUIT", stopGraceMs);
  const what =
    outcome === "late" ? `PostgreSQL was not ready within ${startTimeoutMs / 1000} s` : `PostgreSQL ${describeExit(outcome)} as it started`;
  throw postgresFailure(what, log.lastLines().join("\n"), options.logFile);
}

function serverSettings(port: number, durable: boolean): string[] {
  const settings: Readonly<Record<string, string>> = {
    port: String(port),
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "200",
    shared_buffers: durable ? "256MB" : "128MB",
    // A debit beside two million ledger rows writes 12.8 kB of WAL after a checkpoint without it, 6.6 kB with it (measured).
    wal_compression: "on",
    timezone: "UTC",
    log_timezone: "UTC",
    log_lock_waits: "on",
    // DETAIL quotes the refused row, with a phone number in it perhaps.
    log_error_verbosity: "terse",
    ...(durable ? {} : { fsync: "off", full_page_writes: "off" }),
  };
  return asArguments(settings);
}

const asArguments = (settings: Readonly<Record<string, string>>): string[] =>
  Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);

function postgresFailure(what: string, output: string, logFile: string): Error {
  if (/No space left on device/.test(output))
    return new PlainError("The disk is full: free some space (300 MB are enough) and start again.");
  const runningPid = /Is another postmaster \(PID (\d+)\)/.exec(output)?.[1];
  if (runningPid) {
    return new PlainError(
      `A PostgreSQL from an earlier start (process ${runningPid}) still uses the data folder: end it with \`kill -INT ${runningPid}\`, then start again.`,
    );
  }
  const telling =
    output
      .split("\n")
      .filter((line) => /FATAL|PANIC|error:/.test(line))
      .at(-1) ??
    output.trim().split("\n").at(-1) ??
    "";
  return new PlainError(`${what}: ${telling.replace(/^.*?(FATAL|PANIC|error): */, "")} (see ${logFile})`);
}
