import { cloudWatchNamespace } from "../app/platform/metric-table.ts";
import { type AlarmDefinition, describe, type Severity } from "./alarm.ts";
import { type BurnName, burnRates, type ObjectiveName, objectiveNames, objectives } from "./slo.ts";

const secondsInMinute = 60;
export const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export const promiseRunbooks: Readonly<Record<ObjectiveName, string>> = {
  scan: "scan-availability.md",
  confirm: "confirm-availability.md",
  prompt: "push-handoff-failing.md",
  topUp: "topup-credit-burn.md",
  board: "queues-and-dead-letters.md",
  read: "bad-deploy-and-unhealthy-hosts.md",
  other: "bad-deploy-and-unhealthy-hosts.md",
};

const events = (slo: ObjectiveName, good: boolean) => ({
  namespace: cloudWatchNamespace,
  name: "SloEvents",
  dimensions: { slo, good: String(good) },
  statistic: "Sum" as const,
});

/** A long and a short window; both must burn. They tell nobody, the pair does. */
export interface BurnAlarm {
  readonly name: string;
  readonly objective: ObjectiveName;
  readonly burn: BurnName;
  readonly severity: Severity;
  readonly runbook: string;
  readonly description: string;
  readonly windows: readonly { readonly name: string; readonly minutes: number; readonly alarm: Omit<AlarmDefinition, "name"> }[];
}

export const burnAlarmsOf = (objective: ObjectiveName): readonly BurnAlarm[] =>
  (Object.keys(burnRates) as BurnName[]).map((burn) => burnAlarm(objective, burn));

export const burnAlarms: readonly BurnAlarm[] = objectiveNames.flatMap(burnAlarmsOf);

/**
 * Two windows at once, so that an alarm comes soon and ends soon. The short one also holds a floor of bad events, so that one failed
 * request at night wakes nobody.
 */
function burnAlarm(objective: ObjectiveName, burn: BurnName): BurnAlarm {
  const { rate, longMinutes, shortMinutes, severity } = burnRates[burn];
  const { promise, fewestBad, target } = objectives[objective];
  const name = `${kebab(objective)}-availability-${burn}-burn`;
  const runbook = promiseRunbooks[objective];
  const threshold = Number((rate * (1 - target)).toFixed(6));
  const window = (which: string, minutes: number, floor: number) => ({
    name: `${name}-${which}`,
    minutes,
    alarm: {
      severity,
      runbook,
      says: `The share of bad events over ${minutes} minutes, for the alarm of the same name without its last word. Rings nobody.`,
      watched: {
        of: { bad: events(objective, false), good: events(objective, true) },
        expression: `IF(FILL(bad, 0) >= ${floor}, FILL(bad, 0) / (FILL(bad, 0) + FILL(good, 0)), 0)`,
        periodSeconds: minutes * secondsInMinute,
      },
      when: "above",
      threshold,
      periods: 1,
      silence: "notBreaching",
    } as const,
  });
  const says = `${promise.charAt(0).toUpperCase()}${promise.slice(1)} no longer: the budget of the month burns ${rate} times too fast.`;
  return {
    name,
    objective,
    burn,
    severity,
    runbook,
    description: describe({ says, severity, runbook }),
    windows: [window("long", longMinutes, 1), window("short", shortMinutes, fewestBad)],
  };
}

/** The names as they are, no references: a rule that somebody reads in the JSON, and that our evaluator reads too. */
export const bothBurn = (names: readonly string[]): string => names.map((name) => `ALARM("${name}")`).join(" AND ");
