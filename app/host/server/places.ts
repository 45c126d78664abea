import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { PlainError } from "../../local/plain-error.ts";
import { writePrivateJson } from "../../local/private-file.ts";

/** The release that this program belongs to; on a server its folder is named by the artifact's sha256. */
export const ownHome = path.dirname(import.meta.dirname);
export const releases = "/opt/campus-pay";
export const current = path.join(releases, "current");
export const etc = "/etc/campus-pay";
export const secretsFile = path.join(etc, "secrets");
export const secretsJson = path.join(etc, "secrets.json");
export const tls = path.join(etc, "tls");
export const state = "/var/lib/campus-pay";
export const objects = path.join(state, "objects");
export const web = path.join(state, "web");
export const challenges = path.join(state, "challenges");
export const systemdUnits = "/etc/systemd/system";
export const appUser = "campus-pay";
export const keyReaders = "campus-pay-tls";
export const database = "campus";

export const certificateKinds = ["letsencrypt", "file", "self-made"] as const;

/** What was chosen at the installation and what runs; root's alone. */
export interface ServerState {
  readonly domain: string;
  readonly certificate: (typeof certificateKinds)[number];
  readonly backups: BackupPlace;
  /** Digests of what serves and of what served before. */
  readonly release?: string;
  readonly before?: string;
}

export interface BackupPlace {
  readonly folder: string;
  readonly keep: number;
  /** Beside the folder: s3://BUCKET/PREFIX, at another address than AWS's where `url` says one. */
  readonly bucket?: string;
  readonly url?: string;
  readonly region: string;
  readonly keys?: { readonly id: string; readonly secret: string };
  /** Told with one line by POST when a backup fails. */
  readonly tell?: string;
}

const stateFile = path.join(etc, "server.json");

export const knownState = (): ServerState | undefined =>
  existsSync(stateFile) ? (JSON.parse(readFileSync(stateFile, "utf8")) as ServerState) : undefined;

export function serverState(): ServerState {
  const known = knownState();
  if (known) return known;
  throw new PlainError("Campus Pay is not installed on this machine: run host/install first.");
}

export const keepState = (kept: ServerState): void => writePrivateJson(stateFile, kept);

/** Whole or not at all. */
export function writeWhole(file: string, text: string, mode = 0o644): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, text, { mode });
  renameSync(`${file}.new`, file);
}

export const isDigest = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

export const say = (line: string): void => void process.stdout.write(`${line}\n`);
