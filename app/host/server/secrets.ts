import { existsSync, readFileSync } from "node:fs";
import { writePrivateJson } from "../../local/private-file.ts";
import { type LocalSecrets, readOrMakeSecrets } from "../../local/secrets.ts";
import { parseConfig, type SecretName } from "../../platform/config.ts";
import { environmentFile, readEnvironment } from "../settings.ts";
import { writeWhole } from "../write-whole.ts";
import { secretsFile, secretsJson } from "./places.ts";

/** Made once and kept: without them no receipt can be checked and no backup be read. `given` came from providers. */
export interface ServerSecrets extends LocalSecrets {
  readonly given?: Readonly<Partial<Record<SecretName, string>>>;
}

export const serverSecrets = (): ServerSecrets => readOrMakeSecrets(secretsJson);

export function keepGivenSecrets(given: ServerSecrets["given"]): void {
  const known = serverSecrets();
  writePrivateJson(secretsJson, { ...known, given: { ...known.given, ...given } });
}

export const appSecrets = ({ app, appPassword, redisPassword, given }: ServerSecrets): Record<string, string> => ({
  ...app,
  DATABASE_PASSWORD: appPassword,
  REDIS_PASSWORD: redisPassword,
  ...given,
});

/** systemd reads it as root for the units. Within double quotes these four are escaped, and everything else is as it is. */
export function writeSecretsFile(secrets: ServerSecrets): void {
  const lines = Object.entries(appSecrets(secrets)).map(([name, value]) => `${name}="${value.replace(/["\\`$]/g, "\\$&")}"\n`);
  writeWhole(secretsFile, lines.join(""), 0o600);
}

export type Variables = Readonly<Record<string, string>>;

/** What the processes are given, checked as they check it. */
export function appEnvironment(): Record<string, string> {
  const environment = { ...readEnvironment(readFileSync(environmentFile, "utf8")), ...appSecrets(serverSecrets()) };
  parseConfig(environment);
  return environment;
}

/** What stands there stays, unless it is said anew; what follows from the installation is written each time. */
export function writeEnvironment(presets: Variables, given: Variables, fixed: Variables): void {
  const known = existsSync(environmentFile) ? readEnvironment(readFileSync(environmentFile, "utf8")) : {};
  const variables = { ...presets, ...known, ...given, ...fixed };
  writeWhole(
    environmentFile,
    `${Object.entries(variables)
      .map(([name, value]) => `${name}=${value}\n`)
      .join("")}`,
  );
}
