import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../../app/local/home.ts";
import { PlainError } from "../../app/local/plain-error.ts";

/** One package that is in the artifact. */
export interface Part {
  readonly name: string;
  readonly version: string;
  readonly licence: string | undefined;
}

interface Locked {
  readonly version: string;
  readonly integrity: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

export function readLock(root: string): (name: string) => Locked {
  const { packages } = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8")) as { packages: Record<string, Locked> };
  return (name) => {
    const locked = packages[`node_modules/${name}`];
    if (!locked) throw new PlainError(`${name} is not in package-lock.json: run npm install.`);
    return locked;
  };
}

/** Copies installed packages with all that they need; the lock file says what. */
export function copyPackages(root: string, names: readonly string[], to: string): Part[] {
  const lock = readLock(root);
  const wanted = new Set<string>();
  const want = (name: string) => {
    if (wanted.has(name)) return;
    wanted.add(name);
    for (const needed of Object.keys(lock(name).dependencies ?? {})) want(needed);
  };
  names.forEach(want);
  return [...wanted].sort().map((name) => {
    cpSync(path.join(root, "node_modules", name), path.join(to, name), { recursive: true });
    const { version, license } = lock(name);
    return { name, version, licence: license };
  });
}

/** npm's first line is a code, its last one names a file. */
const reasonOf = (said: string): string => /^npm error (?!code |A complete )(.+)$/m.exec(said)?.[1] ?? said.trim();

/** A package for another processor, which npm does not install here. Its bytes are proved before they are unpacked. */
export function fetchPackage({ name, version, integrity }: { name: string; version: string; integrity: string }): string {
  const cache = path.join(projectRoot, ".cache/artifact");
  const folder = path.join(cache, `${name.replace("/", "+")}-${version}`);
  if (existsSync(folder)) return path.join(folder, "package");
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(path.join(cache, ".new-"));
  try {
    const packed = spawnSync("npm", ["pack", `${name}@${version}`, "--loglevel=error", "--pack-destination", work], { encoding: "utf8" });
    if (packed.status !== 0)
      throw new PlainError(`${name}@${version} could not be fetched from the package registry: ${reasonOf(packed.stderr)}`);
    const tarball = path.join(work, packed.stdout.trim());
    const found = `sha512-${createHash("sha512").update(readFileSync(tarball)).digest("base64")}`;
    if (found !== integrity)
      throw new PlainError(`The bytes of ${name}@${version} are not the expected ones (${found}): nothing was built.`);
    spawnSync("tar", ["--extract", "--gzip", `--file=${tarball}`, "--directory", work]);
    rmSync(tarball);
    if (!existsSync(folder)) renameSync(work, folder);
    return path.join(folder, "package");
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
