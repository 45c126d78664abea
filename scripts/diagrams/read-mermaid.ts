import { drawGraph } from "./draw-graph.ts";
import { drawSequence, refuse } from "./draw-sequence.ts";
import type { Arrow, Box, Graph, Kind } from "./graph.ts";
import { svgOf } from "./svg.ts";

/**
 * The Mermaid that our pages are written in, as a picture without words above it: `flowchart LR`, `erDiagram` and `sequenceDiagram`.
 * What it does not know it refuses, and the guide is not built.
 */
export function drawMermaid(text: string, title: string): string {
  const [head = "", ...lines] = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const panel =
    head === "flowchart LR"
      ? drawGraph(readFlowchart(lines))
      : head === "erDiagram"
        ? drawGraph(readTables(lines))
        : head === "sequenceDiagram"
          ? drawSequence(lines)
          : refuse(head);
  return svgOf(title, lines.join("; "), [panel]);
}

const shapes: readonly (readonly [pattern: RegExp, kind: Kind])[] = [
  [/^(\w+)\[\((.+?)\)\]/, "store"],
  [/^(\w+)\[\/(.+?)\/\]/, "edge"],
  [/^(\w+)\[(.+?)\]/, "compute"],
  [/^(\w+)/, "compute"],
];
const links: readonly (readonly [pattern: RegExp, isDashed: boolean])[] = [
  [/^-\.->(?:\|"?(.+?)"?\|)?/, true],
  [/^-\. (.+?) \.->/, true],
  [/^-->(?:\|"?(.+?)"?\|)?/, false],
  [/^-- (.+?) -->/, false],
];

/** Boxes and arrows; what stands in a subgraph is the machine's own. */
function readFlowchart(lines: readonly string[]): Graph {
  const boxes = new Map<string, Box>();
  const arrows: Arrow[] = [];
  let isInside = false;
  const take = (text: string): { ids: string[]; rest: string } => {
    const ids: string[] = [];
    let rest = text;
    for (;;) {
      const [match, kind] = shapes.map(([pattern, of]) => [pattern.exec(rest), of] as const).find(([found]) => found) ?? refuse(text);
      const [whole = "", id = "", words] = match ?? [];
      const [first = id, ...more] = (words ?? id).replace(/^"(.*)"$/, "$1").split("<br/>");
      if (words !== undefined || !boxes.has(id)) boxes.set(id, { id, kind: isInside ? "base" : kind, title: first, lines: more });
      ids.push(id);
      rest = rest.slice(whole.length).trim();
      if (!rest.startsWith("&")) return { ids, rest };
      rest = rest.slice(1).trim();
    }
  };
  for (const line of lines) {
    if (line.startsWith("subgraph ") || line === "end") {
      isInside = line !== "end";
      continue;
    }
    let { ids: from, rest } = take(line);
    while (rest !== "") {
      const [match, isDashed] =
        links.map(([pattern, dashed]) => [pattern.exec(rest), dashed] as const).find(([found]) => found) ?? refuse(line);
      const goal = take(rest.slice(match?.[0].length).trim());
      const label = match?.[1];
      for (const one of from)
        for (const to of goal.ids)
          arrows.push({ from: one, to, ...(label === undefined ? {} : { label }), ...(isDashed ? { dashed: true } : {}) });
      ({ ids: from, rest } = goal);
    }
  }
  return { title: "", boxes: [...boxes.values()], arrows };
}

/** Tables with their keys; an arrow leads to the table whose row names the other. */
function readTables(lines: readonly string[]): Graph {
  const tables = new Map<string, string[]>();
  const arrows: Arrow[] = [];
  let open: string[] | undefined;
  for (const line of lines) {
    const [, opened] = /^(\w+) \{$/.exec(line) ?? [];
    const [, from, to, label] = /^(\w+) [|o}]{2}--[|o{]{2} (\w+) : "(.+)"$/.exec(line) ?? [];
    if (opened !== undefined) {
      open = [];
      tables.set(opened, open);
    } else if (line === "}") open = undefined;
    else if (open) open.push(line);
    else if (from !== undefined && to !== undefined && label !== undefined) arrows.push({ from, to, label });
    else refuse(line);
  }
  const others = arrows.flatMap(({ from, to }) => [from, to]).filter((name) => !tables.has(name));
  const boxes = [
    ...[...new Set(others)].map((id): Box => ({ id, kind: "outside", title: id })),
    ...[...tables].map(([id, keys]): Box => ({ id, kind: "store", title: id, lines: keys })),
  ];
  return { title: "", boxes, arrows: withoutCircles(arrows) };
}

/** What would close a circle is left out, as a table that names itself is: its keys say so. */
function withoutCircles(arrows: readonly Arrow[]): Arrow[] {
  const kept: Arrow[] = [];
  const reaches = (from: string, goal: string): boolean =>
    from === goal || kept.some((arrow) => arrow.from === from && reaches(arrow.to, goal));
  for (const arrow of arrows) if (!reaches(arrow.to, arrow.from)) kept.push(arrow);
  return kept;
}
