import { readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import pg from "pg";
import { applyDefinitions } from "./platform/migrator/apply-definitions.ts";
import { readDefinitions } from "./platform/migrator/definitions.ts";
import { pause } from "./platform/migrator/patience.ts";
import { applySteps } from "./platform/migrator/steps.ts";
import { addressOf } from "./platform/postgres.ts";
import { readSqlFiles, sqlFolder } from "./sql-files.ts";

const lockKey = 7_246_001;
const lockPollMs = 250;
const clientCheckMs = 2_000;
const oldestServer = 180_000;

export interface MigrationOutcome {
  /** The numbered steps that were missing. */
  readonly applied: readonly string[];
  readonly total: number;
  /** Functions, views, triggers and types: made or made anew, dropped because no file has them any more, and how many there are. */
  readonly made: readonly string[];
  readonly dropped: readonly string[];
  readonly definitions: number;
}

export interface MigrationOptions {
  /** Where the rooms with the SQL are; beside this program if not said. */
  readonly folder?: URL;
  /** No process of any release uses the database: functions and types may change their arguments and columns in place. */
  readonly isAlone?: boolean;
  /** How long a step tries to get its lock before it gives up. */
  readonly patienceMs?: number;
  /** Certificates by which the server must prove itself; without them it is asked in clear. */
  readonly ca?: string | undefined;
  readonly say?: (line: string) => void;
}

/**
 * Brings a database to what the files say: first the numbered steps that are missing, one transaction each, then the functions, views
 * and triggers that differ, in one. Two that start at once do it once: the second waits and finds nothing to do.
 */
export async function migrate(
  connectionString: string,
  password: string | undefined,
  { folder = sqlFolder, isAlone = false, ca, say = () => undefined, ...patience }: MigrationOptions = {},
): Promise<MigrationOutcome> {
  const files = await readSqlFiles(folder);
  const definitions = readDefinitions(files.definitions);
  const client = new pg.Client({
    ...addressOf(connectionString),
    ...(password === undefined ? {} : { password }),
    connectionTimeoutMillis: 10_000,
    application_name: "campus-pay-migrate",
    ...(ca === undefined ? {} : { ssl: { ca, rejectUnauthorized: true } }),
  });
  await client.connect();
  try {
    await checkServer(client);
    // A server that looks whether we live ends what we left behind; else a killed migrator would hold its locks to the statement's end.
    await client.query(`set client_connection_check_interval = ${clientCheckMs}`);
    await takeTurn(client, say);
    const applied = await applySteps(client, files.steps, { say, ...patience });
    const { made, dropped } = await applyDefinitions(client, definitions, { say, isAlone, ...patience });
    return { applied, total: files.steps.length, made, dropped, definitions: definitions.length };
  } finally {
    await client.end();
  }
}

/** Asks again and again instead of waiting in one statement: an index that is built concurrently waits for every statement. */
async function takeTurn(client: pg.Client, say: (line: string) => void): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const { rows } = await client.query<{ taken: boolean }>("select pg_try_advisory_lock($1) as taken", [lockKey]);
    if (rows[0]?.taken) return;
    if (tries === 0) say("another migrator is at work; this one waits for it");
    await pause(lockPollMs);
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

const help = `Brings a database to what this checkout says: the numbered steps of app/migrations that are missing, then the functions,
views and triggers beside their verbs that differ. Safe to run twice, at once, and to end in the middle.

  --alone        no process of any release uses the database: functions may change their arguments and results in place
  --folder DIR   takes the SQL of another app folder
  --help         this text

It reads MIGRATION_DATABASE_URL, MIGRATION_DATABASE_PASSWORD and, for TLS, DATABASE_CA or DATABASE_CA_FILE. Exit codes: 0 done, or nothing to do · 1 refused or failed, nothing
is half done · 2 wrong use.`;

/** Migrates the database of the environment and says what it did. Gives the exit code. */
export async function runMigrate(environment: NodeJS.ProcessEnv, options: Pick<MigrationOptions, "isAlone" | "folder">): Promise<number> {
  const url = environment.MIGRATION_DATABASE_URL;
  if (!url) return fail("MIGRATION_DATABASE_URL is not set: give the database's address as the role that owns the schema.", 2);
  try {
    const outcome = await migrate(url, environment.MIGRATION_DATABASE_PASSWORD, {
      ...options,
      ca: certificatesOf(environment),
      say: (line) => console.error(`migrate: ${line}`),
    });
    console.log(`migrate: ${summaryOf(outcome)}`);
    return 0;
  } catch (error) {
    return fail((error as Error).message, 1);
  }
}

function fail(line: string, code: number): number {
  console.error(`migrate: ${line}`);
  return code;
}

const certificatesOf = ({ DATABASE_CA, DATABASE_CA_FILE }: NodeJS.ProcessEnv): string | undefined =>
  DATABASE_CA_FILE ? readFileSync(DATABASE_CA_FILE, "utf8") : DATABASE_CA || undefined;

function summaryOf({ applied, total, made, dropped, definitions }: MigrationOutcome): string {
  const parts = [
    ...(applied.length > 0 ? [`applied ${applied.join(", ")}`] : []),
    ...(made.length > 0 ? [`made ${made.length <= 5 ? made.join(", ") : `${made.length} functions, views, triggers and types`}`] : []),
    ...(dropped.length > 0 ? [`dropped ${dropped.join(", ")}`] : []),
  ];
  return parts.length > 0
    ? parts.join("; ")
    : `nothing to do, ${total} steps and ${definitions} functions, views, triggers and types stand`;
}

/** As it stands in a release, without a checkout around it; there `npm run migrate` is the command. */
async function main(args: readonly string[]): Promise<number> {
  const options = { alone: { type: "boolean" }, folder: { type: "string" }, help: { type: "boolean" } } as const;
  let values: { readonly alone?: boolean; readonly folder?: string; readonly help?: boolean };
  try {
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (error) {
    return fail((error as Error).message, 2);
  }
  if (values.help) {
    console.log(help);
    return 0;
  }
  return runMigrate(process.env, optionsOf(values));
}

export const optionsOf = ({ alone, folder }: { readonly alone?: boolean | undefined; readonly folder?: string | undefined }) => ({
  isAlone: alone ?? false,
  ...(folder === undefined ? {} : { folder: pathToFileURL(`${path.resolve(folder)}/`) }),
});

// Not a comparison with argv: on a machine this file is reached through a link.
if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
