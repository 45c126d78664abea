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
export async function debianBase(say: (line: string) => void): Promise<string> {
  const base = path.join(projectRoot, ".cache/debian-12");
  if (existsSync(path.join(base, "usr"))) return base;
  say("Making a Debian 12 (once, a minute or two) …");
  const unfinished = `${base}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(path.dirname(base), { recursive: true });
  const words = ["--variant=minbase", `--include=${packages}`, "bookworm", unfinished];
  await promisify(execFile)("debootstrap", words, { maxBuffer: 16 << 20 }).catch(({ stdout }: { stdout: string }) => {
    throw new PlainError(`debootstrap failed: ${stdout.trim().split("\n").at(-1)}`, exitCannotTry);
  });
  renameSync(unfinished, base);
  return base;
}
