import { readdir, readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import pg from "pg";
import { addressOf } from "./platform/postgres.ts";

const migrationsFolder = new URL("./migrations/", import.meta.url);
const lockKey = 7_246_001;
const oldestServer = 180_000;

export interface MigrationOutcome {
  readonly applied: readonly string[];
  readonly total: number;
}

/**
 * Applies what is missing, in order, one transaction a file. The advisory lock lets two processes start at once:
 * the second waits and finds nothing to do. A file that was changed after it was applied is refused.
 */
export async function migrate(connectionString: string, password: string | undefined): Promise<MigrationOutcome> {
  const client = new pg.Client({
    ...addressOf(connectionString),
    ...(password === undefined ? {} : { password }),
    connectionTimeoutMillis: 10_000,
  });
  await client.connect();
  try {
    await checkServer(client);
    await client.query("select pg_advisory_lock($1)", [lockKey]);
    await client.query(
      "create table if not exists migrations (name text primary key, text_hash bytea not null, applied_at timestamptz not null default now())",
    );
    const files = (await readdir(migrationsFolder)).filter((name) => /^\d{4}_[a-z_]+\.sql$/.test(name)).sort();
    const applied: string[] = [];
    for (const name of files) if (await apply(client, name)) applied.push(name);
    return { applied, total: files.length };
  } finally {
    await client.end();
  }
}

async function checkServer(client: pg.Client): Promise<void> {
  const answer = await client.query<{ server_version_num: string; server_version: string }>(
    "select current_setting('server_version_num') as server_version_num, current_setting('server_version') as server_version",
  );
  const server = answer.rows[0];
  refuseOldServer(Number(server?.server_version_num), server?.server_version ?? "unknown");
}

export function refuseOldServer(versionNumber: number, version: string): void {
  if (versionNumber >= oldestServer) return;
  throw new Error(`PostgreSQL 18 or newer is needed (uuidv7()); this server is ${version}.`);
}

async function apply(client: pg.Client, name: string): Promise<boolean> {
  const text = await readFile(new URL(name, migrationsFolder), "utf8");
  const known = await client.query<{ same: boolean }>(
    "select text_hash = sha256(convert_to($2, 'UTF8')) as same from migrations where name = $1",
    [name, text],
  );
  const row = known.rows[0];
  if (row && !row.same) throw new Error(`The migration ${name} was changed after it was applied: add a new one instead.`);
  if (row) return false;
  await client.query("begin");
  try {
    await client.query(text);
    await client.query("insert into migrations (name, text_hash) values ($1, sha256(convert_to($2, 'UTF8')))", [name, text]);
    await client.query("commit");
    return true;
  } catch (error) {
    await client.query("rollback");
    throw new Error(`The migration ${name} failed and was rolled back: ${(error as Error).message}`, { cause: error });
  }
}

async function main(): Promise<void> {
  const url = process.env.MIGRATION_DATABASE_URL;
  if (!url) {
    console.error("migrate: MIGRATION_DATABASE_URL is not set: give the database's address as the role that owns the schema.");
    process.exit(2);
  }
  const { applied, total } = await migrate(url, process.env.MIGRATION_DATABASE_PASSWORD);
  console.log(applied.length === 0 ? `migrate: nothing to do, ${total} applied` : `migrate: applied ${applied.join(", ")}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  main().catch((error: Error) => {
    console.error(`migrate: ${error.message}`);
    process.exit(1);
  });
}
