import type { Panel } from "../../dashboards/boards.ts";
import type { Line } from "./panel-lines.ts";

interface Chart {
  readonly title: string;
  readonly unit: Panel["unit"];
  readonly lines: readonly Line[];
  readonly limit: Panel["line"];
  readonly untilMs: number;
}

const size = { width: 380, height: 190, left: 52, right: 10, top: 30, bottom: 22 } as const;
const plot = {
  width: size.width - size.left - size.right,
  height: size.height - size.top - size.bottom,
} as const;
/** More lines than that nobody tells apart; the rest is counted in the legend. */
const maxLines = 8;

/** One chart as SVG. Colours are classes of the page's own style sheet: nothing here needs an inline style. */
export function drawChart({ title, unit, lines, limit, untilMs }: Chart): string {
  const shown = lines.toSorted((one, other) => sumOf(other) - sumOf(one)).slice(0, maxLines);
  const values = shown.flatMap((line) => line.values).filter((value) => value !== undefined);
  const [bottom, top] = rangeOf(values, unit, limit?.value);
  const y = (value: number) => size.top + plot.height * (1 - (value - bottom) / (top - bottom || 1));
  const points = shown[0]?.values.length ?? 1;
  const x = (index: number) => size.left + (plot.width * index) / Math.max(1, points - 1);
  const drawn = shown.map((line, place) => pathOf(line.values, x, y, place));
  const limitAt = limit && limit.value >= bottom && limit.value <= top ? round(y(limit.value)) : undefined;
  return [
    `<figure class="chart"><svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${markup(`${title}: ${summary(shown, unit)}`)}">`,
    `<text class="title" x="8" y="18">${markup(title)}</text>`,
    ...[top, (top + bottom) / 2, bottom].map(
      (value) =>
        `<line class="grid" x1="${size.left}" x2="${size.width - size.right}" y1="${round(y(value))}" y2="${round(y(value))}"/>` +
        `<text class="axis" x="${size.left - 6}" y="${round(y(value) + 4)}" text-anchor="end">${markup(format(value, unit))}</text>`,
    ),
    `<text class="axis" x="${size.left}" y="${size.height - 6}">${clock(untilMs - 3_600_000)}</text>`,
    `<text class="axis" x="${size.width - size.right}" y="${size.height - 6}" text-anchor="end">${clock(untilMs)} UTC</text>`,
    ...(limitAt === undefined
      ? []
      : [`<line class="limit" x1="${size.left}" x2="${size.width - size.right}" y1="${limitAt}" y2="${limitAt}"/>`]),
    ...drawn,
    values.length === 0
      ? `<text class="axis" x="${size.width / 2}" y="${size.height / 2}" text-anchor="middle">nothing in the last hour</text>`
      : "",
    "</svg>",
    `<figcaption>${legend(shown, lines.length - shown.length, limit)}</figcaption></figure>`,
  ].join("");
}

const sumOf = ({ values }: Line): number => values.reduce<number>((sum, value) => sum + Math.abs(value ?? 0), 0);
const round = (value: number): number => Math.round(value * 10) / 10;

function rangeOf(values: readonly number[], unit: Panel["unit"], limit: number | undefined): readonly [number, number] {
  const highest = Math.max(0, ...values);
  if (unit === "percent")
    return [Math.min(Math.floor(Math.min(100, ...values)), limit === undefined ? 100 : Math.floor(limit * 10 - 1) / 10, 99), 100];
  // A limit far above what is drawn would press everything to the ground.
  const withLimit = limit !== undefined && (highest === 0 || limit <= highest * 4) ? Math.max(highest, limit) : highest;
  return [0, withLimit === 0 ? 1 : withLimit * 1.1];
}

/** A line that breaks where nothing was said; one value alone is a dot. */
function pathOf(values: Line["values"], x: (index: number) => number, y: (value: number) => number, place: number): string {
  let isDown = false;
  const path = values
    .map((value, index) => {
      if (value === undefined) {
        isDown = false;
        return "";
      }
      const at = `${round(x(index))} ${round(y(value))}`;
      const step = isDown ? `L${at}` : `M${at}h0.1`;
      isDown = true;
      return step;
    })
    .join("");
  return path === "" ? "" : `<path class="line c${place}" d="${path}"/>`;
}

const lastOf = ({ values }: Line): number | undefined => values.findLast((value) => value !== undefined);

const summary = (lines: readonly Line[], unit: Panel["unit"]): string =>
  lines.map((line) => `${line.label} ${lastOf(line) === undefined ? "nothing" : format(lastOf(line) as number, unit)}`).join(", ") ||
  "nothing";

function legend(lines: readonly Line[], more: number, limit: Panel["line"]): string {
  const names = lines.map(({ label }, place) => `<span class="key c${place}">${markup(label)}</span>`);
  if (more > 0) names.push(`<span>and ${more} more</span>`);
  if (limit) names.push(`<span class="key limit">${markup(limit.label)} ${limit.value}</span>`);
  return names.join(" ");
}

function format(value: number, unit: Panel["unit"]): string {
  if (unit === "percent") return `${Number(value.toFixed(2))} %`;
  if (unit === "bytes") return `${Math.round(value / 1_048_576)} MB`;
  const short = value >= 10_000 ? `${Number((value / 1000).toFixed(0))}k` : String(Number(value.toPrecision(3)));
  return unit === "ms" || unit === "s" ? `${short} ${unit}` : short;
}

const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 16);

export const markup = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0)};`);
