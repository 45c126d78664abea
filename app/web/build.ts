import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { build } from "vite";
import { builtFolder, type WebApp, webApps, webFolder } from "./apps.ts";
import { viteConfig } from "./vite-config.ts";

const stampOf = (app: WebApp) => path.join(builtFolder, app, ".built-from");
const rootFiles = ["package-lock.json"];

/** What a build is made from, as one hash: the app's folder, what is shared, and the locked packages. */
function sourceHash(app: WebApp): string {
  const hash = createHash("sha256");
  const files = [app, "shared", "."].flatMap((folder) => filesOf(path.join(webFolder, folder), folder === "."));
  for (const file of [...files, ...rootFiles.map((name) => path.join(webFolder, "..", "..", name))].sort())
    hash.update(`${path.relative(webFolder, file)}\n`).update(readFileSync(file));
  return hash.digest("hex");
}

const filesOf = (folder: string, isFlat: boolean): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: !isFlat })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".test.ts"))
    .map((entry) => path.join(entry.parentPath, entry.name));

const isCurrent = (app: WebApp, hash: string) => existsSync(stampOf(app)) && readFileSync(stampOf(app), "utf8") === hash;

/** Builds each app whose sources changed since its last build, and says so. */
export async function buildWebApps(say: (line: string) => void = () => undefined): Promise<void> {
  for (const app of Object.keys(webApps) as WebApp[]) {
    if (!existsSync(path.join(webFolder, app, "index.html"))) continue;
    const hash = sourceHash(app);
    if (isCurrent(app, hash)) continue;
    const started = performance.now();
    await build(viteConfig(app));
    writeFileSync(stampOf(app), hash);
    say(`built ${app} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }
}
