import { Construct } from "constructs";
import { type BurnName, burnRates, type Objective, type ObjectiveName, objectives } from "../../dashboards/slo.ts";
import { CloudwatchCompositeAlarm, CloudwatchMetricAlarm } from "../aws.ts";
import { refuseMissingRunbook, type Severity } from "./alarm.ts";
import { campusOf } from "./campus-stack.ts";
import type { Topic } from "./topic.ts";

export type BurnRateAlarmsProps = {
  readonly objective: ObjectiveName;
  readonly runbook: string;
  readonly tell: Readonly<Record<Severity, Topic>>;
};

const secondsInMinute = 60;

/**
 * A promise is watched by how fast its budget burns: three composite alarms, each ringing when a long and a short window burn at once.
 * The short one also holds a floor of bad events, so that one failed request at night wakes nobody. The six alarms below them ring nobody.
 */
export class BurnRateAlarms extends Construct {
  constructor(scope: Construct, id: string, { objective, runbook, tell }: BurnRateAlarmsProps) {
    super(scope, id);
    refuseMissingRunbook(id, runbook);
    for (const burn of Object.keys(burnRates) as BurnName[]) this.createPair(objective, burn, runbook, tell);
  }

  private createPair(objective: ObjectiveName, burn: BurnName, runbook: string, tell: BurnRateAlarmsProps["tell"]): void {
    const { longMinutes, shortMinutes, severity } = burnRates[burn];
    const name = `${kebab(objective)}-availability-${burn}-burn`;
    const long = this.createWindow(objective, burn, `${name}-long`, longMinutes, 1);
    const short = this.createWindow(objective, burn, `${name}-short`, shortMinutes, objectives[objective].fewestBad);
    new CloudwatchCompositeAlarm(this, `${burn}-burn`, {
      alarmName: campusOf(this).name("other", name),
      alarmDescription: `${sentence(objectives[objective])} no longer: the budget of the month burns ${burnRates[burn].rate} times too fast. Severity: ${severity}. Runbook: runbooks/${runbook}`,
      // The names as they are, no references: a rule that somebody reads in the JSON, and that our evaluator reads too.
      alarmRule: `ALARM("${long.alarmNameInput}") AND ALARM("${short.alarmNameInput}")`,
      alarmActions: [tell[severity].arn],
      okActions: [tell[severity].arn],
      dependsOn: [long, short],
    });
  }

  /** Silence is no bad news here: nobody pays at night. */
  private createWindow(objective: ObjectiveName, burn: BurnName, name: string, minutes: number, fewestBad: number): CloudwatchMetricAlarm {
    const events = (good: boolean) => ({
      id: good ? "good" : "bad",
      returnData: false,
      metric: {
        namespace: "CampusPay",
        metricName: "SloEvents",
        dimensions: { slo: objective, good: String(good) },
        stat: "Sum",
        period: minutes * secondsInMinute,
      },
    });
    return new CloudwatchMetricAlarm(this, `${burn}-${minutes}-minutes`, {
      alarmName: campusOf(this).name("other", name),
      alarmDescription: `The share of bad events over ${minutes} minutes, for the alarm of the same name without its last word. Rings nobody.`,
      metricQuery: [
        events(false),
        events(true),
        {
          id: "burn",
          label: `${objective}: share of bad events`,
          expression: `IF(FILL(bad, 0) >= ${fewestBad}, FILL(bad, 0) / (FILL(bad, 0) + FILL(good, 0)), 0)`,
          returnData: true,
        },
      ],
      comparisonOperator: "GreaterThanThreshold",
      threshold: Number((burnRates[burn].rate * (1 - objectives[objective].target)).toFixed(6)),
      evaluationPeriods: 1,
      datapointsToAlarm: 1,
      treatMissingData: "notBreaching",
    });
  }
}

const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const sentence = ({ promise }: Objective): string => promise.charAt(0).toUpperCase() + promise.slice(1);
