import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { archs } from "../../build/artifact.ts";
import { type Built, build } from "../../build.ts";
import { apart } from "../../machine/apart.ts";
import { debianBase, whyNoMachine } from "../../machine/debian.ts";
import type { LiveDrill } from "../options.ts";
import { root } from "../places.ts";
import { CannotRun } from "../preconditions.ts";
import { run } from "../processes.ts";
import type { Given } from "./inside.ts";
import { doorOf } from "./look-around.ts";
import { wire } from "./wires.ts";

/** What machines are made of: a Debian that was seen to boot, which takes minutes the first time, and the artifact that they run. */
export type Prepared = { readonly base: Promise<string>; readonly artifact: Built };

const programs = ["dnsmasq", "haproxy", "nginx"];

const programsEnvironment = (): Record<string, string> => ({ PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "/root" });

/** Before anything is deployed, since the stacks carry the artifact's digest. */
export const prepareLive = async (say: (line: string) => void): Promise<Prepared> => {
  const missing = programs.filter((program) => spawnSync("which", [program], { stdio: "ignore" }).status !== 0);
  const lacking =
    missing.length > 0 ? `there is no ${missing.join(", ")} (on Debian \`npm run setup -- --live\` as root installs them)` : undefined;
  const reason = whyNoMachine() ?? lacking;
  if (reason) throw new CannotRun(`The campus cannot be brought to life: ${reason}.`);
  const base = bootable(say);
  // Whoever needs it is told then.
  base.catch(() => undefined);
  const arch = archs.find((known) => known === process.arch) ?? "x64";
  return { base, artifact: await build({ arch, out: join(root, "dist/releases") }, say) };
};

const bootable = async (say: (line: string) => void): Promise<string> => {
  const base = await debianBase(say).catch((error: Error) => {
    throw new CannotRun(`The campus cannot be brought to life: ${error.message}.`);
  });
  const silence = await whyNoBoot(base);
  if (silence) throw new CannotRun(`The campus cannot be brought to life: ${silence}.`);
  return base;
};

const runInside = (program: string, args: readonly string[], onLine: (line: string) => void) =>
  run({
    file: "unshare",
    args: apart(join(import.meta.dirname, program), ...args),
    cwd: root,
    env: programsEnvironment(),
    onLine,
  });

/** What a container may lack is found out in seconds, and not after everything was deployed. */
const whyNoBoot = async (base: string): Promise<string | undefined> => {
  const folder = temporaryFolder();
  try {
    const said: string[] = [];
    const { code } = await runInside("probe.ts", [base, folder.path], (line) => said.push(line));
    return code === 0 ? undefined : `no machine boots here (${said.find((line) => /^\w*Error:|did not/.test(line)) ?? said.at(-1)})`;
  } finally {
    folder.remove();
  }
};

const temporaryFolder = (): { readonly path: string; readonly remove: () => void } => {
  const path = mkdtempSync(join(tmpdir(), "campus-live-"));
  const remove = () => rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 });
  return { path, remove };
};

export type Live = {
  readonly base: string;
  readonly artifact: Built;
  readonly worldUrl: string;
  readonly python: string;
  readonly environment: string;
  /** The one that serves first. */
  readonly regions: readonly string[];
  /** Leave it standing until a signal ends it, with a way in; then it goes through no drill but one that is asked for. */
  readonly keep: boolean;
  /** Goes through this one alone; undefined goes through the usual ones. */
  readonly drill: LiveDrill | undefined;
};

const usualPort = 8_443;

/** The way in for whoever looks around. */
const openDoor = async (path: string): Promise<{ readonly port: number; readonly close: () => void }> => {
  const open = (port: number) => wire({ host: "127.0.0.1", port }, { path });
  const server = await open(usualPort).catch(() => open(0));
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
};

/**
 * The campus that the stacks describe, on this machine: in namespaces of its own for processes, networks and mounts.
 * Whatever ends the first process in them ends all of it.
 */
export const liveRehearsal = async ({ worldUrl, keep, ...live }: Live): Promise<boolean> => {
  const { path: folder, remove } = temporaryFolder();
  process.once("exit", remove);
  const worldSocket = join(folder, "world.sock");
  const bridge = await wire({ path: worldSocket }, { host: "127.0.0.1", port: Number(new URL(worldUrl).port) });
  const door = keep ? await openDoor(doorOf(folder)) : undefined;
  const given: Given = { ...live, folder, worldSocket, keptAt: door?.port };
  try {
    return (await runInside("inside.ts", [JSON.stringify(given)], (line) => console.log(line))).code === 0;
  } finally {
    bridge.close();
    door?.close();
    process.off("exit", remove);
    remove();
  }
};
