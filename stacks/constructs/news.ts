import { Construct } from "constructs";
import { describe, type Severity } from "../../dashboards/alarm.ts";
import { CloudwatchEventRule, CloudwatchEventTarget } from "../aws.ts";
import { refuseMissingRunbook, type Tell } from "./alarm.ts";
import { campusOf } from "./campus-stack.ts";

export type NewsProps = {
  readonly severity: Severity;
  readonly runbook: string;
  readonly says: string;
  /** "aws.rds" */
  readonly source: string;
  /** As AWS names them: "RDS DB Instance Event". */
  readonly kinds: readonly string[];
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly tell: Tell;
};

/** What AWS tells of itself (a failover, a failed backup, a machine that could not be launched) reaches the people who hear alarms. */
export class News extends Construct {
  constructor(scope: Construct, id: string, props: NewsProps) {
    super(scope, id);
    refuseMissingRunbook(id, props.runbook);
    const rule = new CloudwatchEventRule(this, "rule", {
      name: campusOf(this).name("eventRule", id),
      description: describe(props),
      eventPattern: JSON.stringify({
        source: [props.source],
        "detail-type": [...props.kinds],
        ...(props.detail ? { detail: props.detail } : {}),
      }),
    });
    new CloudwatchEventTarget(this, "tell", {
      rule: rule.name,
      arn: props.tell[props.severity].arn,
      // A mail that a person can read, and not the event's JSON: a template is a JSON string.
      inputTransformer: {
        inputPaths: { kind: "$.detail-type", at: "$.time", of: "$.resources" },
        inputTemplate: JSON.stringify(`${describe(props)} ${id}: <kind> at <at>, of <of>.`),
      },
    });
  }
}
