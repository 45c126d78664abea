import type { Graph } from "./graph.ts";

/** The same picture as text, for pages that draw Mermaid. */
export function mermaidOf({ boxes, arrows }: Graph): string[] {
  const key = new Map(boxes.map(({ id }, index) => [id, `n${index}`]));
  return [
    "```mermaid",
    "flowchart LR",
    ...boxes.map(({ id, title, lines = [] }) => `  ${key.get(id)}["${[title, ...lines].map(plain).join("<br/>")}"]`),
    ...arrows.map(({ from, to, label, dashed }) => {
      const line = dashed ? "-.->" : "-->";
      return `  ${key.get(from)} ${line}${label ? `|"${plain(label)}"|` : ""} ${key.get(to)}`;
    }),
    "```",
  ];
}

const plain = (text: string): string => text.replaceAll('"', "'");
