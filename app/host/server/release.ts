import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  createReadStream,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { PlainError } from "../../local/plain-error.ts";
import { hashedFile } from "../../web/page-headers.ts";
import { nginxConfig } from "../nginx.ts";
import { apiUnits, apiUrls, drainSeconds, nginxUnit, workerUnits } from "../services.ts";
import { hostSettings } from "../settings.ts";
import { writeWhole } from "../write-whole.ts";
import { challenges, current, etc, isDigest, ownHome, releases, type ServerState, say, systemdUnits, tls, web } from "./places.ts";
import { ownerEnvironment, postgresPort } from "./postgres.ts";
import { run, succeeds, systemctl } from "./run.ts";
import { appEnvironment, serverSecrets, writeEnvironment } from "./secrets.ts";

/** A process is ready within seconds; a small machine that is busy takes longer. */
const readyWithinMs = 120_000;
const lookAgainMs = 250;
/** It ended by itself so often since it was told to start: it will not serve. */
const hopelessRestarts = 4;
const keptReleases = 3;

export const homeOf = (digest: string): string => path.join(releases, digest);
export const isHere = (digest: string): boolean => existsSync(path.join(homeOf(digest), "manifest.json"));
export const short = (digest: string): string => digest.slice(0, 12);

export async function digestOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/** The archive below its digest, whole or not at all. A file that is named by a digest must have it. */
export async function unpackRelease(file: string): Promise<string> {
  if (!existsSync(file)) throw new PlainError(`There is no file ${file}.`);
  const digest = await digestOf(file);
  const named = path.basename(file).replace(/\.tar\.gz$/, "");
  if (isDigest(named) && named !== digest) throw new PlainError(`The bytes of ${file} are not those that its name says: fetch it again.`);
  if (isHere(digest)) return digest;
  const unfinished = path.join(releases, `.${digest}.new`);
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  try {
    run("tar", ["-xzf", file, "-C", unfinished, "--no-same-owner"]);
    mustFit(unfinished, file);
    renameSync(unfinished, homeOf(digest));
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return digest;
}

function mustFit(home: string, file: string): void {
  const manifest = path.join(home, "manifest.json");
  if (!existsSync(manifest) || !existsSync(path.join(home, "host/server.mjs")))
    throw new PlainError(`${file} is no release that can run on one server: npm run build makes one.`);
  const { arch } = JSON.parse(readFileSync(manifest, "utf8")) as { arch: string };
  if (arch !== process.arch)
    throw new PlainError(`${file} is for ${arch}, and this machine is ${process.arch}: npm run build -- --arch ${process.arch}.`);
}

/** Lets the program of a release make itself the one that serves: it knows its own units, settings and steps of the schema. */
export function serveBy(digest: string, { isMigrated }: { readonly isMigrated: boolean }): void {
  const home = homeOf(digest);
  const words = ["--use-system-ca", path.join(home, "host/server.mjs"), "serve", ...(isMigrated ? ["--migrate"] : [])];
  const { status, stderr } = spawnSync(path.join(home, "node/bin/node"), words, { stdio: ["ignore", "inherit", "pipe"], encoding: "utf8" });
  if (status !== 0) throw new PlainError(stderr.trim().split("\n").at(-1) || `${short(digest)} could not be started (${status})`);
}

/** This release is the one that serves, one process after the other; the schema first, the pages last. */
export async function serveOwn(state: Pick<ServerState, "domain">, { isMigrated }: { readonly isMigrated: boolean }): Promise<void> {
  const digest = path.basename(ownHome);
  writeEnvironment({}, {}, { CAMPUS_VERSION: digest });
  const environment = appEnvironment();
  const { API_PROCESSES } = hostSettings(environment);
  if (isMigrated) say(migrateDatabase());
  putWebFiles((key) => hashedFile.test(`/${key}`));
  linkCurrent();
  installUnits(state.domain, API_PROCESSES);
  for (const [index, unit] of apiUnits(API_PROCESSES).entries()) {
    systemctl("enable", "--quiet", unit);
    systemctl("restart", unit);
    await untilReady(apiUrls(API_PROCESSES)[index] as string, unit, digest);
    say(`${unit} serves ${short(digest)}`);
  }
  systemctl("enable", "--quiet", ...workerUnits, nginxUnit);
  systemctl("restart", ...workerUnits);
  systemctl("reload-or-restart", nginxUnit);
  putWebFiles((key) => !hashedFile.test(`/${key}`));
  mustRun([...workerUnits, nginxUnit]);
}

export function migrateDatabase(): string {
  const env = ownerEnvironment(postgresPort(), serverSecrets());
  return run(process.execPath, [path.join(ownHome, "app/migrate.mjs")], { env });
}

function linkCurrent(): void {
  const unfinished = `${current}.new`;
  rmSync(unfinished, { force: true });
  symlinkSync(ownHome, unfinished);
  renameSync(unfinished, current);
}

/** Files with a hash in their name stay for the pages that are open; a page comes after all that it asks for. */
function putWebFiles(isWanted: (key: string) => boolean): void {
  const from = path.join(ownHome, "web");
  const files = globSync("**/*", { cwd: from, withFileTypes: true }).filter((entry) => entry.isFile());
  const keys = files.map((entry) => path.relative(from, path.join(entry.parentPath, entry.name)));
  const isPage = (key: string) => Number(/\.html$|(^|\/)sw\.js$/.test(key));
  for (const key of keys.sort((one, other) => isPage(one) - isPage(other))) {
    const target = key.replace(/^student\//, "");
    if (!isWanted(target)) continue;
    mkdirSync(path.dirname(path.join(web, target)), { recursive: true });
    cpSync(path.join(from, key), path.join(web, `${target}.new`));
    renameSync(path.join(web, `${target}.new`), path.join(web, target));
  }
}

function installUnits(domain: string, apiProcesses: number): void {
  const site = { domain, web, challenges, ipv6: existsSync("/proc/net/if_inet6") };
  writeWhole(path.join(etc, "nginx.conf"), nginxConfig({ apiProcesses, port: 443, credentials: tls, drainSeconds, site }));
  for (const folder of ["units", "server"]) cpSync(path.join(ownHome, "host", folder), systemdUnits, { recursive: true });
  systemctl("daemon-reload");
}

async function untilReady(url: string, unit: string, digest: string): Promise<void> {
  const deadline = performance.now() + readyWithinMs;
  for (;;) {
    const reason = await whyNotReady(url, digest);
    if (reason === undefined) return;
    if (performance.now() > deadline || restartsOf(unit) >= hopelessRestarts)
      throw new PlainError(`${unit} does not serve ${short(digest)}: ${reason} (${lastWords(unit)})`);
    await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
  }
}

const restartsOf = (unit: string): number => Number(run("systemctl", ["show", "--property=NRestarts", "--value", unit]));

async function whyNotReady(url: string, digest: string): Promise<string | undefined> {
  try {
    const ask = (place: string) => fetch(`${url}${place}`, { signal: AbortSignal.timeout(5_000) });
    const { version } = (await (await ask("/health")).json()) as { version: string };
    if (version !== digest) return `it runs ${version}`;
    const ready = await ask("/ready");
    return ready.status === 200 ? undefined : `/ready says ${ready.status}: ${(await ready.text()).slice(0, 200)}`;
  } catch (error) {
    return `it does not answer: ${(error as Error).message}`;
  }
}

/** What its processes said last, in one line. */
const lastWords = (unit: string): string =>
  run("journalctl", ["-u", unit, "-n", "3", "-o", "cat", "--no-pager"]).split("\n").join(" | ").slice(-400);

function mustRun(units: readonly string[]): void {
  for (const unit of units)
    if (!succeeds("systemctl", "is-active", "--quiet", unit)) throw new PlainError(`${unit} does not run: ${lastWords(unit)}`);
}

/** The newest stay, and what serves or served before. */
export function pruneReleases(kept: readonly (string | undefined)[]): void {
  const here = readdirSync(releases).filter(isDigest);
  const newest = here.sort((one, other) => statSync(homeOf(other)).mtimeMs - statSync(homeOf(one)).mtimeMs).slice(0, keptReleases);
  for (const digest of here)
    if (!newest.includes(digest) && !kept.includes(digest)) rmSync(homeOf(digest), { recursive: true, force: true });
}

export const servedDigest = (): string | undefined => (existsSync(current) ? path.basename(readlinkSync(current)) : undefined);
