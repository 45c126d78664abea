import { globSync, rmSync } from "node:fs";
import path from "node:path";
import { type Asked, type Command, refuse } from "../../local/command.ts";
import { database, etc, releases, say, secretsJson, serverState, state, systemdUnits } from "./places.ts";
import { asMaster, clusterSettings, postgresPort } from "./postgres.ts";
import { leaveRedis } from "./redis.ts";
import { run, succeeds, systemctl } from "./run.ts";
import { serverSecrets } from "./secrets.ts";

export const command = {
  name: "host/uninstall",
  for: "platform team",
  what: "Takes Campus Pay off this machine. The data stays: database, pictures, secrets, settings and backups; host/install finds them again.",
  touches: "units, releases and files of its own. Debian's packages stay.",
  options: {
    "delete-data": {
      type: "string",
      value: "DOMAIN",
      help: "delete the database, the pictures, the secrets and the settings too; say this server's name. Backups stay",
    },
    "dry-run": { type: "boolean", help: "say what would be done" },
  },
  exits: { 1: "not all was removed: the last line says why; run again it goes on" },
} as const satisfies Command;

export async function uninstall({ values }: Asked<(typeof command)["options"]>): Promise<void> {
  const { domain, backups } = serverState();
  const named = values["delete-data"];
  if (named !== undefined && named !== domain)
    throw refuse(command, `--delete-data is "${named}", and this server is ${domain}: nothing was done.`);
  if (values["dry-run"]) return say(`would stop and remove ${domain}; the data ${named ? "is deleted" : "stays"}`);
  const units = globSync("campus-pay-*.{service,timer}", { cwd: systemdUnits }).filter((name) => !name.includes("@"));
  const running = run("systemctl", ["list-units", "--all", "--plain", "--no-legend", "campus-pay-api@*"])
    .split("\n")
    .map((line) => line.split(" ")[0] ?? "");
  for (const unit of [...running, ...units].filter((name) => name !== "")) succeeds("systemctl", "disable", "--now", "--quiet", unit);
  if (named !== undefined) await deleteDatabase();
  for (const name of globSync("campus-pay-*", { cwd: systemdUnits })) rmSync(path.join(systemdUnits, name), { recursive: true });
  systemctl("daemon-reload");
  leaveRedis();
  rmSync(clusterSettings, { force: true });
  if (named !== undefined) for (const folder of [state, etc]) rmSync(folder, { recursive: true, force: true });
  rmSync(releases, { recursive: true, force: true });
  say(
    named === undefined
      ? `${domain} is off this machine. Its data stays: the database ${database}, ${state}, ${etc} with ${secretsJson}.`
      : `${domain} and its data are off this machine.`,
  );
  say(`Backups stay in ${backups.folder}${backups.bucket ? ` and ${backups.bucket}` : ""}.`);
}

const deleteDatabase = (): Promise<void> =>
  asMaster(postgresPort(), serverSecrets(), "postgres", async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      "select datname from pg_database where datname ~ '^campus(_before_.*|_check|_restored)?$'",
    );
    for (const { datname } of rows) await client.query(`drop database ${client.escapeIdentifier(datname)} with (force)`);
  });
