import { existsSync, readFileSync } from "node:fs";
import { Construct } from "constructs";
import { CloudwatchMetricAlarm } from "../aws.ts";
import { campusOf } from "./campus-stack.ts";
import type { Topic } from "./topic.ts";

export type Severity = "page" | "ticket";

export type AlarmMetric = {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: "Average" | "Maximum" | "Minimum" | "Sum";
  readonly periodSeconds: 60 | 300 | 900 | 3600;
};

export type AlarmProps = {
  readonly severity: Severity;
  /** A page of runbooks/, or one of its anchors: "rds-failover-and-storage.md#replica-lag". */
  readonly runbook: string;
  readonly metric: AlarmMetric;
  readonly when: "above" | "below";
  readonly threshold: number;
  readonly periods: number;
  /** What silence means. A load balancer without targets says nothing at all, so silence is bad news there. */
  readonly silence: "breaching" | "notBreaching" | "missing";
  readonly says: string;
  readonly tell: Readonly<Record<Severity, Topic>>;
};

/** An alarm that somebody can act on: it has a severity, a page that says what to do, and a metric. */
export class Alarm extends Construct {
  constructor(scope: Construct, id: string, props: AlarmProps) {
    super(scope, id);
    refuseMissingRunbook(id, props.runbook);
    const topic = props.tell[props.severity];
    if (!topic)
      throw new Error(`the alarm ${id} has the severity "${props.severity}"; use "page" (wakes somebody) or "ticket" (next working day).`);
    new CloudwatchMetricAlarm(this, "alarm", {
      alarmName: campusOf(this).name("other", id),
      alarmDescription: `${props.says} Severity: ${props.severity}. Runbook: runbooks/${props.runbook}`,
      namespace: props.metric.namespace,
      metricName: props.metric.name,
      dimensions: { ...props.metric.dimensions },
      statistic: props.metric.statistic,
      period: props.metric.periodSeconds,
      evaluationPeriods: props.periods,
      comparisonOperator: props.when === "above" ? "GreaterThanThreshold" : "LessThanThreshold",
      threshold: props.threshold,
      treatMissingData: props.silence,
      alarmActions: [topic.arn],
      okActions: [topic.arn],
    });
  }
}

const runbooks = new URL("../../runbooks/", import.meta.url);

export function refuseMissingRunbook(alarm: string, runbook: string): void {
  const [page = "", anchor] = runbook.split("#");
  const file = new URL(page, runbooks);
  if (!page.endsWith(".md") || !existsSync(file)) {
    throw new Error(
      `the alarm ${alarm} names the runbook "${runbook}", which does not exist; write runbooks/${page || `${alarm}.md`} first: who is woken must know what to do.`,
    );
  }
  const headings = readFileSync(file, "utf8").match(/^#+ .+$/gm) ?? [];
  if (anchor && !headings.some((heading) => slug(heading) === anchor)) {
    throw new Error(`the alarm ${alarm} names "${runbook}", but runbooks/${page} has no heading "${anchor}"; add it or mend the name.`);
  }
}

const slug = (heading: string): string =>
  heading
    .replace(/^#+ /, "")
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, "")
    .trim()
    .replaceAll(" ", "-");
