import { readDescription } from "../../dashboards/alarm.ts";
import { type AnyAlarm, readAlarms } from "../../dashboards/evaluator/alarms.ts";
import { anyArtifact, type Environment, withArtifact } from "../../regions/index.ts";
import { synthesizeCampus } from "./synthesized.ts";

export interface RegionAlarms {
  /** As they are synthesized, under their own names: "redis-down" and not "campus-production-north-redis-down". */
  readonly alarms: readonly AnyAlarm[];
  /** Those that tell somebody. */
  readonly severities: ReadonlyMap<string, "page" | "ticket">;
}

/** Every alarm of one region of an environment, for the evaluator: what is deployed, and no copy of it. */
export function alarmsOfRegion(environment: Environment, place: "north" | "south" | "global"): RegionAlarms {
  const prefix = `campus-${environment.name}-${place}-`;
  const own = (text: string) => text.replaceAll(prefix, "");
  const severities = new Map<string, "page" | "ticket">();
  const alarms: AnyAlarm[] = [];
  for (const stack of synthesizeCampus(withArtifact(environment, anyArtifact)).stacks.values()) {
    for (const block of [
      ...Object.values(stack.resource?.aws_cloudwatch_metric_alarm ?? {}),
      ...Object.values(stack.resource?.aws_cloudwatch_composite_alarm ?? {}),
    ]) {
      const told = readDescription(block.alarm_description);
      if (block.alarm_name.startsWith(prefix) && (block.alarm_actions ?? []).length > 0 && told)
        severities.set(own(block.alarm_name), told.severity);
    }
    for (const alarm of readAlarms(stack as never)) {
      if (!alarm.name.startsWith(prefix)) continue;
      const named = { ...alarm, name: own(alarm.name) };
      alarms.push(named.kind === "composite" ? { ...named, rule: own(named.rule) } : named);
    }
  }
  if (alarms.length === 0) throw new Error(`the environment ${environment.name} has no alarm in ${place}.`);
  return { alarms, severities };
}
