import type { AlarmDefinition } from "../../../dashboards/alarm.ts";
import { Alarms } from "../../../dashboards/evaluator/alarms.ts";
import { dataOfEntry, Metrics } from "../../../dashboards/evaluator/metrics.ts";
import { refreshGauges } from "../../health/routes.ts";
import { judgedAlarms, tellingAlarms } from "../../ops/watch.ts";
import { refreshOutboxGauges } from "../../platform/outbox.ts";
import type { Campus } from "../campus.ts";

const minuteMs = 60_000;

/**
 * A clock that the game day moves: what happens between two of its ticks is written down as one minute. Only the alarms' clock runs
 * faster than the world's, sixty times and more; what a request takes, and what a time-out is, stays as it is.
 */
export interface Clock {
  /** Does this, then closes the minute; the names of pages and tickets that ring now. */
  minute(traffic: () => Promise<void>): Promise<readonly string[]>;
  readonly minutes: number;
  ringing(severity: AlarmDefinition["severity"]): readonly string[];
}

export function startClock(campus: Campus): Clock {
  const metrics = new Metrics();
  const alarms = new Alarms(judgedAlarms(), metrics);
  let minutes = 0;
  const collect = async () => {
    const [first, second] = campus.processes;
    // What cannot be read while the fault lasts is what a process could not say either.
    await Promise.all([refreshGauges(first.platform), refreshGauges(second.platform)]).catch(() => undefined);
    await refreshOutboxGauges(campus.worker).catch(() => undefined);
    for (const platform of [first.platform, second.platform, campus.worker])
      for (const line of platform.metrics.embeddedLines(minutes * minuteMs + minuteMs / 2))
        for (const datum of dataOfEntry(line)) metrics.put(datum);
  };
  const ringing = (severity: AlarmDefinition["severity"]) =>
    tellingAlarms.filter((alarm) => alarm.severity === severity && alarms.state(alarm.name) === "ALARM").map(({ name }) => name);
  return {
    async minute(traffic) {
      await traffic();
      await collect();
      minutes += 1;
      alarms.tick(minutes * minuteMs);
      return [...ringing("page"), ...ringing("ticket")];
    },
    get minutes() {
      return minutes;
    },
    ringing,
  };
}
