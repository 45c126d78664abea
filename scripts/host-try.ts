// `npm run host:try`: the artifact on a machine with systemd, booted by the boot script that the launch template carries.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { projectRoot } from "../app/local/home.ts";
import { PlainError, reportAndSetExitCode } from "../app/local/plain-error.ts";
import { archs } from "./build/artifact.ts";
import { build } from "./build.ts";
import { debianBase, exitCannotTry, whyNoMachine } from "./machine/debian.ts";

const help = `npm run host:try -- [--posts N] [--quick]

Boots the release artifact on a Debian machine with systemd (systemd-nspawn), by the boot script that user data carries:
signed download, proof of the bytes, nginx, units. PostgreSQL and Redis answer in TLS; a few answers of AWS stand in.
Asks /ready, boots again without user data, plants faults, restarts processes under keyed requests.

  --posts N   keyed requests during the restarts (default 20000)
  --quick     boots once, one fault, 2000 requests

Needs root, systemd-nspawn and debootstrap; all of it lives in namespaces of its own that end with it.
Exit codes: 0 all seen, 1 failed, 2 wrong use, 3 this machine cannot boot one.
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { posts: { type: "string", default: "20000" }, quick: { type: "boolean" }, help: { type: "boolean" } },
  });
  if (values.help) return void process.stdout.write(help);
  const reason = whyNoMachine();
  if (reason) throw new PlainError(`host:try is SKIPPED: ${reason}.`, exitCannotTry);
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const arch = archs.find((known) => known === process.arch) ?? "x64";
  const base = debianBase(say);
  const artifact = await build({ arch, out: path.join(projectRoot, "dist/releases") }, say);
  const folder = mkdtempSync(path.join(tmpdir(), "campus-host-"));
  mkdirSync(path.join(folder, "machines"));
  try {
    const posts = values.quick ? 2_000 : Number(values.posts);
    const given = JSON.stringify({ base, folder, artifact, posts, quick: values.quick === true });
    const inside = [
      "--net",
      "--mount",
      "--fork",
      "--kill-child",
      process.execPath,
      path.join(import.meta.dirname, "machine/try.ts"),
      given,
    ];
    const child = spawn("unshare", inside, { stdio: "inherit" });
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill("SIGTERM"));
    process.exitCode = await new Promise<number>((resolve) => child.once("close", (code) => resolve(code ?? 1)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  if (error instanceof TypeError) reportAndSetExitCode(new PlainError(`${error.message} (npm run host:try -- --help)`, 2));
  else reportAndSetExitCode(error);
});
