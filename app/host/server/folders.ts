import { mkdirSync } from "node:fs";
import { PlainError } from "../../local/plain-error.ts";
import { readSecrets } from "../../local/secrets.ts";
import { fingerprint } from "./backup.ts";
import * as places from "./places.ts";
import { run, succeeds } from "./run.ts";
import { keepGivenSecrets, type ServerSecrets } from "./secrets.ts";

/** The user of the processes, who may read nginx' key, and the folders; `broughtSecrets` is the file of an earlier server. */
export function prepareFolders(broughtSecrets: string | undefined, given: ServerSecrets["given"]): void {
  for (const group of [places.appUser, places.keyReaders]) if (!succeeds("getent", "group", group)) run("groupadd", ["--system", group]);
  if (!succeeds("id", places.appUser))
    run("useradd", [
      "--system",
      "--gid",
      places.appUser,
      "--no-create-home",
      "--home-dir",
      "/nonexistent",
      "--shell",
      "/usr/sbin/nologin",
      places.appUser,
    ]);
  for (const folder of [places.etc, places.state, places.web, places.challenges]) mkdirSync(folder, { recursive: true, mode: 0o755 });
  mkdirSync(places.tls, { recursive: true, mode: 0o755 });
  mkdirSync(places.objects, { recursive: true, mode: 0o750 });
  run("chown", [`${places.appUser}:${places.appUser}`, places.objects]);
  if (broughtSecrets !== undefined) takeSecrets(broughtSecrets);
  keepGivenSecrets(given);
}

/** Of an earlier server: never over others, with which data was written here already. */
function takeSecrets(file: string): void {
  const brought = readSecrets(file) as ServerSecrets | undefined;
  if (!brought?.app?.SEAL_KEY)
    throw new PlainError(`${file} holds no secrets of a server: /etc/campus-pay/secrets.json of the earlier one is needed.`);
  const known = readSecrets(places.secretsJson);
  if (known && fingerprint(known) !== fingerprint(brought))
    throw new PlainError(`${places.secretsJson} holds other secrets already, and this server's data was written with them.`);
  if (!known) run("install", ["-m", "0600", file, places.secretsJson]);
}
