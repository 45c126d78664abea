import { type AwsSeries, type Board, boards, type Panel } from "../../../dashboards/boards.ts";
import type { Metrics } from "../../../dashboards/evaluator/metrics.ts";
import { drawChart, markup } from "../../ops/draw-chart.ts";
import { pageStyle } from "../../ops/page-style.ts";
import { chartMinutes, type Line, linesOf } from "../../ops/panel-lines.ts";

const columns = 3;
const cell = { width: 380, height: 232, chart: 190, gap: 12 } as const;
const head = 64;

/** A dashboard as one picture: the charts of /ops, and beside them what the stand-in for AWS said. */
export function drawBoard({ title, question, panels }: Board, metrics: Metrics, untilMs: number): string {
  const rows = Math.ceil(panels.length / columns);
  const width = columns * (cell.width + cell.gap) + cell.gap;
  const height = head + rows * (cell.height + cell.gap);
  const charts = panels.map((panel, place) => {
    const x = cell.gap + (place % columns) * (cell.width + cell.gap);
    const y = head + Math.floor(place / columns) * (cell.height + cell.gap);
    return `<g transform="translate(${x} ${y})">${drawPanel(panel, metrics, untilMs)}</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="DejaVu Sans, sans-serif">`,
    `<style>${plainStyle}</style><rect width="100%" height="100%" fill="#f5f7fa"/>`,
    `<text x="${cell.gap}" y="28" font-size="20" font-weight="600" fill="#1c2430">${markup(title)}</text>`,
    `<text x="${cell.gap}" y="50" font-size="14" fill="#5b6675">${markup(question)}</text>`,
    ...charts,
    "</svg>",
  ].join("\n");
}

function drawPanel(panel: Panel, metrics: Metrics, untilMs: number): string {
  const lines = [...(linesOf(panel, metrics, untilMs) ?? []), ...awsLines(panel, metrics, untilMs)];
  const figure = drawChart({ title: panel.title, unit: panel.unit, lines, limit: panel.line, untilMs });
  const [, box = "", chart = ""] = /<svg viewBox="([^"]+)"[^>]*>([\s\S]*)<\/svg>/.exec(figure) ?? [];
  const keys = [...figure.matchAll(/<span class="key ([^"]+)">([^<]*)<\/span>/g)].map(([, colour = "", label = ""]) => ({ colour, label }));
  return [
    `<rect class="card" width="${cell.width}" height="${cell.height}" rx="6"/>`,
    `<svg width="${cell.width}" height="${cell.chart}" viewBox="${box}">${chart}</svg>`,
    ...keys.slice(0, 6).map(({ colour, label }, place) => {
      const [x, y] = [10 + (place % 3) * 122, cell.chart + 16 + Math.floor(place / 3) * 16];
      const short = label.length > 17 ? `${label.slice(0, 16)}…` : label;
      return `<path class="line ${colour}" d="M${x} ${y - 4}h10"/><text class="axis" x="${x + 14}" y="${y}">${short}</text>`;
    }),
  ].join("");
}

/** What only AWS says, as far as its stand-in does: each thing of its kind is a line. */
function awsLines(panel: Panel, metrics: Metrics, untilMs: number): readonly Line[] {
  return panel.series
    .filter((series): series is AwsSeries => "namespace" in series)
    .flatMap(({ namespace, name, statistic }) =>
      metrics.known(namespace, name).map((ref) => ({
        label: panel.series.length > 1 ? name : (Object.values(ref.dimensions).at(-1) ?? name),
        values: Array.from({ length: chartMinutes }, (_, minute) =>
          metrics.read(ref, statistic, untilMs - (chartMinutes - minute) * 60_000, 60),
        ),
      })),
    );
}

export const pictureOf = ({ name }: Pick<Board, "name">): string => `board-${name}`;
export const drawBoards = (metrics: Metrics, untilMs: number): ReadonlyMap<string, string> =>
  new Map(boards.map((board) => [pictureOf(board), drawBoard(board, metrics, untilMs)]));

/** The page's own colours, in the light: a picture has no variables and no darkness. */
const plainStyle = (() => {
  const light = pageStyle.replaceAll(/light-dark\(([^,]+), [^)]+\)/g, "$1");
  const colours = new Map([...light.matchAll(/--(\w+): ([^;]+);/g)].map(([, name = "", colour = ""]) => [name, colour]));
  const rules = light.split("\n").filter((line) => /^\.(title|axis|grid|limit|line|c\d)\b/.test(line));
  const plain = rules.join("\n").replaceAll(/var\(--(\w+)\)/g, (_, name: string) => colours.get(name) ?? "");
  return `${plain}\n.card { fill: #ffffff; stroke: ${colours.get("edge")}; }`;
})();
