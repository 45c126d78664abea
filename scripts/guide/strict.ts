import { createHash } from "node:crypto";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { guidePolicy } from "../../app/web/page-headers.ts";

/**
 * What a built page has inline moves into files, so that its policy needs no exception: scripts by name, style attributes (colours
 * of code, alignment of cells) as `data-s` with a rule each. The policy stands in the page itself, whoever serves it.
 */
export function makeStrict(folder: string, base: string): void {
  const rules = new Map<string, string>();
  const scripts = new Map<string, string>();
  for (const file of globSync("**/*.{html,js}", { cwd: folder })) {
    const full = path.join(folder, file);
    const text = readFileSync(full, "utf8").replaceAll(/ style=(\\?")([^"\\]*)\1/g, (_, quote: string, style: string) => {
      if (style === "") return "";
      const name = rules.get(style) ?? `s${rules.size}`;
      rules.set(style, name);
      return ` data-s=${quote}${name}${quote}`;
    });
    writeFileSync(full, file.endsWith(".html") ? strictPage(text, base, scripts) : text);
  }
  for (const [name, text] of scripts) writeFileSync(path.join(folder, "assets", name), text);
  writeFileSync(path.join(folder, "assets/attributes.css"), [...rules].map(([style, name]) => `[data-s="${name}"]{${style}}\n`).join(""));
}

function strictPage(text: string, base: string, scripts: Map<string, string>): string {
  const head = `<head><meta http-equiv="Content-Security-Policy" content="${guidePolicy}"><link rel="stylesheet" href="${base}assets/attributes.css">`;
  return text.replace("<head>", head).replaceAll(/<script id="[\w-]+">([\s\S]*?)<\/script>/g, (_, code: string) => {
    const name = `inline-${createHash("sha256").update(code).digest("hex").slice(0, 12)}.js`;
    scripts.set(name, code);
    return `<script src="${base}assets/${name}"></script>`;
  });
}
