import { declaredMetrics } from "../../app/platform/metric-table.ts";
import { appAlarms } from "../../dashboards/app-alarms.ts";
import { boardsNamed } from "../../dashboards/boards.ts";
import { burnAlarms } from "../../dashboards/burn-alarms.ts";
import { embeddedLineBytes, linesAMinute, paymentLogBytes } from "../../dashboards/log-bytes.ts";
import { objectiveNames } from "../../dashboards/slo.ts";
import type { RegionPlan } from "../../regions/index.ts";
import { monthly } from "./prices.ts";

/** How many values a label has at most: a series is paid for in each hour in which it says something. */
export const labelValues: Readonly<Record<string, number>> = {
  slo: objectiveNames.length,
  good: 2,
  outcome: 4,
  kind: 3,
  topic: 20,
  channel: 3,
  state: 4,
  signature: 2,
};
const cafes = 10;
/** Amount and number by café, error lines, the night's two, and S3's own of six copied buckets. */
const otherSeries = 2 * cafes + 3 + 6 * 3;
/** Where nobody is served processes say how they are, and no more. */
const idleSeries = 30;
/** Alarms of things: database, cache, queues, fleet, edge, backups, canary, copies. */
const alarmsOfThings = 34;
const freeDashboards = 3;
const minutesAMonth = 43_800;
const bytesPerGib = 1_073_741_824;
const workersOfAMachine = 2;
/** Of one process where nobody is served: memory, connections, Redis, the event loop. */
const idleLinesAMinute = 5;
/** Days on which a campus eats. */
const lunchesAMonth = 22;

export const seriesOf = (): number =>
  Object.values(declaredMetrics).reduce((sum, metric) => {
    if (!("cloudWatch" in metric)) return sum;
    return sum + (metric.labels as readonly string[]).reduce((product, label) => product * valuesOf(label), 1);
  }, otherSeries);

function valuesOf(label: string): number {
  const values = labelValues[label];
  if (values === undefined) throw new Error(`nobody says how many values the label "${label}" has: add it to scripts/cost/watching.ts.`);
  return values;
}

export interface WatchingCost {
  readonly series: number;
  readonly alarms: number;
  readonly composites: number;
  readonly dashboards: number;
  readonly logGib: number;
  readonly monthlyUsd: number;
}

/** The most that watching a region may cost above what its plan states: a fifth, as for every size. Past it scripts/cost/cost.test.ts fails. */
export const ceilingOf = ({ watching }: Pick<RegionPlan, "watching">): number => Math.floor(watching.monthlyUsd * 1.2);

/** What watching costs in a region: series, alarms by the metrics they read, dashboards past the free ones, bytes of the lines. */
export function watchingCost({ role, watching, api }: RegionPlan, dashboardsBefore: number): WatchingCost {
  const series = role === "primary" ? seriesOf() : idleSeries;
  const metricsOf = (alarm: { readonly watched: { readonly of: object } }) => Object.keys(alarm.watched.of).length;
  const read = [...appAlarms, ...burnAlarms.flatMap(({ windows }) => windows.map(({ alarm }) => alarm))].reduce(
    (sum, alarm) => sum + metricsOf(alarm),
    0,
  );
  const alarms = read + alarmsOfThings;
  const paid = (count: number) => Math.max(0, count - freeDashboards);
  const dashboards = paid(dashboardsBefore + boardsNamed(watching.dashboards).length) - paid(dashboardsBefore);
  const machines = api.fleets.reduce((sum, { minInstances }) => sum + minInstances, 0);
  const lines = role === "primary" ? linesAMinute : idleLinesAMinute;
  const metricBytes = machines * processesOf(api) * lines * minutesAMonth * embeddedLineBytes;
  const requestBytes = role === "primary" ? lunchesAMonth * lunchPayments * paymentLogBytes : 0;
  const logGib = (metricBytes + requestBytes) / bytesPerGib;
  const monthlyUsd =
    series * monthly.series +
    alarms * monthly.alarm +
    burnAlarms.length * monthly.compositeAlarm +
    dashboards * monthly.dashboard +
    logGib * monthly.logGib;
  return { series, alarms, composites: burnAlarms.length, dashboards, logGib, monthlyUsd };
}

const processesOf = (api: RegionPlan["api"]): number => api.workersPerInstance + workersOfAMachine;

/** 25 scans a second for half an hour, of which three of four are paid: a lunch hour of 20,000 students. */
export const lunchPayments = 33_750;

/** Bytes into the log in such an hour, with the machines that lunch has. */
export function lunchLogBytes({ api }: RegionPlan): { readonly payments: number; readonly metrics: number } {
  const machines = api.fleets.reduce((sum, { minInstances, lunchMinInstances }) => sum + Math.max(minInstances, lunchMinInstances), 0);
  return { payments: lunchPayments * paymentLogBytes, metrics: machines * processesOf(api) * linesAMinute * 60 * embeddedLineBytes };
}
