import type { Kind } from "./graph.ts";

/** A piece of a picture with its size in pixels, drawn from its own upper left corner. */
export type Panel = { readonly width: number; readonly height: number; readonly body: string };

const light: Readonly<Record<Kind, readonly [fill: string, stroke: string]>> = {
  outside: ["#f3f4f6", "#6b7280"],
  edge: ["#ede9fe", "#7c3aed"],
  compute: ["#ffedd5", "#c2410c"],
  store: ["#dbeafe", "#1d4ed8"],
  message: ["#fce7f3", "#be185d"],
  base: ["#dcfce7", "#15803d"],
};
const dark: typeof light = {
  outside: ["#1f2937", "#9ca3af"],
  edge: ["#2e1f5e", "#a78bfa"],
  compute: ["#4a2410", "#fb923c"],
  store: ["#172a55", "#60a5fa"],
  message: ["#4a1232", "#f472b6"],
  base: ["#12351f", "#4ade80"],
};
const boxRules = (palette: typeof light) =>
  Object.entries(palette)
    .map(([kind, [fill, stroke]]) => `.${kind}{fill:${fill};stroke:${stroke}}`)
    .join("");

const style = [
  "text{font-family:'DejaVu Sans',Verdana,Arial,sans-serif;font-size:11px;fill:#374151}",
  ".title{font-size:12px;font-weight:bold;fill:#111827}.head{font-size:16px;font-weight:bold;fill:#111827}.middle{text-anchor:middle}.end{text-anchor:end}",
  ".page{fill:#fff}.frame{fill:none;stroke:#9ca3af}.dashes{stroke-dasharray:5 4}.tint{fill:#f9fafb;stroke:#d1d5db}",
  ".arrow{fill:none;stroke:#6b7280;stroke-width:1.4}.tip{fill:#6b7280}.label{fill:#fff}",
  boxRules(light),
  "@media (prefers-color-scheme:dark){",
  "text{fill:#d1d5db}.title,.head{fill:#f9fafb}.page,.label{fill:#0d1117}.frame{stroke:#6b7280}.tint{fill:#161b22;stroke:#30363d}",
  ".arrow{stroke:#9ca3af}.tip{fill:#9ca3af}",
  boxRules(dark),
  "}",
].join("");

const margin = 24;
const gap = 28;

/** One file from panels, each below the other. The words of `about` are what a screen reader says. */
export function svgOf(title: string, about: string, panels: readonly Panel[]): string {
  const width = Math.max(...panels.map((panel) => panel.width)) + 2 * margin;
  const bodies: string[] = [];
  let y = margin;
  for (const panel of panels) {
    bodies.push(`<g transform="translate(${margin} ${y})">\n${panel.body}\n</g>`);
    y += panel.height + gap;
  }
  const height = y - gap + margin;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title about">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="about">${escaped(about)}</desc>`,
    `<style>${style}</style>`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="tip" d="M0 0L8 4L0 8Z"/></marker></defs>',
    `<rect class="page" width="${width}" height="${height}"/>`,
    ...bodies,
    "</svg>",
    "",
  ].join("\n");
}

export const lineHeight = 15;

/** DejaVu Sans is about as wide as a fallback gets: 6.9 px a letter at 11 px, 8.3 px at bold 12 px. */
export const textWidth = (text: string, isTitle = false): number => Math.ceil(text.length * (isTitle ? 8.3 : 6.9));

export const rectangle = (classes: string, x: number, y: number, width: number, height: number): string =>
  `<rect class="${classes}" x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/>`;

export const text = (words: string, x: number, y: number, classes = ""): string =>
  `<text${classes ? ` class="${classes}"` : ""} x="${x}" y="${y}">${escaped(words)}</text>`;

/** A box with its title and lines, both in the middle. */
export function labelledBox(kind: Kind, [title, ...lines]: readonly string[], x: number, y: number, width: number, height: number): string {
  const top = y + (height - (lines.length + 1) * lineHeight) / 2 + 11;
  return [
    rectangle(kind, x, y, width, height),
    text(title ?? "", x + width / 2, top, "title middle"),
    ...lines.map((line, index) => text(line, x + width / 2, top + (index + 1) * lineHeight, "middle")),
  ].join("\n");
}

const escaped = (words: string): string =>
  words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
