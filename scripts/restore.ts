import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { type Manifest, manifestName, runTar } from "../app/local/archive.ts";
import { assertServerStopped } from "../app/local/cluster.ts";
import { type Command, refuse, runCommand } from "../app/local/command.ts";
import { findHome, type Home } from "../app/local/home.ts";
import { takeLock } from "../app/local/lock.ts";
import { PlainError } from "../app/local/plain-error.ts";
import { findPostgresPrograms, majorVersion } from "../app/local/postgres-programs.ts";

export const command = {
  name: "npm run restore",
  for: "newcomer",
  what: "Puts a backup in the place of the data folder.",
  touches: "the data folder, the objects and the secrets; what stood there goes only with --replace.",
  takes: { "FILE.tar.gz": "what `npm run backup` wrote" },
  options: { replace: { type: "boolean", help: "put it in the place of the data that is there" } },
  environment: { CAMPUS_HOME: "the folder of the data; .campus unless said" },
  exits: { 1: "the system runs, data is there, or the backup is of another version" },
} as const satisfies Command;

async function restore(file: string, replace: boolean): Promise<void> {
  const home = findHome();
  const releaseLock = takeLock(home.lock, "npm run restore");
  const unpacked = path.join(home.folder, "restore.new");
  try {
    if (existsSync(home.dataFolder) && !replace) {
      throw new PlainError(
        `${home.dataFolder} holds data: back it up, then say \`npm run restore -- ${file} --replace\` to put the backup in its place.`,
      );
    }
    assertServerStopped(home.dataFolder);
    rmSync(unpacked, { recursive: true, force: true });
    mkdirSync(unpacked, { recursive: true, mode: 0o700 });
    const madeAt = await unpack(file, unpacked);
    putInPlace(unpacked, home);
    process.stdout.write(`Restored the backup of ${madeAt}. \`npm start\` continues with it.\n`);
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
    releaseLock();
  }
}

function fileOf([file, ...more]: readonly string[]): string {
  if (!file || more.length > 0) throw refuse(command, "say from where: npm run restore -- FILE.tar.gz.");
  if (!existsSync(file)) throw new PlainError(`There is no file ${file}.`);
  return path.resolve(file);
}

async function unpack(file: string, folder: string): Promise<string> {
  const into = [`--file=${file}`, `--directory=${folder}`];
  const manifest = readManifest(file, folder, into);
  const major = majorVersion(await findPostgresPrograms());
  if (manifest.postgres_major !== major) {
    throw new PlainError(
      `This backup was made by PostgreSQL ${manifest.postgres_major}, and this version of Campus Pay runs PostgreSQL ${major}: restore it with the version of Campus Pay that made it.`,
    );
  }
  runTar(["--extract", "--gzip", "--numeric-owner", ...into]);
  return manifest.made_at ?? "an unknown time";
}

function readManifest(file: string, folder: string, into: readonly string[]): Partial<Manifest> {
  try {
    runTar(["--extract", "--gzip", ...into, "--occurrence=1", manifestName]);
  } catch (error) {
    throw new PlainError(`${file} is not a backup of Campus Pay (${(error as Error).message}).`);
  }
  return JSON.parse(readFileSync(path.join(folder, manifestName), "utf8")) as Partial<Manifest>;
}

function putInPlace(unpacked: string, home: Home): void {
  for (const place of [home.dataFolder, home.secrets]) {
    rmSync(place, { recursive: true, force: true });
    renameSync(path.join(unpacked, path.basename(place)), place);
  }
  // A backup of before there was such a place has none.
  for (const place of [home.objects, home.gatewayBooks]) {
    const kept = path.join(unpacked, path.basename(place));
    rmSync(place, { recursive: true, force: true });
    if (existsSync(kept)) renameSync(kept, place);
  }
}

await runCommand(import.meta, command, ({ values, positionals }) => restore(fileOf(positionals), values.replace === true));
