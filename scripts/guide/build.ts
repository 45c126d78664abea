import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../../app/local/home.ts";
import { builtFolder } from "../../app/web/apps.ts";
import { stageGuide } from "./stage.ts";
import { makeStrict } from "./strict.ts";

export const guideFolder = path.join(builtFolder, "guide");
const stamp = ".built-from";

/** Builds the guide's site into app/web/dist/guide, where it changed since it was built last. Returns whether it was. */
export async function buildGuide(): Promise<boolean> {
  const cache = path.join(projectRoot, ".cache");
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(path.join(cache, "guide-"));
  const remove = () => rmSync(work, { recursive: true, force: true });
  process.once("exit", remove);
  try {
    const source = path.join(work, "source");
    mkdirSync(source);
    stageGuide(source);
    const hash = hashOf(source);
    if (existsSync(path.join(guideFolder, stamp)) && readFileSync(path.join(guideFolder, stamp), "utf8") === hash) return false;
    const built = path.join(work, "built");
    const { build } = await import("vitepress");
    await build(source, { outDir: built });
    makeStrict(built, "/guide/");
    writeFileSync(path.join(built, stamp), hash);
    mkdirSync(builtFolder, { recursive: true });
    rmSync(guideFolder, { recursive: true, force: true });
    renameSync(built, guideFolder);
    return true;
  } finally {
    process.off("exit", remove);
    remove();
  }
}

/** Of the pages as they are staged, and of what builds them. */
function hashOf(source: string): string {
  const hash = createHash("sha256");
  const add = (folder: string) => {
    for (const file of globSync("**/*", { cwd: folder, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .sort())
      hash.update(`${path.relative(folder, file)}\n`).update(readFileSync(file));
  };
  for (const folder of [source, path.join(source, ".vitepress"), import.meta.dirname]) add(folder);
  return hash.update(readFileSync(path.join(projectRoot, "node_modules/vitepress/package.json"))).digest("hex");
}
