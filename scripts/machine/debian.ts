import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { projectRoot } from "../../app/local/home.ts";
import { PlainError } from "../../app/local/plain-error.ts";

export const exitCannotTry = 3;

const packages =
  "systemd,systemd-sysv,dbus,udev,iproute2,procps,curl,ca-certificates,openssl,python3,python3-cffi-backend,cloud-init,nginx-light";

/** Why no machine can be booted here, in one line; undefined where one can. */
export function whyNoMachine(): string | undefined {
  if (process.platform !== "linux") return "machines are booted on Linux only";
  if (process.getuid?.() !== 0) return "machines are booted by root only (namespaces, mounts)";
  const missing = ["systemd-nspawn", "debootstrap", "unshare", "nsenter", "ip"].filter(
    (program) => spawnSync("which", [program], { stdio: "ignore" }).status !== 0,
  );
  if (missing.length > 0) return `there is no ${missing.join(", ")} (on Debian \`npm run setup -- --live\` as root installs them)`;
  const namespaces = spawnSync("unshare", ["--net", "--mount", "true"], { encoding: "utf8" });
  return namespaces.status === 0 ? undefined : `namespaces cannot be made here: ${namespaces.stderr.trim()}`;
}

/** Debian 12 as its cloud image has it, and nginx; made once with debootstrap (a minute or two, 400 MB). */
export const debianBase = (say: (line: string) => void): Promise<string> =>
  makeBase({ name: "debian-12", suite: "bookworm", packages }, say);

/**
 * A bare Debian that has PostgreSQL 18 of its own, with the packages of one server downloaded and not installed: a machine without a way
 * out installs them as one with a way out does.
 */
export function bareDebian(downloaded: readonly string[], say: (line: string) => void): Promise<string> {
  const bare = "systemd,systemd-sysv,dbus,udev,iproute2,procps,curl,ca-certificates";
  return makeBase({ name: "debian-14-bare", suite: "forky", packages: bare }, say, async (folder) => {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    // The lists of a suite that is not out yet end within a week, and mirrors lag.
    const aptGet = (...words: readonly string[]) =>
      make("chroot", [folder, "apt-get", "-qq", "-o", "Acquire::Check-Valid-Until=false", ...words], env);
    await aptGet("update");
    await aptGet("install", "-y", "--no-install-recommends", "--download-only", ...downloaded);
  });
}

interface Base {
  readonly name: string;
  readonly suite: string;
  readonly packages: string;
}

async function makeBase(
  { name, suite, packages }: Base,
  say: (line: string) => void,
  finish: (folder: string) => Promise<void> = async () => undefined,
): Promise<string> {
  const base = path.join(projectRoot, ".cache", name);
  if (existsSync(path.join(base, "usr"))) return base;
  say(`Making ${name} (once, a minute or two) …`);
  const unfinished = `${base}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(path.dirname(base), { recursive: true });
  // A debootstrap that is older than the suite makes it as it makes unstable; without an address it takes its own.
  const script = existsSync(`/usr/share/debootstrap/scripts/${suite}`) ? [] : ["", "sid"];
  await make("debootstrap", ["--variant=minbase", `--include=${packages}`, suite, unfinished, ...script]);
  await finish(unfinished);
  renameSync(unfinished, base);
  return base;
}

async function make(program: string, words: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<void> {
  await promisify(execFile)(program, words, { maxBuffer: 16 << 20, env }).catch(
    ({ stdout, stderr }: { stdout: string; stderr: string }) => {
      throw new PlainError(`${program} failed: ${(stdout.trim() || stderr.trim()).split("\n").at(-1)}`, exitCannotTry);
    },
  );
}
