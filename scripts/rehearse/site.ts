import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { rehearsalAccount } from "../../app/local/aws-world.ts";
import { childEnvironment } from "./child-environment.ts";
import { repin } from "./configurations.ts";
import { duration, say } from "./console.ts";
import { readManifest, type Stack } from "./manifest.ts";
import { cacheFolder, cdktfProgram, root } from "./places.ts";
import { CannotRun } from "./preconditions.ts";
import { run } from "./processes.ts";
import { cliConfig, describeProvider, findProvider, mirrorPlaces, type ProviderSource } from "./provider.ts";
import type { Site } from "./terraform.ts";

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** An empty folder for this run alone. */
export const takeFolder = (folder: string): void => {
  const holder = join(folder, "pid");
  const pid = existsSync(holder) ? Number(readFileSync(holder, "utf8")) : undefined;
  if (pid !== undefined && isAlive(pid)) throw new Error(`Process ${pid} rehearses in ${folder}: wait for it, or end it.`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "logs"), { recursive: true });
  writeFileSync(holder, String(process.pid));
};

const cliConfigIn = (folder: string): string => join(folder, "terraformrc");

/** The version that the bindings were made for: stacks pin exactly this one. */
export const pinnedProvider = (): string => {
  const bindings = JSON.parse(readFileSync(join(root, "node_modules/@cdktf/provider-aws/package.json"), "utf8")) as {
    cdktf: { provider: { version: string } };
  };
  return bindings.cdktf.provider.version;
};

/** Finds the provider, says where, and writes Terraform's own configuration for this run. */
export const provideProvider = async (folder: string): Promise<ProviderSource> => {
  const pinned = pinnedProvider();
  const source = await findProvider(pinned, mirrorPlaces(process.env));
  if (!source) {
    throw new CannotRun(
      `AWS provider ${pinned} is in no local mirror and the registry does not answer: put it into ~/.terraform.d/plugins, or connect.`,
    );
  }
  say(describeProvider(source));
  if (source.version !== pinned) {
    say(`THE STACKS PIN ${pinned}: this rehearsal runs with ${source.version} instead, and proves nothing about ${pinned}.`);
  }
  const pluginCache = join(cacheFolder, "terraform-plugins");
  mkdirSync(pluginCache, { recursive: true });
  writeFileSync(cliConfigIn(folder), cliConfig(source, pluginCache));
  return source;
};

export const siteOf = (folder: string, worldUrl: string, source: ProviderSource): Site => {
  const rehearsal = { folder, worldUrl, cliConfig: cliConfigIn(folder), reachesOut: source.kind === "registry" };
  return {
    root,
    outFolder: join(folder, "out"),
    logFolder: join(folder, "logs"),
    providerVersion: source.version,
    env: {
      ...childEnvironment(rehearsal, process.env),
      CAMPUS_ACCOUNT_ID: rehearsalAccount,
      PATH: [dirname(process.execPath), join(root, "node_modules", ".bin"), process.env.PATH].join(":"),
    },
  };
};

export type App = { readonly command: string; readonly env: Record<string, string> };

/** Synthesizes into the work folder, as real as it would be deployed, but for the account. */
export const synthesize = async (site: Site, app: App): Promise<readonly Stack[]> => {
  const args = [cdktfProgram, "synth", "--app", app.command, "--output", site.outFolder];
  const { code, lines, seconds } = await run({ file: process.execPath, args, cwd: root, env: { ...site.env, ...app.env } });
  if (code !== 0) throw new Error(`cdktf synth failed:\n${lines.join("\n")}`);
  const stacks = readManifest(site.outFolder);
  if (site.providerVersion !== pinnedProvider()) repin(stacks, site.providerVersion);
  say(`${stacks.length} stacks synthesized in ${duration(seconds)}`);
  return stacks;
};
