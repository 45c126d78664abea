import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Environment } from "./credentials.ts";

/** Where the AWS provider comes from. A packed one (zip) is unpacked once, into a plugin cache. */
export type ProviderSource =
  | { readonly kind: "mirror"; readonly folder: string; readonly version: string; readonly packed: boolean; readonly foundBy: string }
  | { readonly kind: "registry"; readonly version: string };

const providerPath = join("registry.terraform.io", "hashicorp", "aws");
const registryUrl = "https://registry.terraform.io/.well-known/terraform.json";
const registryTimeoutMs = 5_000;

const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };
export const platform = `${process.platform}_${architectures[process.arch] ?? process.arch}`;

type Place = { readonly folder: string; readonly foundBy: string };

/** The folders that Terraform itself would search, then add-on folders below /opt. */
export const mirrorPlaces = (env: Environment, optFolder = "/opt"): readonly Place[] => {
  const home = env.HOME ?? homedir();
  const dataFolders = [env.XDG_DATA_HOME ?? join(home, ".local/share"), ...(env.XDG_DATA_DIRS ?? "/usr/local/share:/usr/share").split(":")];
  const usual = [join(home, ".terraform.d/plugins"), ...dataFolders.map((folder) => join(folder, "terraform/plugins"))];
  const addOns = existsSync(optFolder) ? readdirSync(optFolder).map((name) => join(optFolder, name)) : [];
  return [
    ...configuredMirrors(env, home),
    ...usual.map((folder) => ({ folder, foundBy: "one of Terraform's usual folders" })),
    ...addOns.map((folder) => ({ folder, foundBy: `an add-on folder below ${optFolder}` })),
  ];
};

const configuredMirrors = (env: Environment, home: string): readonly Place[] => {
  const file = env.TF_CLI_CONFIG_FILE ?? join(home, ".terraformrc");
  if (!existsSync(file)) return [];
  const paths = [...readFileSync(file, "utf8").matchAll(/filesystem_mirror\s*\{[^}]*?path\s*=\s*"([^"]+)"/g)];
  return paths.map(([, folder]) => ({ folder: folder ?? "", foundBy: `the mirror in ${file}` }));
};

type Found = Place & { readonly version: string; readonly packed: boolean };

const versionsIn = (place: Place): readonly Found[] => {
  const folder = join(place.folder, providerPath);
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return [];
  return readdirSync(folder).flatMap((name): Found[] => {
    const zipped = name.match(/^terraform-provider-aws_(\d+\.\d+\.\d+)_(\w+)\.zip$/);
    if (zipped) return zipped[2] === platform ? [{ ...place, version: zipped[1] ?? "", packed: true }] : [];
    return existsSync(join(folder, name, platform)) ? [{ ...place, version: name, packed: false }] : [];
  });
};

const newestFirst = (a: Found, b: Found) => b.version.localeCompare(a.version, "en", { numeric: true });

/** The pinned version wherever it is, else the newest that a mirror holds, else the registry, else nothing. */
export const findProvider = async (
  pinned: string,
  places: readonly Place[],
  registryAnswers: () => Promise<boolean> = askRegistry,
): Promise<ProviderSource | undefined> => {
  const found = places.flatMap(versionsIn);
  const exact = found.find((one) => one.version === pinned);
  if (exact) return { kind: "mirror", ...exact };
  if (await registryAnswers()) return { kind: "registry", version: pinned };
  const other = [...found].sort(newestFirst)[0];
  return other && { kind: "mirror", ...other };
};

const askRegistry = async (): Promise<boolean> => {
  try {
    return (await fetch(registryUrl, { signal: AbortSignal.timeout(registryTimeoutMs) })).ok;
  } catch {
    return false;
  }
};

/** Terraform's own configuration for this run: the caller's may name files that do not exist. */
export const cliConfig = (source: ProviderSource, cacheFolder: string): string => {
  const cache = `plugin_cache_dir = ${JSON.stringify(cacheFolder)}\nplugin_cache_may_break_dependency_lock_file = true\n`;
  if (source.kind === "registry") return cache;
  const mirror = `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(source.folder)}\n  }\n}\n`;
  return source.packed ? cache + mirror : mirror;
};

export const describeProvider = (source: ProviderSource): string =>
  source.kind === "registry"
    ? `AWS provider ${source.version} from the registry`
    : `AWS provider ${source.version} from ${source.folder} (${source.foundBy})`;
