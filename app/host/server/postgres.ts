import { totalmem } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import pg from "pg";
import { PlainError } from "../../local/plain-error.ts";
import { addressOf } from "../../platform/postgres.ts";
import { prepareDatabase, scramVerifier } from "../database-roles.ts";
import { writeWhole } from "../write-whole.ts";
import { postgresMajor, postgresPrograms } from "./packages.ts";
import { database, ownHome } from "./places.ts";
import { run, systemctl } from "./run.ts";
import type { ServerSecrets } from "./secrets.ts";

const cluster = "main";
/** Ours beside Debian's own. */
export const clusterSettings = `/etc/postgresql/${postgresMajor}/${cluster}/conf.d/campus-pay.conf`;
export const master = "campus_master";
const owner = "campus_owner";
const mebibyte = 1_048_576;

/** The port of our cluster: Debian gives each version its own, the first one 5432. */
export function postgresPort(): number {
  const line = run("pg_lsclusters", ["--no-header"])
    .split("\n")
    .find((text) => text.startsWith(`${postgresMajor} `) && text.split(/\s+/)[1] === cluster);
  const port = Number(line?.split(/\s+/)[2]);
  if (!port)
    throw new PlainError(`There is no cluster ${postgresMajor}/${cluster}: pg_createcluster ${postgresMajor} ${cluster} --start makes it.`);
  return port;
}

const address = (port: number, role: string, name = database) => `postgres://${role}@127.0.0.1:${port}/${name}`;
export const appUrl = (port: number): string => address(port, "campus_app");

/** Loopback alone, and a quarter of the memory, 2 GiB at most; what a payment was answered with is on the disk. */
export function configureCluster(): void {
  const shared = Math.min(2_048, Math.max(64, Math.floor(totalmem() / mebibyte / 4)));
  const lines = [
    "listen_addresses = '127.0.0.1'",
    `shared_buffers = ${shared}MB`,
    "random_page_cost = 1.1",
    "password_encryption = 'scram-sha-256'",
    "synchronous_commit = on",
  ];
  writeWhole(clusterSettings, `# Written by host/install, again each time.\n${lines.join("\n")}\n`);
  systemctl("restart", `postgresql@${postgresMajor}-${cluster}.service`);
}

const asPostgres = (port: number, statement: string): string =>
  run(
    "runuser",
    ["-u", "postgres", "--", path.join(postgresPrograms, "psql"), "-qAtX", "-v", "ON_ERROR_STOP=1", "-p", String(port), "postgres"],
    { input: statement },
  );

/** The master as RDS has one, no superuser; then the roles and the database as every machine's migrator makes them. */
export async function prepareRoles(port: number, secrets: ServerSecrets): Promise<void> {
  const verifier = scramVerifier(secrets.superuserPassword);
  asPostgres(
    port,
    `do $$ begin if not exists (select from pg_roles where rolname = '${master}') then create role ${master} login createrole createdb; end if; end $$;
     alter role ${master} password '${verifier}';
     grant pg_monitor to ${master} with admin option;`,
  );
  await asMaster(port, secrets, "postgres", async (client) => {
    const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [database]);
    if (rowCount === 0) await client.query(createStatement(database));
    await prepareNamed(client, database, secrets);
  });
}

/** Sorted by code points, whatever this machine's locale is and becomes: as the tests have it, and no index breaks with the next Debian. */
export const createStatement = (name: string): string =>
  `create database ${name} template template0 encoding 'UTF8' locale 'C' locale_provider builtin builtin_locale 'C.UTF-8'`;

export const prepareNamed = (client: pg.Client, name: string, { ownerPassword, appPassword }: ServerSecrets): Promise<void> =>
  prepareDatabase(
    client,
    name,
    { owner: ownerPassword, app: appPassword, reports: undefined },
    pathToFileURL(path.join(ownHome, "app/analytics/role.sql")),
  );

export async function asMaster<T>(
  port: number,
  { superuserPassword }: ServerSecrets,
  name: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ ...addressOf(address(port, master, name)), password: superuserPassword });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** pg_dump, pg_restore and the migrator run as the role that owns the schema. */
export const ownerEnvironment = (port: number, { ownerPassword }: ServerSecrets, name = database): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  PGHOST: "127.0.0.1",
  PGPORT: String(port),
  PGUSER: owner,
  PGDATABASE: name,
  PGPASSWORD: ownerPassword,
  MIGRATION_DATABASE_URL: address(port, owner, name),
  MIGRATION_DATABASE_PASSWORD: ownerPassword,
});
