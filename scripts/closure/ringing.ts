import { Alarms, type AnyAlarm, type MetricAlarm } from "../../dashboards/evaluator/alarms.ts";
import { Metrics } from "../../dashboards/evaluator/metrics.ts";

/** Nothing, something, and more than anything that is counted or measured in bytes. */
const samples = [0, 1_000, 1e13];

/** Why an alarm is worth nothing: whatever its metrics say, it never rings, or it never ends. */
export function whyPointless(alarm: AnyAlarm): string | undefined {
  if (alarm.kind === "composite") return undefined;
  const metrics = alarm.queries.filter(({ metric }) => metric);
  const states = combinations(metrics.length).map((values) => stateWith(alarm, values));
  if (!states.includes("ALARM"))
    return `the alarm ${alarm.name} never rings, whatever its metrics say: mend its threshold ${alarm.threshold}.`;
  if (!states.includes("OK"))
    return `the alarm ${alarm.name} always rings, whatever its metrics say: mend its threshold ${alarm.threshold}.`;
  return undefined;
}

const combinations = (count: number): readonly (readonly number[])[] =>
  count === 0 ? [[]] : combinations(count - 1).flatMap((rest) => samples.map((sample) => [...rest, sample]));

function stateWith(alarm: MetricAlarm, values: readonly number[]) {
  const metrics = new Metrics();
  const periodMs = alarm.periodSeconds * 1_000;
  const periods = alarm.evaluationPeriods + 2;
  alarm.queries
    .filter(({ metric }) => metric)
    .forEach(({ metric }, place) => {
      for (let period = 0; period < periods; period += 1)
        if (metric)
          metrics.put({ ...metric, atMs: period * periodMs + periodMs / 2, values: valuesFor(metric.statistic, values[place] as number) });
    });
  const alarms = new Alarms([alarm], metrics);
  alarms.tick(periods * periodMs);
  return alarms.state(alarm.name);
}

/** Where one metric's highest and lowest are compared they must be able to differ. */
const valuesFor = (statistic: string, value: number): readonly number[] => (statistic === "Maximum" ? [value, 0] : [value]);
