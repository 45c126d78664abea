import { createWriteStream, existsSync, rmSync } from "node:fs";
import path from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Asked, type Command, refuse } from "../../local/command.ts";
import { PlainError } from "../../local/plain-error.ts";
import { backUp } from "./backup.ts";
import { isDigest, keepState, releases, type ServerState, say, serverState } from "./places.ts";
import { isHere, pruneReleases, serveBy, servedDigest, short, unpackRelease } from "./release.ts";

export const updateCommand = {
  name: "host/update",
  for: "platform team",
  what: "Brings this server to another release: a backup, the schema, one process after the other. Where it does not serve, the server goes back by itself.",
  touches: "/opt/campus-pay, the database's schema, the processes; nobody who pays is cut off.",
  takes: { "DIGEST-or-FILE": "an archive of npm run build, or the sha256 of one that is here or at --from" },
  options: {
    from: { type: "string", value: "URL", help: "where archives lie: URL/DIGEST.tar.gz is fetched, and its bytes must have that sha256" },
    "no-backup": { type: "boolean", help: "make no backup first" },
    "dry-run": { type: "boolean", help: "say what would be done" },
  },
  exits: { 1: "not updated: the last line says why, and what serves now" },
} as const satisfies Command;

export const rollbackCommand = {
  name: "host/rollback",
  for: "on call",
  what: "Brings this server back to the release that served before, or to the one that is named. The schema stays: each release runs on that of the next one.",
  touches: "the processes and the web apps.",
  takes: { "[DIGEST]": "the sha256 of a release that is here" },
  options: { "dry-run": { type: "boolean", help: "say what would be done" } },
  exits: { 1: "not rolled back: the last line says why, and what serves now" },
} as const satisfies Command;

export async function update({ values, positionals: [wanted, ...more] }: Asked<(typeof updateCommand)["options"]>): Promise<void> {
  if (!wanted || more.length > 0) throw refuse(updateCommand, "name one release: DIGEST or FILE.");
  const state = serverState();
  if (values["dry-run"])
    return say(
      `would bring ${state.domain} from ${short(state.release ?? "nothing")} to ${wanted}${values["no-backup"] ? "" : ", after a backup"}`,
    );
  const digest = await findRelease(wanted, values.from);
  if (digest === servedDigest()) return say(`${short(digest)} serves already: nothing to do`);
  if (!values["no-backup"]) say(await backUp());
  changeTo(state, digest, true);
}

export function rollBack({ values, positionals: [named, ...more] }: Asked<(typeof rollbackCommand)["options"]>) {
  if (more.length > 0) throw refuse(rollbackCommand, `"${more.join(" ")}" is too much.`);
  const state = serverState();
  const digest = named ?? state.before;
  if (digest === undefined) throw new PlainError("No release served before this one: name one, or host/update to another.");
  if (!isDigest(digest) || !isHere(digest))
    throw new PlainError(`${releases}/${digest} is no release that is here: host/update with its archive.`);
  if (digest === servedDigest()) return say(`${short(digest)} serves already: nothing to do`);
  if (values["dry-run"]) return say(`would bring ${state.domain} from ${short(state.release ?? "nothing")} back to ${short(digest)}`);
  changeTo(state, digest, false);
}

function changeTo(state: ServerState, digest: string, isMigrated: boolean): void {
  const from = servedDigest();
  try {
    serveBy(digest, { isMigrated });
  } catch (error) {
    if (from === undefined || !isHere(from)) throw error;
    say(`${short(digest)} does not serve; going back to ${short(from)} …`);
    serveBy(from, { isMigrated: false });
    throw new PlainError(`Not changed: ${(error as Error).message} ${short(from)} serves as before.`);
  }
  keepState({ ...state, release: digest, ...(from === undefined ? {} : { before: from }) });
  pruneReleases([digest, from]);
  say(`${state.domain} runs ${digest}; host/rollback goes back to ${short(from ?? "nothing")}`);
}

async function findRelease(wanted: string, from: string | undefined): Promise<string> {
  if (!isDigest(wanted)) return unpackRelease(path.resolve(wanted));
  if (isHere(wanted)) return wanted;
  if (from === undefined) throw new PlainError(`${wanted} is not on this machine: give its archive, or say with --from where it lies.`);
  const file = path.join(releases, `${wanted}.tar.gz`);
  try {
    const url = `${from.replace(/\/$/, "")}/${wanted}.tar.gz`;
    const answer = await fetch(url);
    if (!answer.ok || !answer.body) throw new PlainError(`${url} was answered ${answer.status}.`);
    await pipeline(answer.body as unknown as Readable, createWriteStream(file));
    return await unpackRelease(file);
  } finally {
    if (existsSync(file)) rmSync(file);
  }
}
