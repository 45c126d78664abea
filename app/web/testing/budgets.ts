import { readFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync } from "node:zlib";
import { builtFolder, type WebApp } from "../apps.ts";

interface Chunk {
  readonly file: string;
  readonly isEntry?: boolean;
  readonly isDynamicEntry?: boolean;
  readonly imports?: readonly string[];
  readonly css?: readonly string[];
}

export const firstLoadKib: Readonly<Partial<Record<WebApp, number>>> = { student: 150, pos: 130, cafe: 170 };
export const chunkKib = 40;
export const languageKib = 6;
export const workerKib = 8;

const sizes = new Map<string, number>();
function kibOf(app: WebApp, file: string): number {
  const full = path.join(builtFolder, app, file);
  const known = sizes.get(full) ?? brotliCompressSync(readFileSync(full)).length / 1024;
  sizes.set(full, known);
  return known;
}

/** What a first visit loads and what each later page adds, as the edge sends it (brotli), from Vite's own manifest. */
export function measure(app: WebApp): { firstKib: number; workerKib: number; chunks: { name: string; kib: number }[] } {
  const manifest = JSON.parse(readFileSync(path.join(builtFolder, app, ".vite/manifest.json"), "utf8")) as Record<string, Chunk>;
  const filesOf = (name: string, seen = new Set<string>()): Set<string> => {
    const chunk = manifest[name];
    if (!chunk || seen.has(chunk.file)) return seen;
    seen.add(chunk.file);
    for (const css of chunk.css ?? []) seen.add(css);
    for (const imported of chunk.imports ?? []) filesOf(imported, seen);
    return seen;
  };
  const entry = Object.keys(manifest).find((name) => manifest[name]?.isEntry) ?? "index.html";
  const first = filesOf(entry);
  const sum = (files: Iterable<string>) => [...files].reduce((total, file) => total + kibOf(app, file), 0);
  const chunks = Object.entries(manifest)
    .filter(([, { isDynamicEntry }]) => isDynamicEntry)
    .map(([name]) => ({ name, kib: sum([...filesOf(name)].filter((file) => !first.has(file))) }));
  return { firstKib: sum(first), workerKib: kibOf(app, "sw.js"), chunks };
}
