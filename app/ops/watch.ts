import { type AlarmDefinition, metricAlarmBlock, type Severity } from "../../dashboards/alarm.ts";
import { appAlarms } from "../../dashboards/app-alarms.ts";
import { bothBurn, burnAlarms } from "../../dashboards/burn-alarms.ts";
import { Alarms, readAlarms, type State } from "../../dashboards/evaluator/alarms.ts";
import { Metrics } from "../../dashboards/evaluator/metrics.ts";
import type { Platform } from "../platform/context.ts";
import { keptHours, readOldEvents, readSamples } from "./metric-samples.ts";

export interface RingingAlarm {
  readonly name: string;
  readonly severity: Severity;
  readonly runbook: string;
  readonly says: string;
  readonly state: State;
  readonly since: Date | null;
}

/** What alarms and charts look at: what every process wrote, and the state of each alarm on it. */
export interface Watch {
  readonly metrics: Metrics;
  /** Reads what is new and judges; several who ask at once share one look. */
  look(nowMs: number): Promise<readonly RingingAlarm[]>;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** Charts show an hour; the longest window of an alarm that is not a promise's is two hours. */
const wholeHours = 3;
/** A row whose transaction commits after a later one's is read again and told from those that are known. */
const overlapRows = 100;
/** So that an alarm that rings already says since when. */
const replayedMinutes = 30;

/** The alarms that the app can judge by itself, as CloudWatch has them: those of RDS or a queue need AWS's own metrics. */
export const judgedAlarms = () =>
  readAlarms({
    resource: {
      aws_cloudwatch_metric_alarm: Object.fromEntries(
        [...appAlarms, ...burnAlarms.flatMap(({ windows }) => windows.map(({ name, alarm }) => ({ name, ...alarm })))].map(
          ({ name, ...alarm }: AlarmDefinition) => [name, metricAlarmBlock(name, alarm)],
        ),
      ),
      aws_cloudwatch_composite_alarm: Object.fromEntries(
        burnAlarms.map(({ name, windows }) => [name, { alarm_name: name, alarm_rule: bothBurn(windows.map((window) => window.name)) }]),
      ),
    },
  });

export const tellingAlarms = [
  ...appAlarms,
  ...burnAlarms.map(({ description, ...burn }) => ({ ...burn, says: description.split(" Severity:")[0] ?? "" })),
];

export function openWatch({ db }: Pick<Platform, "db">): Watch {
  const metrics = new Metrics();
  const alarms = new Alarms(judgedAlarms(), metrics);
  const since = new Map<string, Date>();
  const seen = new Set<number>();
  let lastId = 0;
  let isFirst = true;
  let looking: Promise<readonly RingingAlarm[]> | undefined;

  const tick = (nowMs: number) => {
    for (const { alarm, atMs } of alarms.tick(nowMs)) since.set(alarm, new Date(atMs));
  };

  const lookOnce = async (nowMs: number) => {
    if (isFirst) for (const datum of await readOldEvents(db, nowMs - keptHours * hourMs, nowMs - wholeHours * hourMs)) metrics.put(datum);
    for (const { id, data } of await readSamples(db, Math.max(0, lastId - overlapRows), nowMs - wholeHours * hourMs)) {
      if (seen.has(id)) continue;
      seen.add(id);
      lastId = Math.max(lastId, id);
      for (const datum of data) metrics.put(datum);
    }
    for (const id of seen) if (id < lastId - 2 * overlapRows) seen.delete(id);
    metrics.forgetBefore(nowMs - wholeHours * hourMs, nowMs - keptHours * hourMs);
    if (isFirst) for (let minute = replayedMinutes; minute > 0; minute -= 1) tick(nowMs - minute * minuteMs);
    isFirst = false;
    tick(nowMs);
    return tellingAlarms.map(({ name, severity, runbook, says }) => ({
      name,
      severity,
      runbook,
      says,
      state: alarms.state(name),
      since: since.get(name) ?? null,
    }));
  };

  return {
    metrics,
    look(nowMs) {
      looking ??= lookOnce(nowMs).finally(() => {
        looking = undefined;
      });
      return looking;
    },
  };
}
