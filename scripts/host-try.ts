// `npm run host:try`: the artifact on a machine with systemd, booted by the boot script that the launch template carries.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Command, runCommand, wholeNumber } from "../app/local/command.ts";
import { projectRoot } from "../app/local/home.ts";
import { PlainError } from "../app/local/plain-error.ts";
import { archs } from "./build/artifact.ts";
import { build } from "./build.ts";
import { runApart } from "./machine/apart.ts";
import { debianBase, exitCannotTry, whyNoMachine } from "./machine/debian.ts";

export const command = {
  name: "npm run host:try",
  for: "platform team",
  what: "Boots the release artifact on a Debian machine with systemd by the boot script of user data, plants faults in it, and restarts its processes under keyed requests.",
  touches: "nothing outside namespaces of its own, which end with it; .cache/debian-12 and dist/releases are kept.",
  options: {
    posts: { type: "string", value: "N", default: "20000", help: "keyed requests during the restarts" },
    quick: { type: "boolean", help: "one boot, one fault, 2000 requests" },
  },
  exits: { 1: "something was not seen: the line above names it", 3: "this machine cannot boot one (root, systemd-nspawn, debootstrap)" },
} as const satisfies Command;

await runCommand(import.meta, command, async ({ values }) => {
  const reason = whyNoMachine();
  if (reason) throw new PlainError(`host:try is SKIPPED: ${reason}.`, exitCannotTry);
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const arch = archs.find((known) => known === process.arch) ?? "x64";
  const base = await debianBase(say);
  const artifact = await build({ arch, out: path.join(projectRoot, "dist/releases") }, say);
  const folder = mkdtempSync(path.join(tmpdir(), "campus-host-"));
  mkdirSync(path.join(folder, "machines"));
  try {
    const posts = values.quick ? 2_000 : wholeNumber(command, "posts", values.posts);
    const given = JSON.stringify({ base, folder, artifact, posts, quick: values.quick === true });
    process.exitCode = await runApart(path.join(import.meta.dirname, "machine/try.ts"), given);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
