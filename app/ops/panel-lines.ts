import type { AppSeries, Panel, PromiseSeries } from "../../dashboards/boards.ts";
import type { Metrics } from "../../dashboards/evaluator/metrics.ts";
import { cloudWatchNamespace, declaredMetrics } from "../platform/metric-table.ts";

export interface Line {
  readonly label: string;
  /** One value a minute, the oldest first; undefined where nothing was said. */
  readonly values: readonly (number | undefined)[];
}

export const chartMinutes = 60;
const minuteMs = 60_000;

/** The lines of a panel over the last hour; undefined where no part of it is the app's own. */
export function linesOf(panel: Panel, metrics: Metrics, nowMs: number): readonly Line[] | undefined {
  const own = panel.series.filter((one): one is AppSeries | PromiseSeries => "promise" in one || ("app" in one && isKept(one)));
  if (own.length === 0) return undefined;
  return own.flatMap((one) => ("promise" in one ? [promiseLine(one.promise, metrics, nowMs)] : appLines(one, metrics, nowMs)));
}

const isKept = ({ app }: AppSeries): boolean => "cloudWatch" in declaredMetrics[app];

/** Whole minutes, so that a chart does not tremble while one fills. */
const perMinute = (nowMs: number, value: (fromMs: number) => number | undefined): readonly (number | undefined)[] => {
  const endMs = Math.floor(nowMs / minuteMs) * minuteMs;
  return Array.from({ length: chartMinutes }, (_, index) => value(endMs - (chartMinutes - index) * minuteMs));
};

function promiseLine(slo: string, metrics: Metrics, nowMs: number): Line {
  const events = (good: boolean, fromMs: number) =>
    metrics.read({ namespace: cloudWatchNamespace, name: "SloEvents", dimensions: { slo, good: String(good) } }, "Sum", fromMs, 60) ?? 0;
  const values = perMinute(nowMs, (fromMs) => {
    const [good, bad] = [events(true, fromMs), events(false, fromMs)];
    return good + bad === 0 ? undefined : (100 * good) / (good + bad);
  });
  return { label: "good", values };
}

function appLines({ app, statistic, where = {} }: AppSeries, metrics: Metrics, nowMs: number): readonly Line[] {
  const metric = declaredMetrics[app];
  if (!("cloudWatch" in metric)) return [];
  const fits = (dimensions: Readonly<Record<string, string>>) =>
    Object.entries(where).every(([label, value]) => dimensions[label] === value);
  return metrics
    .known(cloudWatchNamespace, metric.cloudWatch.name)
    .filter(({ dimensions }) => fits(dimensions))
    .map((ref) => ({
      label:
        Object.entries(ref.dimensions)
          .filter(([label]) => !(label in where))
          .map(([, value]) => value)
          .join(" ") || metric.cloudWatch.name,
      values: perMinute(nowMs, (fromMs) => metrics.read(ref, statistic, fromMs, 60)),
    }))
    .toSorted((one, other) => one.label.localeCompare(other.label, "en"));
}
