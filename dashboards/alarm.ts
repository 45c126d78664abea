/** What an alarm is, as data: stacks/ makes CloudWatch alarms of it, prometheus.ts rules, the evaluator and /ops judge by it. */
export type Severity = "page" | "ticket";

export interface MetricOf {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: "Average" | "Maximum" | "Minimum" | "Sum";
}

/** One metric, or several by their ids and what is made of them. */
export interface Watched {
  readonly of: Readonly<Record<string, MetricOf>>;
  /** Metric math over the ids; left out where there is one metric. */
  readonly expression?: string;
  /** The same for Prometheus, over the same ids. */
  readonly promQl?: string;
  readonly periodSeconds: number;
}

export const oneMetric = ({ periodSeconds, ...metric }: MetricOf & { readonly periodSeconds: number }): Watched => ({
  of: { m: metric },
  periodSeconds,
});

export interface AlarmDefinition {
  /** "redis-down": the name by which its page is found, without the campus and the place. */
  readonly name: string;
  readonly severity: Severity;
  /** A page of runbooks/, or one of its anchors: "rds-failover-and-storage.md#replica-lag". */
  readonly runbook: string;
  /** What is wrong when it rings, in a sentence. */
  readonly says: string;
  readonly watched: Watched;
  readonly when: "above" | "below";
  readonly threshold: number;
  /** How many periods it looks at, and how many of them must be bad: all unless said. */
  readonly periods: number;
  readonly badPeriods?: number;
  /** What silence means. A load balancer without targets says nothing at all, so silence is bad news there. */
  readonly silence: "breaching" | "notBreaching" | "missing";
}

export const describe = ({ says, severity, runbook }: Pick<AlarmDefinition, "says" | "severity" | "runbook">): string =>
  `${says} Severity: ${severity}. Runbook: runbooks/${runbook}`;

/** What `describe` wrote; undefined where another hand did. */
export function readDescription(text: string): { readonly severity: AlarmDefinition["severity"]; readonly page: string } | undefined {
  const [, severity, page] = /Severity: (page|ticket)\. Runbook: runbooks\/([a-z-]+)\.md/.exec(text) ?? [];
  return severity && page ? { severity: severity as AlarmDefinition["severity"], page } : undefined;
}

export type MetricAlarmBlock = ReturnType<typeof metricAlarmBlock>;

/** As Terraform's `aws_cloudwatch_metric_alarm` has it, without who is told. */
export const metricAlarmBlock = (name: string, alarm: Omit<AlarmDefinition, "name">) => ({
  alarm_name: name,
  alarm_description: describe(alarm),
  ...watchedBlock(alarm.watched),
  evaluation_periods: alarm.periods,
  datapoints_to_alarm: alarm.badPeriods ?? alarm.periods,
  comparison_operator: alarm.when === "above" ? "GreaterThanThreshold" : "LessThanThreshold",
  threshold: alarm.threshold,
  treat_missing_data: alarm.silence,
});

function watchedBlock({ of, expression, periodSeconds: period }: Watched) {
  const metrics = Object.entries(of);
  const [only] = metrics;
  if (!only) throw new Error("an alarm watches no metric; name one in `watched.of`.");
  if (expression === undefined) {
    if (metrics.length > 1)
      throw new Error(`an alarm watches ${metrics.length} metrics and says not what to make of them; give it an expression.`);
    const { namespace, name: metric_name, dimensions, statistic } = only[1];
    return { namespace, metric_name, dimensions: { ...dimensions }, statistic, period };
  }
  const queries = metrics.map(([id, { namespace, name: metric_name, dimensions, statistic: stat }]) => ({
    id,
    return_data: false,
    metric: { namespace, metric_name, dimensions: { ...dimensions }, stat, period },
  }));
  return { metric_query: [...queries, { id: "result", expression, label: "result", return_data: true }] };
}
