import { ConfigError, parseConfig } from "../../platform/config.ts";
import { openPlatform, type Platform } from "../../platform/context.ts";
import { type Demo, type DemoPart, secretsOfInstallation } from "./demo.ts";
import { addMenus } from "./menu.ts";
import { addMoney } from "./money-part.ts";
import { addPast } from "./past.ts";
import { addPeople } from "./people.ts";
import { addRegister } from "./register.ts";
import { addTables } from "./tables.ts";
import { widenUnpaidPortions } from "./unpaid-portions.ts";

// In order: a later part finds what the earlier ones wrote.
const parts: readonly DemoPart[] = [addPeople, addRegister, addTables, addMoney, addMenus, widenUnpaidPortions];

const nothing: Demo = { students: [], staff: [], devices: [], cafes: [] };

/** Writes the demo campus where it is missing and prints it as one line of JSON. */
async function main(): Promise<void> {
  const config = parseConfig(process.env);
  if (config.CAMPUS_ENV === "production")
    throw new ConfigError(["CAMPUS_ENV is production: the demo campus, with its known logins, is for the sandbox and for staging."]);
  const platform = await openPlatform(config, { process: "seed", writeLog: (line) => void process.stderr.write(line) });
  try {
    console.log(JSON.stringify(await seed(platform)));
  } finally {
    await platform.end();
  }
}

async function seed(platform: Platform): Promise<Demo> {
  const secretOf = secretsOfInstallation(await platform.secrets.get("SEAL_KEY"));
  let demo = nothing;
  for (const part of [...parts, ...pastParts(process.env)]) demo = await part(platform, demo, secretOf);
  return demo;
}

/** Only beside a stand-in gateway whose books can be written, and with the role that owns the schema: `npm start` gives both. */
function pastParts({ MIGRATION_DATABASE_URL, MIGRATION_DATABASE_PASSWORD, GATEWAY_BOOKS_FILE }: NodeJS.ProcessEnv): DemoPart[] {
  if (!MIGRATION_DATABASE_URL || !GATEWAY_BOOKS_FILE) return [];
  return [
    addPast({ ownerUrl: MIGRATION_DATABASE_URL, ownerPassword: MIGRATION_DATABASE_PASSWORD ?? "", gatewayBooks: GATEWAY_BOOKS_FILE }),
  ];
}

main().catch((error: unknown) => {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(error instanceof ConfigError ? 2 : 1);
});
