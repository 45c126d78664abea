// The one-shot machine's only work: the database's roles, then the schema of this artifact. Says how it ended where the operator looks.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import pg from "pg";
import { addressOf } from "../platform/postgres.ts";
import { awsSecretFetcher } from "../platform/secrets.ts";
import { collectDatabaseAuthorities, databaseAuthorities } from "./authorities.ts";
import { prepareDatabase } from "./database-roles.ts";
import { tellAndEnd } from "./outcome.ts";
import { environmentOfHost, migratorSettings } from "./settings.ts";

const home = path.dirname(import.meta.dirname);
const secretTimeoutMs = 10_000;

async function main(): Promise<string> {
  const settings = migratorSettings(environmentOfHost());
  collectDatabaseAuthorities(home);
  const fetchSecret = awsSecretFetcher(settings.AWS_REGION);
  const secret = (name: string) =>
    fetchSecret(name, AbortSignal.timeout(secretTimeoutMs)).catch((error: Error) => {
      throw new Error(`the secret ${name} cannot be read: ${error.message}`);
    });
  const [master, owner, app] = await Promise.all(
    [settings.DATABASE_MASTER_SECRET_ID, settings.MIGRATION_DATABASE_PASSWORD_SECRET_ID, settings.DATABASE_PASSWORD_SECRET_ID].map(secret),
  );
  const reports = await secret(settings.ANALYTICS_DATABASE_SECRET_ID).catch(() => undefined);
  const ssl = { ca: readFileSync(databaseAuthorities, "utf8"), rejectUnauthorized: true };
  const address = addressOf(settings.DATABASE_URL);
  const client = new pg.Client({ ...address, user: settings.DATABASE_MASTER_USER, password: master as string, ssl });
  await client.connect();
  try {
    const passwords = { owner: owner as string, app: app as string, reports };
    await prepareDatabase(client, address.database, passwords, pathToFileURL(path.join(home, "app/analytics/role.sql")));
  } finally {
    await client.end();
  }
  const env = {
    MIGRATION_DATABASE_URL: settings.DATABASE_URL.replace("campus_app@", "campus_owner@"),
    MIGRATION_DATABASE_PASSWORD: owner,
    DATABASE_CA_FILE: databaseAuthorities,
  };
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(home, "app/migrate.mjs")], { env, encoding: "utf8" });
  process.stderr.write(stderr);
  if (status !== 0) throw new Error(stderr.trim().split("\n").at(-1) ?? "the migrator said nothing");
  return stdout.trim();
}

await tellAndEnd(
  migratorSettings(environmentOfHost()),
  await main().then(
    (line) => ({ ok: true, line }),
    (error: Error) => ({ ok: false, line: `migrate: ${error.message}` }),
  ),
);
