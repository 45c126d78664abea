import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { projectRoot } from "../../app/local/home.ts";
import { bundlePrograms } from "../build/bundle.ts";

let made: Promise<string> | undefined;

/** The API as machines run it: bundled, with what lies beside it. Made once, gone when this process ends. */
export const bundledApi = (): Promise<string> => (made ??= bundle());

async function bundle(): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), "campus-bench-api-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  await bundlePrograms(folder);
  cpSync(path.join(projectRoot, "app/docs/reference"), path.join(folder, "app/reference"), { recursive: true });
  symlinkSync(path.join(projectRoot, "node_modules"), path.join(folder, "node_modules"));
  return path.join(folder, "app/api.mjs");
}
