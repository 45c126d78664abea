import type { ReactNode } from "react";

export interface Bar {
  readonly key: string;
  readonly label: string;
  readonly value: number;
  readonly said: string;
  /** A second, quieter bar beside it. */
  readonly other?: number;
}

const wide = 400;
const heightOfBars = 200;
const mostOfBar = 32;

/** Bars; the numbers stand in the table beside it, so a screen reader is told of the chart in one sentence. */
export function Bars({ bars, label, top }: { readonly bars: readonly Bar[]; readonly label: string; readonly top: string }) {
  const highest = Math.max(1, ...bars.flatMap(({ value, other = 0 }) => [value, other]));
  const width = wide / Math.max(bars.length, 7);
  const every = Math.ceil(bars.length / 7);
  const heightOf = (value: number) => Math.max(0, (value / highest) * heightOfBars);
  return (
    <figure className="chart">
      <svg viewBox={`0 0 ${wide} ${heightOfBars + 46}`} role="img" aria-label={label}>
        <text className="chart-top" x="0" y="14">
          {top}
        </text>
        <line className="chart-line" x1="0" x2={wide} y1="20" y2="20" />
        <line className="chart-line" x1="0" x2={wide} y1={20 + heightOfBars} y2={20 + heightOfBars} />
        {bars.map(({ key, label: name, value, other, said }, index) => {
          const thick = Math.min(mostOfBar, width * 0.7);
          const middle = index * width + width / 2;
          return (
            <g key={key}>
              {other !== undefined && (
                <rect
                  className="chart-other"
                  x={middle - thick / 2 - 5}
                  width={thick + 10}
                  y={20 + heightOfBars - heightOf(other)}
                  height={heightOf(other)}
                />
              )}
              <rect
                className="chart-bar"
                x={middle - thick / 2}
                width={thick}
                rx="4"
                y={20 + heightOfBars - heightOf(value)}
                height={heightOf(value)}
              >
                <title>{said}</title>
              </rect>
              {index % every === 0 && (
                <text className="chart-name" x={middle} y={heightOfBars + 40} textAnchor="middle">
                  {name}
                </text>
              )}
            </g>
          );
        })}
      </svg>
    </figure>
  );
}

/** A chart with its table beside it (below it on a phone). */
export const ChartAndTable = ({ chart, table }: { readonly chart: ReactNode; readonly table: ReactNode }) => (
  <div className="chart-and-table">
    {chart}
    <div>{table}</div>
  </div>
);

const steps = 5;

interface HeatProps {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly numberOf: (row: number, column: number) => number;
  readonly saidOf: (value: number) => string;
  readonly caption: string;
}

/** A table whose cells are tinted by their number: the picture and its table are one thing. */
export function HeatMap({ rows, columns, numberOf, saidOf, caption }: HeatProps) {
  const values = rows.map((_, row) => columns.map((_, column) => numberOf(row, column)));
  const highest = Math.max(1, ...values.flat());
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reachable by keyboard.
    <section className="heat-frame" aria-label={caption} tabIndex={0}>
      <table className="heat">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr>
            <td />
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((name, row) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {columns.map((column, place) => {
                const value = values[row]?.[place] ?? 0;
                return (
                  <td key={column} className={`heat-${value === 0 ? 0 : Math.max(1, Math.ceil((value / highest) * steps))}`}>
                    {value === 0 ? <span className="sr-only">0</span> : saidOf(value)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
