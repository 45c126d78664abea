// `npm run server:try`: one server without AWS, from a bare Debian to its removal, with the release artifact and nothing else.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { packagesFor } from "../app/host/server/packages.ts";
import { digestOf } from "../app/host/server/release.ts";
import { type Command, runCommand } from "../app/local/command.ts";
import { projectRoot } from "../app/local/home.ts";
import { PlainError } from "../app/local/plain-error.ts";
import { archs } from "./build/artifact.ts";
import { type Built, build } from "./build.ts";
import { runApart } from "./machine/apart.ts";
import { bareDebian, exitCannotTry, whyNoMachine } from "./machine/debian.ts";

export const command = {
  name: "npm run server:try",
  for: "platform team",
  what: "Installs the release artifact on a bare Debian with systemd by host/install, sells a lunch over HTTPS, kills a process, reboots, backs up, restores, updates, rolls back, removes it and begins again from the bucket; plants faults on the way.",
  touches: "nothing outside namespaces of its own, which end with it; .cache/debian-14-bare and dist/releases are kept.",
  options: {
    artifact: { type: "string", value: "FILE", help: "an archive of npm run build for this processor; built unless said" },
    "acme-server": {
      type: "string",
      value: "PROGRAM",
      help: "pebble, Let's Encrypt's small server for tests: certbot then fetches and renews a certificate from it",
    },
  },
  exits: { 1: "something was not seen: the line above names it", 3: "this machine cannot boot one (root, systemd-nspawn, debootstrap)" },
} as const satisfies Command;

async function artifactOf(file: string | undefined, say: (line: string) => void): Promise<Pick<Built, "file" | "sha256">> {
  if (file !== undefined) return { file: path.resolve(file), sha256: await digestOf(file) };
  const arch = archs.find((known) => known === process.arch) ?? "x64";
  return build({ arch, out: path.join(projectRoot, "dist/releases") }, say);
}

await runCommand(import.meta, command, async ({ values }) => {
  const reason = whyNoMachine();
  if (reason) throw new PlainError(`server:try is SKIPPED: ${reason}.`, exitCannotTry);
  const acmeServer = values["acme-server"] && path.resolve(values["acme-server"]);
  if (acmeServer && !existsSync(acmeServer)) throw new PlainError(`There is no program ${acmeServer}.`);
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const base = await bareDebian(packagesFor("letsencrypt"), say);
  const artifact = await artifactOf(values.artifact, say);
  const folder = mkdtempSync(path.join(tmpdir(), "campus-server-"));
  try {
    const given = JSON.stringify({ base, folder, artifact, acmeServer });
    process.exitCode = await runApart(path.join(import.meta.dirname, "machine/server.ts"), given);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
