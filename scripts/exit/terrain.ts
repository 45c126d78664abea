import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const outputLimitBytes = 64_000_000;
const installMilliseconds = 8 * 60_000;
const synthMilliseconds = 2 * 60_000;
const unreachable = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH/;

/** cdktn refuses write-only arguments until it is told that no Terraform below 1.11 will read its JSON; cdktf takes no notice. */
const context = JSON.stringify({ targetVersions: { terraform: ">=1.11.0" } });

/** Installs the locked packages once (480 MB below the cache folder). False where the registry cannot be reached. */
export async function installTerrain(packages: string, home: string): Promise<boolean> {
  const lock = readFileSync(join(packages, "package-lock.json"), "utf8");
  const stamp = join(home, "installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return true;
  console.log("installing CDK Terrain and its bindings (480 MB, once)");
  mkdirSync(home, { recursive: true });
  for (const file of ["package.json", "package-lock.json"]) cpSync(join(packages, file), join(home, file));
  try {
    const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"];
    await run("npm", ["ci", ...flags], { cwd: home, maxBuffer: outputLimitBytes, timeout: installMilliseconds });
  } catch (error) {
    if (unreachable.test(String((error as { stderr?: string }).stderr))) return false;
    throw error;
  }
  writeFileSync(stamp, lock);
  return true;
}

/** What a synth reads, from the project's root. */
const partsOfASynth = ["stacks", "regions", "runbooks", "dashboards", "app", "package.json"];
const isOfSource = (file: string) => !["node_modules", "dist"].includes(basename(file));

/** The same source with the two package names swapped, below the installed packages. */
export function swapImports(root: string, home: string): string {
  const source = join(home, "source");
  rmSync(source, { recursive: true, force: true });
  for (const part of partsOfASynth) cpSync(join(root, part), join(source, part), { recursive: true, filter: isOfSource });
  const stacks = join(source, "stacks");
  for (const name of readdirSync(stacks, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"))) {
    const file = join(stacks, name);
    writeFileSync(file, swapped(readFileSync(file, "utf8")));
  }
  symlinkSync(join(home, "node_modules"), join(source, "node_modules"));
  return source;
}

export const swapped = (text: string): string =>
  text.replaceAll('from "cdktf"', 'from "cdktn"').replaceAll('from "@cdktf/provider-aws/', 'from "@cdktn/provider-aws/');

/** Every stack of the pilot as JSON, by its name. */
export async function synth(source: string, outdir: string): Promise<Record<string, unknown>> {
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  const env = { ...process.env, CAMPUS_ENVIRONMENT: "pilot", CDKTF_OUTDIR: outdir, CDKTF_CONTEXT_JSON: context };
  await run(process.execPath, [join(source, "stacks/main.ts")], { cwd: source, env, timeout: synthMilliseconds });
  const folder = join(outdir, "stacks");
  return Object.fromEntries(readdirSync(folder).map((name) => [name, JSON.parse(readFileSync(join(folder, name, "cdk.tf.json"), "utf8"))]));
}
