import { Construct } from "constructs";
import { metricAlarmBlock } from "../../dashboards/alarm.ts";
import { type BurnAlarm, bothBurn, burnAlarmsOf } from "../../dashboards/burn-alarms.ts";
import type { ObjectiveName } from "../../dashboards/slo.ts";
import { CloudwatchCompositeAlarm, CloudwatchMetricAlarm } from "../aws.ts";
import { argumentsOf, refuseMissingRunbook, refuseUnemitted, type Tell } from "./alarm.ts";
import { campusOf } from "./campus-stack.ts";

/** A promise is watched by how fast its budget burns: three composite alarms, each of a long and a short window that ring nobody. */
export class BurnRateAlarms extends Construct {
  constructor(scope: Construct, id: string, { objective, tell }: { readonly objective: ObjectiveName; readonly tell: Tell }) {
    super(scope, id);
    for (const burn of burnAlarmsOf(objective)) this.createPair(burn, tell);
  }

  private createPair({ name, burn, severity, runbook, description, windows }: BurnAlarm, tell: Tell): void {
    refuseMissingRunbook(name, runbook);
    const made = windows.map((window) => {
      refuseUnemitted(window.name, window.alarm);
      const block = metricAlarmBlock(campusOf(this).name("other", window.name), window.alarm);
      return new CloudwatchMetricAlarm(this, `${burn}-${window.minutes}-minutes`, {
        ...argumentsOf(block),
        alarmDescription: window.alarm.says,
      });
    });
    new CloudwatchCompositeAlarm(this, `${burn}-burn`, {
      alarmName: campusOf(this).name("other", name),
      alarmDescription: description,
      alarmRule: bothBurn(made.map(({ alarmNameInput }) => alarmNameInput ?? "")),
      alarmActions: [tell[severity].arn],
      okActions: [tell[severity].arn],
      dependsOn: made,
    });
  }
}
