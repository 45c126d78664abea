import { declaredMetrics, type MetricName } from "../app/platform/metric-table.ts";
import type { AlarmDefinition, MetricOf } from "./alarm.ts";
import { appAlarms } from "./app-alarms.ts";
import { burnAlarms } from "./burn-alarms.ts";
import { prometheusName } from "./promql.ts";
import { burnRates, objectives } from "./slo.ts";

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const minutesText = (minutes: number): string => (minutes % 60 === 0 ? `${minutes / 60}h` : `${minutes}m`);
const windows = [...new Set(Object.values(burnRates).flatMap(({ longMinutes, shortMinutes }) => [longMinutes, shortMinutes]))].toSorted(
  (one, other) => one - other,
);
const events = prometheusName("slo_events_total");
const recorded = (what: "bad" | "all", minutes: number, slo?: string): string =>
  `slo:${what}_events:increase${minutesText(minutes)}${slo ? `{slo="${slo}"}` : ""}`;

/** The same promises and alarms for those who run Prometheus: rules over /metrics of every process. */
export const prometheusRules = (): { readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[] } => ({
  groups: [
    { name: "campus-pay-promises", rules: [...windows.flatMap(recordings), ...burnAlarms.map(burnAlert)] },
    { name: "campus-pay", rules: appAlarms.flatMap(appAlert) },
  ],
});

const recordings = (minutes: number): readonly Rule[] => [
  { record: recorded("bad", minutes), expr: `sum by (slo) (increase(${events}{good="false"}[${minutesText(minutes)}]))` },
  { record: recorded("all", minutes), expr: `sum by (slo) (increase(${events}[${minutesText(minutes)}]))` },
];

function burnAlert({ name, objective, burn, severity, runbook, description }: (typeof burnAlarms)[number]): Rule {
  const { rate, longMinutes, shortMinutes } = burnRates[burn];
  const { target, fewestBad } = objectives[objective];
  const limit = Number((rate * (1 - target)).toFixed(6));
  const share = (minutes: number) => `${recorded("bad", minutes, objective)} / ${recorded("all", minutes, objective)} > ${limit}`;
  return {
    alert: name,
    expr: `(${share(longMinutes)}) and (${share(shortMinutes)}) and (${recorded("bad", shortMinutes, objective)} >= ${fewestBad})`,
    labels: { severity },
    annotations: { summary: description, runbook: `runbooks/${runbook}` },
  };
}

/** None for what /metrics does not say: lines of the log are counted in CloudWatch alone. */
function appAlert(alarm: AlarmDefinition): readonly Rule[] {
  const { name, severity, runbook, says, watched, periods, when, threshold } = alarm;
  const parts = Object.entries(watched.of).map(([id, metric]) => [id, ofMetric(metric, watched.periodSeconds)] as const);
  if (parts.some(([, text]) => text === undefined)) return [];
  const [only] = parts;
  const value = watched.promQl
    ? parts.reduce((text, [id, part]) => text.replaceAll(new RegExp(`\\b${id}\\b`, "g"), () => part as string), watched.promQl)
    : (only?.[1] as string);
  if (watched.expression !== undefined && !watched.promQl)
    throw new Error(`the alarm ${name} has an expression for CloudWatch and none for Prometheus; give its \`watched.promQl\`.`);
  const beforeItRings = (periods - 1) * watched.periodSeconds;
  return [
    {
      alert: name,
      expr: `(${value}) ${when === "above" ? ">" : "<"} ${threshold}`,
      ...(beforeItRings > 0 ? { for: `${beforeItRings}s` } : {}),
      labels: { severity },
      annotations: { summary: says, runbook: `runbooks/${runbook}` },
    },
  ];
}

const byCloudWatchName: ReadonlyMap<string, MetricName> = new Map(
  Object.entries(declaredMetrics).flatMap(([name, metric]) =>
    "cloudWatch" in metric ? [[metric.cloudWatch.name, name as MetricName] as const] : [],
  ),
);

function ofMetric({ name, dimensions, statistic }: MetricOf, periodSeconds: number): string | undefined {
  const metric = byCloudWatchName.get(name);
  if (!metric) return undefined;
  const labels = Object.entries(dimensions).map(([label, value]) => `${label}="${value}"`);
  const series = `${prometheusName(metric)}${labels.length > 0 ? `{${labels.join(",")}}` : ""}`;
  if (declaredMetrics[metric].kind === "counter") return `sum(increase(${series}[${periodSeconds}s]))`;
  const of = statistic === "Minimum" ? "min" : "max";
  return `${of}(${of}_over_time(${series}[${periodSeconds}s]))`;
}
