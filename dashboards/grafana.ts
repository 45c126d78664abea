import { declaredMetrics } from "../app/platform/metric-table.ts";
import type { Board, Panel, Series } from "./boards.ts";
import { promQl } from "./promql.ts";

const units: Readonly<Record<Panel["unit"], string>> = {
  count: "short",
  ms: "ms",
  s: "s",
  percent: "percent",
  bytes: "bytes",
  days: "d",
  none: "none",
};

const columns = 3;
const width = 24 / columns;
const height = 8;
const datasource = { type: "prometheus", uid: "${datasource}" };

/** A board for those who run Prometheus: of what the processes say on /metrics. AWS's own metrics are left to CloudWatch. */
export function grafanaDashboard(board: Board) {
  const drawn = board.panels.flatMap((panel) => {
    const series = panel.series.filter((one) => "promise" in one || "app" in one);
    return series.length === 0 ? [] : [{ ...panel, series }];
  });
  return {
    uid: `campus-${board.name}`,
    title: `Campus Pay: ${board.title}`,
    description: board.question,
    tags: ["campus-pay"],
    schemaVersion: 39,
    editable: false,
    refresh: "30s",
    time: { from: "now-3h", to: "now" },
    templating: { list: [{ name: "datasource", type: "datasource", query: "prometheus", label: "Prometheus" }] },
    panels: drawn.map((panel, index) => ({
      id: index + 1,
      type: "timeseries",
      title: panel.title,
      gridPos: { x: (index % columns) * width, y: Math.floor(index / columns) * height, w: width, h: height },
      datasource,
      targets: panel.series.map((series, place) => ({
        refId: `S${place}`,
        datasource,
        expr: promQl(series),
        legendFormat: legend(series),
      })),
      fieldConfig: { defaults: { unit: units[panel.unit], ...thresholds(panel) }, overrides: [] },
      options: { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi" } },
    })),
  };
}

const thresholds = ({ line }: Panel) =>
  line
    ? {
        custom: { thresholdsStyle: { mode: "line" } },
        thresholds: {
          mode: "absolute",
          steps: [
            { color: "green", value: null },
            { color: "red", value: line.value },
          ],
        },
      }
    : {};

function legend(series: Series): string {
  if ("promise" in series) return series.promise;
  if (!("app" in series)) return "";
  const open = declaredMetrics[series.app].labels.filter((label) => !(series.where && label in series.where));
  return open.length === 0 ? series.app : open.map((label) => `{{${label}}}`).join(" ");
}
