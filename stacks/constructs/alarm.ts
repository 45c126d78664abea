import { existsSync, readFileSync } from "node:fs";
import { Construct } from "constructs";
import { type AlarmDefinition, metricAlarmBlock, type Severity } from "../../dashboards/alarm.ts";
import { whyNotEmitted } from "../../dashboards/emitted.ts";
import { type AwsProvider, CloudwatchMetricAlarm } from "../aws.ts";
import { campusOf } from "./campus-stack.ts";
import type { Topic } from "./topic.ts";

/** Who is told, by severity. */
export type Tell = Readonly<Record<Severity, Topic>>;

/** Its id is its name: "redis-down", or the page's name and what it is of: "dlq-not-empty-webhooks". */
export type AlarmProps = Omit<AlarmDefinition, "name"> & { readonly tell: Tell; readonly provider?: AwsProvider };

/** An alarm that somebody can act on: it has a severity, a page that says what to do, and a metric that somebody emits. */
export class Alarm extends Construct {
  constructor(scope: Construct, id: string, props: AlarmProps) {
    super(scope, id);
    refuseMissingRunbook(id, props.runbook);
    const topic = topicOf(id, props);
    refuseUnemitted(id, props);
    const block = metricAlarmBlock(campusOf(this).name("other", id), props);
    new CloudwatchMetricAlarm(this, "alarm", {
      ...argumentsOf(block),
      alarmActions: [topic.arn],
      okActions: [topic.arn],
      ...(props.provider ? { provider: props.provider } : {}),
    });
  }
}

/** Who is told; an alarm without a severity tells nobody. */
export function topicOf(alarm: string, { severity, tell }: Pick<AlarmProps, "severity" | "tell">): Topic {
  const topic = tell[severity];
  if (topic) return topic;
  throw new Error(`the alarm ${alarm} has the severity "${severity}"; use "page" (wakes somebody) or "ticket" (next working day).`);
}

/** The binding's own names for what Terraform's JSON calls otherwise. */
export function argumentsOf(block: ReturnType<typeof metricAlarmBlock>) {
  const queries = "metric_query" in block ? block.metric_query : undefined;
  return {
    alarmName: block.alarm_name,
    alarmDescription: block.alarm_description,
    evaluationPeriods: block.evaluation_periods,
    datapointsToAlarm: block.datapoints_to_alarm,
    comparisonOperator: block.comparison_operator,
    threshold: block.threshold,
    treatMissingData: block.treat_missing_data,
    ...("metric_name" in block
      ? {
          namespace: block.namespace,
          metricName: block.metric_name,
          dimensions: block.dimensions,
          statistic: block.statistic,
          period: block.period,
        }
      : {}),
    ...(queries && {
      metricQuery: queries.map(({ return_data, ...query }) => ({
        ...("metric" in query
          ? { id: query.id, metric: { ...withoutName(query.metric), metricName: query.metric.metric_name } }
          : { id: query.id, expression: query.expression, label: query.label }),
        returnData: return_data,
      })),
    }),
  };
}

const withoutName = <T extends { readonly metric_name: string }>({ metric_name, ...rest }: T): Omit<T, "metric_name"> => rest;

const longestSeconds = { short: 86_400, long: 604_800 } as const;

export function refuseUnemitted(alarm: string, { watched, periods }: Pick<AlarmDefinition, "watched" | "periods">): void {
  for (const metric of Object.values(watched.of)) {
    const why = whyNotEmitted(metric);
    if (why) throw new Error(`the alarm ${alarm} could never ring: ${why}`);
  }
  const seconds = watched.periodSeconds * periods;
  const limit = watched.periodSeconds < 3_600 ? longestSeconds.short : longestSeconds.long;
  if (seconds > limit)
    throw new Error(`the alarm ${alarm} looks back ${seconds} s; CloudWatch allows ${limit} with periods of ${watched.periodSeconds} s.`);
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
  if (anchor && !anchorsOf(readFileSync(file, "utf8")).includes(anchor)) {
    throw new Error(`the alarm ${alarm} names "${runbook}", but runbooks/${page} has no heading "${anchor}"; add it or mend the name.`);
  }
}

/** The addresses of a page's headings, as GitHub makes them. */
export const anchorsOf = (markdown: string): readonly string[] =>
  (markdown.replaceAll(/^```[\s\S]*?^```/gm, "").match(/^#+ .+$/gm) ?? []).map((heading) => anchorOf(heading.replace(/^#+ /, "")));

export const anchorOf = (heading: string): string =>
  heading
    .replaceAll(/\]\([^)]*\)/g, "]")
    .toLowerCase()
    .trim()
    .replace(/[^\p{L}\p{N}_ -]/gu, "")
    .replaceAll(" ", "-");
