// What the programs host/install, host/update, host/rollback, host/backup, host/restore and host/uninstall run, on one server without AWS.
import { type Command, runCommand } from "../local/command.ts";
import { takeLock } from "../local/lock.ts";
import { PlainError } from "../local/plain-error.ts";
import { backUp } from "./server/backup.ts";
import { serveRenewed } from "./server/certificate.ts";
import * as installing from "./server/install.ts";
import { say, serverState } from "./server/places.ts";
import { serveOwn } from "./server/release.ts";
import * as restoring from "./server/restore.ts";
import * as uninstalling from "./server/uninstall.ts";
import { rollBack, rollbackCommand, update, updateCommand } from "./server/update.ts";

const backupCommand = {
  name: "host/backup",
  for: "on call",
  what: "Makes a backup, restores it into a database of its own and asks every invariant of the books there; only then it counts. Runs every night by itself.",
  touches: "the folder and the bucket of the backups, and the database campus_check, which it makes and drops.",
  exits: { 1: "the backup does not count: the last line says why" },
} as const satisfies Command;

const certificateCommand = {
  name: "host/certificate",
  for: "on call",
  what: "Serves the newest certificate that certbot fetched; certbot runs it after each renewal.",
  touches: "/etc/campus-pay/tls; nginx reads its certificate again.",
} as const satisfies Command;

const serveCommand = {
  name: "host/server.mjs serve",
  for: "platform team",
  what: "Makes this release the one that serves; host/update and host/rollback run it.",
  touches: "units, web apps and processes.",
  options: { migrate: { type: "boolean", help: "bring the schema to this release first" } },
} as const satisfies Command;

const [verb = "", ...args] = process.argv.slice(2);

/** One at a time; who is second hears who is first. */
const alone =
  <A>(work: (asked: A) => unknown) =>
  async (asked: A) => {
    const release = takeLock("/run/campus-pay.lock", `host/${verb}`);
    try {
      await work(asked);
    } catch (error) {
      throw error instanceof PlainError ? error : new PlainError(`host/${verb} failed: ${(error as Error).message}`);
    } finally {
      release();
    }
  };

const verbs: Readonly<Record<string, () => Promise<void>>> = {
  install: () => runCommand(import.meta, installing.command, alone(installing.install), args),
  update: () => runCommand(import.meta, updateCommand, alone(update), args),
  rollback: () => runCommand(import.meta, rollbackCommand, alone(rollBack), args),
  backup: () =>
    runCommand(
      import.meta,
      backupCommand,
      alone(async () => say(await backUp())),
      args,
    ),
  restore: () => runCommand(import.meta, restoring.command, alone(restoring.restore), args),
  uninstall: () => runCommand(import.meta, uninstalling.command, alone(uninstalling.uninstall), args),
  certificate: () => runCommand(import.meta, certificateCommand, serveRenewed, args),
  serve: () =>
    runCommand(import.meta, serveCommand, ({ values }) => serveOwn(serverState(), { isMigrated: values.migrate === true }), args),
};

const run = verbs[verb];
if (run) await run();
else {
  process.stderr.write(`There is no host/${verb}: ${Object.keys(verbs).join(", ")}.\n`);
  process.exitCode = 2;
}
