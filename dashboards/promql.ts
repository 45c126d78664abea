import { declaredMetrics, type MetricName } from "../app/platform/metric-table.ts";
import type { AppSeries, Series } from "./boards.ts";

const window = "5m";
const braces = (labels: Readonly<Record<string, string>>): string => {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
};
const by = (labels: readonly string[]): string => (labels.length === 0 ? "" : ` by (${labels.join(", ")})`);

export const prometheusName = (metric: MetricName): string => `campus_${metric}`;

/** What draws a series of ours from /metrics: a counter by its increase, a time by its quantile, a gauge as it is. */
export function promQl(series: Series): string {
  if ("promise" in series) {
    const events = (more: Readonly<Record<string, string>>) =>
      `sum(increase(${prometheusName("slo_events_total")}${braces({ slo: series.promise, ...more })}[${window}]))`;
    return `100 * ${events({ good: "true" })} / ${events({})}`;
  }
  if (!("app" in series)) throw new Error(`${series.namespace} ${series.name} is AWS's and not on /metrics.`);
  return ofApp(series);
}

function ofApp({ app, statistic, where = {} }: AppSeries): string {
  const { kind, labels } = declaredMetrics[app];
  const open = (labels as readonly string[]).filter((label) => !(label in where));
  const name = prometheusName(app);
  if (kind === "counter") return `sum${by(open)} (increase(${name}${braces(where)}[${window}]))`;
  if (kind === "histogram") {
    const quantile = statistic === "p50" ? 0.5 : 0.95;
    return `histogram_quantile(${quantile}, sum${by(["le", ...open])} (rate(${name}_bucket${braces(where)}[${window}])))`;
  }
  const of = statistic === "Minimum" ? "min" : statistic === "Sum" ? "sum" : "max";
  return `${of}${by(open)} (${name}${braces(where)})`;
}
