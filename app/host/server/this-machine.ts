import { existsSync, readFileSync } from "node:fs";
import { totalmem } from "node:os";
import path from "node:path";
import { PlainError } from "../../local/plain-error.ts";
import { isDigest, ownHome, releases } from "./places.ts";
import { succeeds } from "./run.ts";

const leastMemoryMebibytes = 900;

/** Refuses, before anything is touched, a machine on which it cannot end well. */
export function mustBeAble(isDryRun: boolean): void {
  const arch = (JSON.parse(readFileSync(path.join(ownHome, "manifest.json"), "utf8")) as { arch: string }).arch;
  if (arch !== process.arch) throw new PlainError(`This release is for ${arch}, and this machine is ${process.arch}.`);
  if (!existsSync("/etc/debian_version")) throw new PlainError("This is no Debian: host/install knows Debian 12 and newer.");
  if (!existsSync("/run/systemd/system"))
    throw new PlainError("systemd does not run here: a machine (or container) that boots with it is needed.");
  const memory = Math.floor(totalmem() / 1_048_576);
  if (memory < leastMemoryMebibytes)
    throw new PlainError(`This machine has ${memory} MiB of memory, and 1 GiB is the least (2 GiB serve well).`);
  if (!isDryRun && process.getuid?.() !== 0) throw new PlainError("host/install is for root: sudo host/install …");
  if (!isDigest(path.basename(ownHome)) || path.dirname(ownHome) !== releases)
    throw new PlainError(`Unpack the release below its sha256 first, into ${releases}/DIGEST; this one lies in ${ownHome}.`);
  mustHavePorts();
}

/** 80 and 443 are free, or ours. */
function mustHavePorts(): void {
  if (succeeds("systemctl", "is-active", "--quiet", "campus-pay-nginx.service")) return;
  for (const port of ["0050", "01BB"])
    for (const table of ["/proc/net/tcp", "/proc/net/tcp6"])
      if (existsSync(table) && new RegExp(`^ *\\d+: [0-9A-F]+:${port} [0-9A-F:]+ 0A `, "m").test(readFileSync(table, "utf8")))
        throw new PlainError(`Port ${Number.parseInt(port, 16)} is taken on this machine: stop what listens there (ss -ltnp) first.`);
}
