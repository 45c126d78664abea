import { existsSync, readFileSync } from "node:fs";
import { type Command, runCommand } from "../app/local/command.ts";
import { findHome } from "../app/local/home.ts";
import type { ServicesFile } from "../app/local/services-file.ts";
import { optionsOf, runMigrate } from "../app/migrate.ts";

export const command = {
  name: "npm run migrate",
  for: "developer",
  what: "Brings a database to what this checkout says: the steps of app/migrations that are missing, then the functions, views and triggers that differ.",
  touches:
    "the schema of the database that the started system uses, or that MIGRATION_DATABASE_URL names; safe to run twice, at once, and to end in the middle.",
  options: {
    alone: { type: "boolean", help: "no process of any release uses it: functions may change their arguments and results in place" },
    folder: { type: "string", value: "DIR", help: "take the SQL of another app folder" },
  },
  environment: {
    MIGRATION_DATABASE_URL: "another database than the started system's, as the role that owns the schema",
    MIGRATION_DATABASE_PASSWORD: "and its password",
  },
  exits: { 1: "refused or failed: nothing is half done" },
} as const satisfies Command;

function environment(): NodeJS.ProcessEnv {
  const { services } = findHome();
  if (process.env.MIGRATION_DATABASE_URL || !existsSync(services)) return process.env;
  const { owner_url, owner_password } = JSON.parse(readFileSync(services, "utf8")) as ServicesFile;
  return { ...process.env, MIGRATION_DATABASE_URL: owner_url, MIGRATION_DATABASE_PASSWORD: owner_password };
}

await runCommand(import.meta, command, ({ values }) => runMigrate(environment(), optionsOf(values)));
