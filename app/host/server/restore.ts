import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { type Asked, type Command, refuse } from "../../local/command.ts";
import { PlainError } from "../../local/plain-error.ts";
import { apiUnits, workerUnits } from "../services.ts";
import { environmentOfHost, hostSettings, readEnvironment } from "../settings.ts";
import { backupName, dropDatabase, fingerprint, passTransactionIds, restoreAndCheck, type Unpacked, withUnpacked } from "./backup.ts";
import { openBucket } from "./bucket.ts";
import { appUser, database, inNames, objects, say, serverState, state } from "./places.ts";
import { asMaster, postgresPort } from "./postgres.ts";
import { serveBy, servedDigest } from "./release.ts";
import { run, systemctl } from "./run.ts";
import { serverSecrets, writeEnvironment } from "./secrets.ts";

export const command = {
  name: "host/restore",
  for: "on call",
  what: "Puts a backup in the place of what is here, once its books were found sound. What was paid after it is missing then: the epoch is raised, and phones bring their receipts as after a failover.",
  touches:
    "the database (the one that was here stays beside it, under another name), the pictures, the processes: they stand still for some seconds.",
  takes: { BACKUP: "a file, or the name of one in the folder or the bucket of the backups" },
  options: {
    replace: { type: "boolean", help: "yes, in the place of the data that is here" },
    "dry-run": { type: "boolean", help: "restore it into a database of its own, look, and change nothing" },
  },
  exits: { 1: "not restored: the last line says why" },
} as const satisfies Command;

const fresh = "campus_restored";

export async function restore({ values, positionals: [wanted, ...more] }: Asked<(typeof command)["options"]>): Promise<void> {
  if (!wanted || more.length > 0) throw refuse(command, "name one backup.");
  if (!values.replace && !values["dry-run"])
    throw new PlainError(
      `This puts the backup in the place of the data that is here: say host/restore ${wanted} --replace, or --dry-run to look at it only.`,
    );
  const fetched = mkdtempSync(path.join(state, ".fetched-"));
  try {
    const file = await findBackup(wanted, fetched);
    await withUnpacked(file, async (unpacked) => {
      const port = postgresPort();
      const secrets = serverSecrets();
      if (unpacked.manifest.secrets !== fingerprint(secrets))
        throw new PlainError(
          `${wanted} was written with other secrets than those here: host/install --secrets FILE on a new machine, with secrets.json of the server that made it.`,
        );
      const transactions = await restoreAndCheck(port, secrets, fresh, unpacked.dump);
      say(`${path.basename(file)} of ${unpacked.manifest.made_at}: ${transactions} transactions, the books are sound`);
      if (values["dry-run"]) return void (await dropDatabase(port, secrets, fresh));
      await passTransactionIds(port, secrets, unpacked.manifest);
      await putInPlace(unpacked, port);
    });
  } finally {
    rmSync(fetched, { recursive: true, force: true });
  }
}

async function findBackup(wanted: string, fetched: string): Promise<string> {
  const { backups } = serverState();
  const here = [wanted, path.join(backups.folder, wanted)].find((file) => existsSync(file));
  if (here !== undefined) return path.resolve(here);
  const bucket = backupName.test(wanted) ? openBucket(backups) : undefined;
  if (!bucket) throw new PlainError(`There is no backup ${wanted}, here or in ${backups.folder}.`);
  const file = path.join(fetched, wanted);
  await bucket.fetch(wanted, file);
  return file;
}

async function putInPlace({ folder }: Unpacked, port: number): Promise<void> {
  const release = servedDigest();
  if (release === undefined) throw new PlainError("Nothing serves here: host/install first.");
  const processes = [...apiUnits(hostSettings(environmentOfHost()).API_PROCESSES), ...workerUnits];
  systemctl("stop", ...processes);
  const before = `${database}_before_${inNames(new Date()).toLowerCase()}`;
  await exchange(port, before).catch((error: Error) => {
    systemctl("start", ...processes);
    throw new PlainError(`The databases could not be exchanged (${error.message}): everything serves as before.`);
  });
  if (existsSync(objects)) renameSync(objects, `${objects}.${before}`);
  cpSync(path.join(folder, "objects"), objects, { recursive: true });
  run("chown", ["-R", `${appUser}:${appUser}`, objects]);
  run("chmod", ["0750", objects]);
  const epochs = [environmentOfHost(), readEnvironment(readFileSync(path.join(folder, "environment"), "utf8"))].map(({ CAMPUS_EPOCH }) =>
    Number(CAMPUS_EPOCH ?? 1),
  );
  writeEnvironment({}, {}, { CAMPUS_EPOCH: String(Math.max(...epochs) + 1) });
  // What Redis remembers is of a time that the database does not know.
  systemctl("restart", "redis-server.service");
  serveBy(release, { isMigrated: true });
  say(
    `The backup serves. What was here is the database ${before} and ${objects}.${before}: drop both when nobody misses them. The books say "reconciling" until finance has looked (docs/failover.md).`,
  );
}

/** Both or neither; it needs nobody to be connected. */
const exchange = (port: number, before: string): Promise<unknown> =>
  asMaster(port, serverSecrets(), "postgres", async (client) => {
    await client.query("begin");
    await client.query(`alter database ${database} rename to ${before}`);
    await client.query(`alter database ${fresh} rename to ${database}`);
    await client.query("commit");
  });
