// The one-shot machine of a restore drill: asks the restored database every invariant of the books, and says what it found.
import { readFileSync } from "node:fs";
import path from "node:path";
import { awsSecretFetcher } from "../platform/secrets.ts";
import { collectDatabaseAuthorities, databaseAuthorities } from "./authorities.ts";
import { checkBooks } from "./check-books.ts";
import { type Outcome, tellAndEnd } from "./outcome.ts";
import { environmentOfHost, migratorSettings } from "./settings.ts";

const secretTimeoutMs = 10_000;
const settings = migratorSettings(environmentOfHost());

async function main(): Promise<Outcome> {
  collectDatabaseAuthorities(path.dirname(import.meta.dirname));
  const password = await awsSecretFetcher(settings.AWS_REGION)(settings.DATABASE_PASSWORD_SECRET_ID, AbortSignal.timeout(secretTimeoutMs));
  return checkBooks({ url: settings.DATABASE_URL, password: password as string, ca: readFileSync(databaseAuthorities, "utf8") });
}

await tellAndEnd(settings, await main().catch((error: Error) => ({ ok: false, line: `check: ${error.message}` })));
