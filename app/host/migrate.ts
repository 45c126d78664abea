// The one-shot machine's only work: the database's roles, then the schema of this artifact. Says how it ended where the operator looks.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import pg from "pg";
import { addressOf } from "../platform/postgres.ts";
import { awsSecretFetcher } from "../platform/secrets.ts";
import { collectDatabaseAuthorities, databaseAuthorities } from "./authorities.ts";
import { prepareDatabase } from "./database-roles.ts";
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

/** The operator's command waits for it: npm run deploy:migrate. */
async function tell(outcome: { readonly ok: boolean; readonly line: string }): Promise<void> {
  console.log(`campus-pay: ${outcome.line}`);
  const { AWS_REGION, MIGRATION_PARAMETER, CAMPUS_VERSION } = migratorSettings(environmentOfHost());
  const Value = JSON.stringify({ ...outcome, line: outcome.line.slice(0, 3_000), artifact: CAMPUS_VERSION, at: new Date().toISOString() });
  await new SSMClient({ region: AWS_REGION }).send(
    new PutParameterCommand({ Name: MIGRATION_PARAMETER, Value, Type: "String", Overwrite: true }),
  );
}

await main().then(
  (line) => tell({ ok: true, line }),
  (error: Error) => tell({ ok: false, line: `migrate: ${error.message}` }),
);
spawnSync("systemctl", ["poweroff"]);
