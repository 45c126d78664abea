import { createHash } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { brokenIn, checkLedger } from "../../ledger/check-ledger.ts";
import { PlainError } from "../../local/plain-error.ts";
import { openDatabase, sql } from "../../platform/postgres.ts";
import { environmentFile } from "../settings.ts";
import { writeWhole } from "../write-whole.ts";
import { openBucket } from "./bucket.ts";
import { postgresMajor, postgresPrograms } from "./packages.ts";
import { type BackupPlace, database, inNames, objects, say, serverState, state } from "./places.ts";
import { asMaster, createStatement, ownerEnvironment, postgresPort, prepareNamed } from "./postgres.ts";
import { digestOf, servedDigest } from "./release.ts";
import { run } from "./run.ts";
import { type ServerSecrets, serverSecrets } from "./secrets.ts";

const product = "campus-pay server";
const scratch = "campus_check";
export const backupName = /^campus-pay-\d{8}T\d{6}Z\.tar$/;
const outcomeFile = path.join(state, "backup.json");
const tellTimeoutMs = 10_000;

export interface BackupManifest {
  readonly product: string;
  readonly made_at: string;
  readonly postgres_major: number;
  readonly release: string | undefined;
  readonly transactions: number;
  /** No row was written by a later transaction of PostgreSQL than this: some remember which one wrote them, and compare. */
  readonly xid: string;
  /** Of the secrets with which its rows were written. */
  readonly secrets: string;
}

/** Says whether two sets of secrets are the same, and nothing of them. */
export const fingerprint = ({ app }: ServerSecrets): string =>
  createHash("sha256").update(`${app.CARD_PEPPER}|${app.SEAL_KEY}|campus-pay backup`).digest("hex").slice(0, 16);

export interface BackupOutcome {
  readonly ok: boolean;
  readonly at: string;
  readonly line: string;
}

/** A backup counts when it was restored into a database of its own and the books there are sound; else it failed, and that is said. */
export async function backUp(): Promise<string> {
  const { backups } = serverState();
  const now = new Date();
  const at = now.toISOString();
  const file = path.join(backups.folder, `campus-pay-${inNames(now)}.tar`);
  try {
    const line = await makeBackup(file, at, backups);
    keepOutcome({ ok: true, at, line });
    return line;
  } catch (error) {
    const line = `THE BACKUP FAILED and does not count: ${(error as Error).message}`;
    if (existsSync(file)) renameSync(file, `${file}.failed`);
    keepOutcome({ ok: false, at, line });
    await tellSomebody(backups, line);
    throw new PlainError(line);
  } finally {
    prune(backups);
  }
}

async function makeBackup(file: string, at: string, backups: BackupPlace): Promise<string> {
  const started = performance.now();
  const port = postgresPort();
  const secrets = serverSecrets();
  mkdirSync(backups.folder, { recursive: true, mode: 0o700 });
  const transactions = await countTransactions(port, secrets, database);
  await packBackup(file, {
    product,
    made_at: at,
    postgres_major: postgresMajor,
    release: servedDigest(),
    transactions,
    secrets: fingerprint(secrets),
  });
  say(`packed ${path.basename(file)} (${Math.ceil(statSync(file).size / 1024)} kB); now it is restored and looked at`);
  const restored = await withUnpacked(file, ({ dump }) => restoreAndCheck(port, secrets, scratch, dump));
  await dropDatabase(port, secrets, scratch);
  if (restored < transactions) throw new PlainError(`${transactions} transactions went in and ${restored} came back.`);
  const bucket = openBucket(backups);
  await bucket?.put(file, await digestOf(file));
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  return `${file}: restored, ${restored} transactions, the books are sound${bucket ? `; read back from ${bucket.name}` : ""} (${seconds} s)`;
}

