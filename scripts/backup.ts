import { chmodSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Manifest, manifestName, runTar } from "../app/local/archive.ts";
import { assertServerStopped } from "../app/local/cluster.ts";
import { type Command, refuse, runCommand } from "../app/local/command.ts";
import { findHome, type Home } from "../app/local/home.ts";
import { takeLock } from "../app/local/lock.ts";
import { PlainError } from "../app/local/plain-error.ts";

export const command = {
  name: "npm run backup",
  for: "newcomer",
  what: "Keeps the stopped system's data, objects, sandbox payments and secrets in one file.",
  touches: "writes FILE (mode 0600: it holds secrets); takes the data folder's lock meanwhile.",
  takes: { "FILE.tar.gz": "where to; it must not exist yet" },
  environment: { CAMPUS_HOME: "the folder of the data; .campus unless said" },
  exits: { 1: "the system runs, or FILE exists already" },
} as const satisfies Command;

function placeOf(args: readonly string[]): string {
  const [file, ...more] = args;
  if (!file || more.length > 0) throw refuse(command, "say where to: npm run backup -- FILE.tar.gz.");
  if (existsSync(file)) throw new PlainError(`${file} exists already: give another name.`);
  return path.resolve(file);
}

function writeArchive(home: Home, file: string): void {
  const staging = mkdtempSync(path.join(tmpdir(), "campus-backup-"));
  const unfinished = `${file}.${process.pid}.new`;
  try {
    writeFileSync(path.join(staging, manifestName), JSON.stringify(describe(home)));
    writeFileSync(unfinished, "", { mode: 0o600 });
    // The manifest comes first: whoever restores reads it without unpacking the rest.
    runTar([
      "--create",
      "--gzip",
      "--numeric-owner",
      `--file=${unfinished}`,
      `--directory=${staging}`,
      manifestName,
      `--directory=${home.folder}`,
      path.basename(home.secrets),
      path.basename(home.dataFolder),
      ...[home.objects, home.gatewayBooks].filter((place) => existsSync(place)).map((place) => path.basename(place)),
    ]);
    chmodSync(unfinished, 0o600);
    renameSync(unfinished, file);
  } finally {
    rmSync(staging, { recursive: true, force: true });
    rmSync(unfinished, { force: true });
  }
}

const describe = (home: Home): Manifest => ({
  product: "campus-pay",
  postgres_major: readFileSync(path.join(home.dataFolder, "PG_VERSION"), "utf8").trim(),
  made_at: new Date().toISOString(),
});

await runCommand(import.meta, command, ({ positionals }) => {
  const file = placeOf(positionals);
  const home = findHome();
  if (!existsSync(home.dataFolder))
    throw new PlainError(`There is nothing to back up: ${home.dataFolder} does not exist (npm start makes it).`);
  const releaseLock = takeLock(home.lock, "npm run backup");
  try {
    assertServerStopped(home.dataFolder);
    writeArchive(home, file);
  } finally {
    releaseLock();
  }
  process.stdout.write(`Backed up to ${file} (${Math.ceil(statSync(file).size / 1024)} kB). It holds secrets: keep it to yourself.\n`);
});
