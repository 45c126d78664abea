import type { LocalSecrets } from "../../app/local/secrets.ts";
import { builtFolder } from "../../app/web/apps.ts";
import type { Services } from "./servers.ts";

interface Addresses {
  readonly baseUrl: string;
  readonly sandboxUrl: string;
  readonly objectFolder: string;
}

/** The variables of the app's processes. What the person set for the app (a limit, a log level) stays as it is. */
export function appEnvironment(
  secrets: LocalSecrets,
  services: Services,
  { baseUrl, sandboxUrl, objectFolder }: Addresses,
): NodeJS.ProcessEnv {
  return {
    RATE_LIMIT_SCALE: "100",
    METRICS_EMF_SECONDS: "10",
    STAFF_SECOND_FACTOR: "optional",
    CLOSE_OUT_WAIT_SECONDS: "0",
    TRUSTED_PROXIES: "1",
    COOKIE_SECURE: "false",
    RECEIPT_MAIL_FROM: "receipts@campus.example",
    BANK_HOLDER: "Campus University",
    // The example number of the IBAN's own description: nobody's.
    BANK_IBAN: "SE4550000000058398257466",
    ...process.env,
    ...secrets.app,
    TZ: "UTC",
    CAMPUS_ENV: "sandbox",
    PUBLIC_URL: baseUrl,
    SANDBOX_URL: sandboxUrl,
    OBJECT_FOLDER: objectFolder,
    WEB_FOLDER: builtFolder,
    DATABASE_URL: services.databaseUrl,
    DATABASE_PASSWORD: services.databasePassword,
    REDIS_URL: services.redisUrl,
    REDIS_PASSWORD: services.redisPassword,
  };
}

/** For the migrations and the demo campus only: the role that owns the schema. */
export const ownerEnvironment = (services: Services): NodeJS.ProcessEnv => ({
  MIGRATION_DATABASE_URL: services.ownerUrl,
  MIGRATION_DATABASE_PASSWORD: services.ownerPassword,
});
