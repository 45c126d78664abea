import { existsSync, readFileSync } from "node:fs";
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

/** What was chosen at the installation and what runs; root's alone. */
export interface ServerState {
  readonly domain: string;
  readonly certificate: "letsencrypt" | "file" | "self-made";
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

/** A moment as it stands in names: 20270301T101500Z. */
export const inNames = (at: Date): string => at.toISOString().replace(/[-:]|\.\d+/g, "");

export const isDigest = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

export const say = (line: string): void => void process.stdout.write(`${line}\n`);
