import { PlainError } from "../../app/local/plain-error.ts";
import { labelledBox, lineHeight, type Panel, rectangle, text, textWidth } from "./svg.ts";

const headHeight = 4;
const boxHeight = 36;
const step = 40;
const padding = 12;

type Line =
  | { readonly kind: "arrow"; readonly from: string; readonly to: string; readonly dashed: boolean; readonly words: string }
  | { readonly kind: "note"; readonly over: readonly string[]; readonly words: readonly string[] }
  | { readonly kind: "part"; readonly words: string }
  | { readonly kind: "end" };

/** Who says what to whom, from top to bottom: a lifeline each, arrows numbered as Mermaid numbers them. */
export function drawSequence(lines: readonly string[]): Panel {
  const people = new Map<string, string>();
  const said: Line[] = [];
  for (const line of lines) {
    if (line === "autonumber") continue;
    const [, id, words] = /^participant (\w+)(?: as (.+))?$/.exec(line) ?? [];
    if (id !== undefined) people.set(id, words ?? id);
    else said.push(readLine(line));
  }
  const places = placesOf(people, said);
  const at = (id: string) => places.get(id) ?? refuse(id);
  const width = Math.max(
    Math.max(...places.values()) + 120,
    ...said.map((line) => (line.kind === "arrow" && line.from === line.to ? (places.get(line.from) ?? 0) + textWidth(line.words) + 90 : 0)),
  );
  const bodies: string[] = [];
  let y = headHeight + boxHeight + step;
  let number = 0;
  for (const line of said) {
    if (line.kind === "arrow") {
      number += 1;
      bodies.push(drawArrow(at(line.from), at(line.to), y, `${number}. ${line.words}`, line.dashed));
    } else if (line.kind === "note") {
      const spots = line.over.map(at);
      bodies.push(drawNote(Math.min(...spots), Math.max(...spots), y - 18, line.words));
      y += (line.words.length - 1) * lineHeight;
    } else if (line.kind === "part") {
      bodies.push(text(line.words, 0, y - 14), `<path class="frame dashes" d="M0 ${y - 8}H${width}"/>`);
      y -= step / 2;
    } else {
      bodies.push(`<path class="frame dashes" d="M0 ${y - 22}H${width}"/>`);
      y -= step / 2;
    }
    y += step;
  }
  const lifelines = [...places.values()].map((x) => `<path class="frame" d="M${x} ${headHeight + boxHeight}V${y - step / 2}"/>`);
  const heads = [...people].map(([id, words]) => {
    const wide = textWidth(words, true) + 2 * padding;
    return labelledBox("compute", [words], at(id) - wide / 2, headHeight, wide, boxHeight);
  });
  return { width, height: y, body: [...lifelines, ...heads, ...bodies].join("\n") };
}

function readLine(line: string): Line {
  const [, from, shaft, to, words] = /^(\w+)(--?)>>(\w+): (.+)$/.exec(line) ?? [];
  if (from !== undefined && to !== undefined) return { kind: "arrow", from, to, dashed: shaft === "--", words: words ?? "" };
  const [, over, note] = /^Note over ([\w,]+): (.+)$/.exec(line) ?? [];
  if (over !== undefined) return { kind: "note", over: over.split(","), words: (note ?? "").split("<br/>") };
  const [, part, rest] = /^(par|and)\b ?(.*)$/.exec(line) ?? [];
  if (part !== undefined) return { kind: "part", words: rest ? `at the same time: ${rest}` : "and" };
  return line === "end" ? { kind: "end" } : refuse(line);
}

/** Columns as far apart as the longest words between two neighbours need. */
function placesOf(people: ReadonlyMap<string, string>, said: readonly Line[]): Map<string, number> {
  const ids = [...people.keys()];
  const places = new Map<string, number>();
  let x = 70;
  ids.forEach((id, index) => {
    const before = ids[index - 1];
    const heads =
      before === undefined ? 0 : (textWidth(people.get(before) ?? "", true) + textWidth(people.get(id) ?? "", true)) / 2 + 4 * padding;
    // A long sentence over several columns has them all.
    const words = said.flatMap((line) =>
      line.kind === "arrow" && line.from !== line.to && Math.max(ids.indexOf(line.from), ids.indexOf(line.to)) === index
        ? [(textWidth(line.words) + 50) / Math.max(1, Math.abs(ids.indexOf(line.from) - ids.indexOf(line.to)))]
        : [],
    );
    if (index > 0) x += Math.max(110, heads, ...words.map((wide) => Math.min(wide, 460)));
    places.set(id, Math.round(x));
  });
  return places;
}

function drawArrow(from: number, to: number, y: number, words: string, dashed: boolean): string {
  const classes = dashed ? "arrow dashes" : "arrow";
  const wide = textWidth(words);
  const path = from === to ? `M${from} ${y - 8}h34v14h-32` : `M${from} ${y}H${to > from ? to - 1 : to + 1}`;
  const isOwn = from === to;
  const x = isOwn ? from + 44 : (from + to) / 2;
  const top = isOwn ? y - 8 : y - 18;
  return [
    rectangle("label", isOwn ? x - 3 : x - wide / 2 - 3, top, wide + 6, 14),
    `<path class="${classes}" marker-end="url(#tip)" d="${path}"/>`,
    text(words, x, top + 11, isOwn ? "" : "middle"),
  ].join("\n");
}

function drawNote(left: number, right: number, y: number, words: readonly string[]): string {
  const wide = Math.max(right - left + 40, ...words.map((line) => textWidth(line) + 2 * padding));
  const x = (left + right) / 2 - wide / 2;
  return [
    rectangle("message", Math.max(0, x), y, wide, words.length * lineHeight + 12),
    ...words.map((line, index) => text(line, Math.max(0, x) + wide / 2, y + 17 + index * lineHeight, "middle")),
  ].join("\n");
}

export function refuse(line: string): never {
  throw new PlainError(`"${line}" is no Mermaid that scripts/diagrams can draw.`);
}
