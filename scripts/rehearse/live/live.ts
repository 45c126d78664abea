import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { archs } from "../../build/artifact.ts";
import { type Built, build } from "../../build.ts";
import { debianBase, whyNoMachine } from "../../machine/debian.ts";
import { root } from "../places.ts";
import { CannotRun } from "../preconditions.ts";
import { run } from "../processes.ts";
import type { Given } from "./inside.ts";
import { wire } from "./wires.ts";

/** What machines are made of: a Debian, and the artifact that they run. */
export type Prepared = { readonly base: string; readonly artifact: Built };

const programs = { dnsmasq: "dnsmasq-base", haproxy: "haproxy", nginx: "nginx-light" } as const;

const programsEnvironment = (): Record<string, string> => ({ PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "/root" });

/** Before anything is deployed, since the stacks carry the artifact's digest. */
export const prepareLive = async (say: (line: string) => void): Promise<Prepared> => {
  const missing = Object.entries(programs).filter(([program]) => spawnSync("which", [program], { stdio: "ignore" }).status !== 0);
  const lacking = missing.length > 0 ? `there is no ${missing.map(([program]) => program).join(", ")}` : undefined;
  const reason = whyNoMachine() ?? (lacking && `${lacking} (Debian: apt-get install ${missing.map(([, name]) => name).join(" ")})`);
  if (reason) throw new CannotRun(`The campus cannot be brought to life: ${reason}.`);
  const arch = archs.find((known) => known === process.arch) ?? "x64";
  return { base: debianBase(say), artifact: await build({ arch, out: join(root, "dist/releases") }, say) };
};

export type Live = Prepared & {
  readonly worldUrl: string;
  readonly python: string;
  readonly environment: string;
  /** The one that serves first. */
  readonly regions: readonly string[];
  /** Leave it standing until a signal ends it. */
  readonly keep: boolean;
};

/**
 * The campus that the stacks describe, on this machine: in namespaces of its own for processes, networks and mounts.
 * Whatever ends the first process in them ends all of it.
 */
export const liveRehearsal = async ({ worldUrl, ...live }: Live): Promise<boolean> => {
  const folder = mkdtempSync(join(tmpdir(), "campus-live-"));
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 });
  process.once("exit", remove);
  const worldSocket = join(folder, "world.sock");
  const bridge = await wire({ path: worldSocket }, { host: "127.0.0.1", port: Number(new URL(worldUrl).port) });
  const given: Given = { ...live, folder, worldSocket };
  const inside = [
    "--net",
    "--mount",
    "--pid",
    "--mount-proc",
    "--fork",
    "--kill-child",
    process.execPath,
    join(import.meta.dirname, "inside.ts"),
  ];
  try {
    return (
      (
        await run({
          file: "unshare",
          args: [...inside, JSON.stringify(given)],
          cwd: root,
          env: programsEnvironment(),
          onLine: (line) => console.log(line),
        })
      ).code === 0
    );
  } finally {
    bridge.close();
    process.off("exit", remove);
    remove();
  }
};