async function packBackup(file: string, about: Omit<BackupManifest, "xid">): Promise<void> {
  const stage = mkdtempSync(path.join(path.dirname(file), ".packing-"));
  try {
    const env = ownerEnvironment(postgresPort(), serverSecrets());
    run(path.join(postgresPrograms, "pg_dump"), ["--format=custom", "--compress=zstd:3", `--file=${path.join(stage, "database.dump")}`], {
      env,
    });
    const manifest: BackupManifest = { ...about, xid: await nextTransactionId(postgresPort(), serverSecrets()) };
    writeFileSync(path.join(stage, "manifest.json"), JSON.stringify(manifest, null, 2));
    copyFileSync(environmentFile, path.join(stage, "environment"));
    // After the rows: what a row names was written before it.
    cpSync(objects, path.join(stage, "objects"), { recursive: true });
    writeFileSync(file, "", { mode: 0o600 });
    run("tar", [
      "--create",
      "--numeric-owner",
      `--file=${file}`,
      `--directory=${stage}`,
      "manifest.json",
      "environment",
      "database.dump",
      "objects",
    ]);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

export interface Unpacked {
  readonly manifest: BackupManifest;
  readonly dump: string;
  readonly folder: string;
}

export async function withUnpacked<T>(file: string, work: (unpacked: Unpacked) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(state, ".unpacked-"));
  try {
    run("tar", ["--extract", "--numeric-owner", `--file=${file}`, `--directory=${folder}`]);
    const manifest = JSON.parse(readFileSync(path.join(folder, "manifest.json"), "utf8")) as BackupManifest;
    if (manifest.product !== product) throw new PlainError(`${file} is no backup of a server.`);
    return await work({ manifest, dump: path.join(folder, "database.dump"), folder });
  } catch (error) {
    if (error instanceof PlainError) throw error;
    throw new PlainError(`${file} cannot be read as a backup: ${(error as Error).message}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Restores a dump into a new database of this name and asks every invariant of the books there. Gives how many transactions it has. */
export async function restoreAndCheck(port: number, secrets: ServerSecrets, name: string, dump: string): Promise<number> {
  await dropDatabase(port, secrets, name);
  await asMaster(port, secrets, "postgres", async (client) => {
    await client.query(createStatement(name));
    await prepareNamed(client, name, secrets);
  });
  const env = ownerEnvironment(port, secrets, name);
  run(path.join(postgresPrograms, "pg_restore"), ["--exit-on-error", "--no-owner", `--dbname=${name}`, dump], { env });
  const db = openAsOwner(port, secrets, name);
  try {
    const check = await checkLedger(db);
    if (!check.ok)
      throw new PlainError(`the restored books are BROKEN: ${brokenIn(check)}. runbooks/wallet-ledger-mismatch.md says what to do.`);
  } finally {
    await db.end();
  }
  return countTransactions(port, secrets, name);
}

const nextTransactionId = (port: number, secrets: ServerSecrets): Promise<string> =>
  asMaster(port, secrets, "postgres", async (client) => {
    const { rows } = await client.query<{ next: string }>("select pg_snapshot_xmax(pg_current_snapshot())::text as next");
    return rows[0]?.next ?? "0";
  });

/**
 * Ledger, events and shifts remember by which transaction a row was written, and ask whether it is over (xid8, pg_snapshot). A new
 * PostgreSQL counts from the beginning, and would take restored rows for ones of the future: it counts on until it is past them.
 */
export const passTransactionIds = (port: number, secrets: ServerSecrets, { xid }: Pick<BackupManifest, "xid">): Promise<unknown> =>
  asMaster(port, secrets, "postgres", (client) =>
    client.query(
      `do $$ begin
         while pg_snapshot_xmax(pg_current_snapshot())::text::bigint < ${BigInt(xid)} loop
           perform pg_current_xact_id();
           commit;
         end loop;
       end $$`,
    ),
  );

export const dropDatabase = (port: number, secrets: ServerSecrets, name: string): Promise<unknown> =>
  asMaster(port, secrets, "postgres", async (client) => {
    const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [name]);
    if (rowCount) await client.query(`drop database ${client.escapeIdentifier(name)} with (force)`);
  });

async function countTransactions(port: number, secrets: ServerSecrets, name: string): Promise<number> {
  const db = openAsOwner(port, secrets, name);
  try {
    const row = await db.row<{ count: number }>(sql`select count(*)::int as count from ledger_transactions`);
    return row?.count ?? 0;
  } finally {
    await db.end();
  }
}

const openAsOwner = (port: number, { ownerPassword }: ServerSecrets, name: string) =>
  openDatabase({
    url: `postgres://campus_owner@127.0.0.1:${port}/${name}`,
    password: async () => ownerPassword,
    freshPassword: async () => ownerPassword,
    poolSize: 1,
    connectTimeoutMs: 10_000,
    statementTimeoutMs: 300_000,
    lockTimeoutMs: 10_000,
    idleInTransactionTimeoutMs: 300_000,
    ca: undefined,
    applicationName: "campus-pay-backup",
    log: { warn: (...words: unknown[]) => console.error(...words) },
  });

const keepOutcome = (outcome: BackupOutcome): void => writeWhole(outcomeFile, `${JSON.stringify(outcome, null, 2)}\n`, 0o600);

export const lastBackup = (): BackupOutcome | undefined =>
  existsSync(outcomeFile) ? (JSON.parse(readFileSync(outcomeFile, "utf8")) as BackupOutcome) : undefined;

/** The journal and the failed unit say it too; whoever gave an address hears of it. */
async function tellSomebody({ tell }: BackupPlace, line: string): Promise<void> {
  if (tell === undefined) return;
  await fetch(tell, { method: "POST", body: `Campus Pay: ${line}`, signal: AbortSignal.timeout(tellTimeoutMs) }).catch((error: Error) =>
    say(`${tell} could not be told: ${error.message}`),
  );
}

/** The newest so many stay, and the newest of those that failed. In the bucket its own rule decides. */
function prune({ folder, keep }: BackupPlace): void {
  if (!existsSync(folder)) return;
  const names = readdirSync(folder).sort().reverse();
  const old = [
    ...names.filter((name) => backupName.test(name)).slice(keep),
    ...names.filter((name) => name.endsWith(".tar.failed")).slice(1),
  ];
  for (const name of old) rmSync(path.join(folder, name), { force: true });
}
