// `npm run migrate`: on the database of MIGRATION_DATABASE_URL, else on that of the running `npm start`.
import { existsSync, readFileSync } from "node:fs";
import { findHome } from "../app/local/home.ts";
import type { ServicesFile } from "../app/local/services-file.ts";
import { runMigrate } from "../app/migrate.ts";

function environment(): NodeJS.ProcessEnv {
  const { services } = findHome();
  if (process.env.MIGRATION_DATABASE_URL || !existsSync(services)) return process.env;
  const { owner_url, owner_password } = JSON.parse(readFileSync(services, "utf8")) as ServicesFile;
  return { ...process.env, MIGRATION_DATABASE_URL: owner_url, MIGRATION_DATABASE_PASSWORD: owner_password };
}

process.exitCode = await runMigrate(process.argv.slice(2), environment());
