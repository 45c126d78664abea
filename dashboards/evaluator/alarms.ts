import { evaluateExpression, type Series } from "./expression.ts";
import type { MetricRef, Metrics } from "./metrics.ts";

export type State = "OK" | "ALARM" | "INSUFFICIENT_DATA";
export type MissingData = "missing" | "ignore" | "breaching" | "notBreaching";

type Query = {
  readonly id: string;
  readonly expression?: string;
  readonly metric?: MetricRef & { readonly statistic: string };
};

export type MetricAlarm = {
  readonly kind: "metric";
  readonly name: string;
  readonly queries: readonly Query[];
  /** The query whose values are compared. */
  readonly returns: string;
  readonly periodSeconds: number;
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  readonly threshold: number;
  readonly comparison: string;
  readonly missing: MissingData;
};

export type CompositeAlarm = { readonly kind: "composite"; readonly name: string; readonly rule: string };
export type AnyAlarm = MetricAlarm | CompositeAlarm;

/** The alarms of a stack's synthesized JSON; `value` puts in what Terraform would know only later. */
export const readAlarms = (
  configuration: { readonly resource?: Record<string, Record<string, unknown>> },
  value: (text: string) => string = (text) => text,
): readonly AnyAlarm[] => {
  const blocks = <T>(type: string) => Object.values(configuration.resource?.[type] ?? {}) as T[];
  return [
    ...blocks<Block>("aws_cloudwatch_metric_alarm").map((block) => metricAlarm(block, value)),
    ...blocks<{ alarm_name: string; alarm_rule: string }>("aws_cloudwatch_composite_alarm").map((block) => ({
      kind: "composite" as const,
      name: block.alarm_name,
      rule: value(block.alarm_rule),
    })),
  ];
};

type MetricBlock = {
  readonly namespace: string;
  readonly metric_name: string;
  readonly dimensions?: Readonly<Record<string, string>>;
  readonly period: number;
};

type Block = Partial<MetricBlock> & {
  readonly alarm_name: string;
  readonly statistic?: string;
  readonly extended_statistic?: string;
  readonly evaluation_periods: number;
  readonly datapoints_to_alarm?: number;
  readonly threshold: number;
  readonly comparison_operator: string;
  readonly treat_missing_data?: MissingData;
  readonly metric_query?: readonly {
    readonly id: string;
    readonly expression?: string;
    readonly period?: number;
    readonly return_data?: boolean;
    readonly metric?: (MetricBlock & { readonly stat: string }) | readonly (MetricBlock & { readonly stat: string })[];
  }[];
};

const metricAlarm = (block: Block, value: (text: string) => string): MetricAlarm => {
  const ref = (metric: Partial<MetricBlock>): MetricRef => ({
    namespace: metric.namespace ?? "",
    name: metric.metric_name ?? "",
    dimensions: Object.fromEntries(Object.entries(metric.dimensions ?? {}).map(([key, text]) => [key, value(text)])),
  });
  const math = (block.metric_query ?? []).map((query) => ({ ...query, metric: [query.metric ?? []].flat()[0] }));
  const period = block.period ?? math.flatMap((query) => query.metric?.period ?? query.period ?? [])[0];
  if (!period) throw new Error(`the alarm ${block.alarm_name} has no period.`);
  const single = { id: "m", metric: { ...ref(block), statistic: block.statistic ?? block.extended_statistic ?? "" } };
  return {
    kind: "metric",
    name: block.alarm_name,
    queries:
      math.length === 0
        ? [single]
        : math.map(({ id, expression, metric }) => ({
            id,
            ...(expression && { expression }),
            ...(metric && { metric: { ...ref(metric), statistic: metric.stat } }),
          })),
    returns: math.find(({ return_data }) => return_data)?.id ?? "m",
    periodSeconds: Number(period),
    evaluationPeriods: Number(block.evaluation_periods),
    datapointsToAlarm: Number(block.datapoints_to_alarm ?? block.evaluation_periods),
    threshold: Number(block.threshold),
    comparison: block.comparison_operator,
    missing: block.treat_missing_data ?? "missing",
  };
};

const comparisons: Readonly<Record<string, (value: number, threshold: number) => boolean>> = {
  GreaterThanThreshold: (value, threshold) => value > threshold,
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

/** CloudWatch looks at some periods more than it needs, so that one that came late is no missing one. */
const rangeBeyond = 2;

const minuteMs = 60_000;

/**
 * The values that an alarm looks at when it is evaluated at a moment, the oldest first. "For any period of one minute or longer, an alarm
 * is evaluated every minute": its window ends with the last whole minute and slides, also where a period is an hour or a day.
 */
export const valuesOf = (alarm: MetricAlarm, metrics: Metrics, nowMs: number): Series => {
  const periods = alarm.evaluationPeriods + rangeBeyond;
  const periodMs = alarm.periodSeconds * 1_000;
  const endMs = Math.floor(nowMs / minuteMs) * minuteMs;
  const known = new Map<string, Series>();
  const valuesOfQuery = (id: string): Series => {
    const query = alarm.queries.find((one) => one.id === id);
    if (!query) throw new Error(`the alarm ${alarm.name} compares "${id}", and has no such query.`);
    const { metric, expression = "" } = query;
    if (metric)
      return Array.from({ length: periods }, (_, index) =>
        metrics.read(metric, metric.statistic, endMs - (periods - index) * periodMs, alarm.periodSeconds),
      );
    for (const [name] of expression.matchAll(/\b[a-z]\w*\b/g)) if (!known.has(name)) known.set(name, valuesOfQuery(name));
    return evaluateExpression(expression, known, periods);
  };
  return valuesOfQuery(alarm.returns);
};

/**
 * The rules that AWS documents under "how alarm state is evaluated when data is missing": values that are there come first,
 * only what then still lacks is filled as the alarm says.
 */
export const stateOf = (alarm: MetricAlarm, values: Series, before: State): State => {
  const breaches = comparisons[alarm.comparison];
  if (!breaches) throw new Error(`the alarm ${alarm.name} compares by ${alarm.comparison}, which is not known here.`);
  const there = values.filter((value) => value !== undefined).slice(-alarm.evaluationPeriods);
  const bad = there.filter((value) => breaches(value, alarm.threshold)).length;
  const lacking = alarm.evaluationPeriods - there.length;
  const enough = (count: number): State => (count >= alarm.datapointsToAlarm ? "ALARM" : "OK");
  if (lacking === 0) return enough(bad);
  switch (alarm.missing) {
    case "breaching":
      return enough(bad + lacking);
    case "notBreaching":
      return enough(bad);
    case "ignore":
      if (bad >= alarm.datapointsToAlarm) return "ALARM";
      return there.length > bad ? "OK" : before;
    case "missing":
      if (there.length === 0) return "INSUFFICIENT_DATA";
      return bad === there.length ? "ALARM" : enough(bad);
  }
};

/** ALARM("a") AND (OK("b") OR NOT INSUFFICIENT_DATA(c)), with TRUE and FALSE. */
export const ruleHolds = (rule: string, stateOfAlarm: (name: string) => State): boolean => {
  const tokens = [
    ...rule.matchAll(/\s*(AND\b|OR\b|NOT\b|TRUE\b|FALSE\b|(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"[^"]+"|'[^']+'|[^)\s]+)\s*\)|[()])/gy),
  ].map((found) => found[1] as string);
  const text = tokens.join("").replaceAll(/\s/g, "");
  if (text !== rule.replaceAll(/\s/g, "")) throw new Error(`the rule "${rule}" cannot be read.`);
  let at = 0;
  const any = (): boolean => {
    let holds = all();
    while (tokens[at] === "OR") {
      at += 1;
      const right = all();
      holds ||= right;
    }
    return holds;
  };
  const all = (): boolean => {
    let holds = one();
    while (tokens[at] === "AND") {
      at += 1;
      const right = one();
      holds &&= right;
    }
    return holds;
  };
  const one = (): boolean => {
    const token = tokens[at++];
    if (token === "NOT") return !one();
    if (token === "TRUE" || token === "FALSE") return token === "TRUE";
    if (token === "(") {
      const holds = any();
      if (tokens[at++] !== ")") throw new Error(`the rule "${rule}" lacks a ")".`);
      return holds;
    }
    const [, state, quoted = ""] = /^(\w+)\s*\(\s*(.+?)\s*\)$/s.exec(token ?? "") ?? [];
    if (!state) throw new Error(`the rule "${rule}" has "${token ?? "nothing"}" where a state is needed.`);
    const name = quoted.replace(/^["']|["']$/g, "");
    return stateOfAlarm(name.startsWith("arn:") ? (name.split(":alarm:")[1] ?? name) : name) === state;
  };
  const holds = any();
  if (at < tokens.length) throw new Error(`the rule "${rule}" goes on after its end.`);
  return holds;
};

export type Change = { readonly alarm: string; readonly from: State; readonly to: State; readonly atMs: number };

/** Alarms with a clock that somebody else moves: at each tick the metric alarms first, then the composites on top of them. */
export class Alarms {
  private readonly states = new Map<string, State>();
  private readonly alarms: readonly AnyAlarm[];
  private readonly metrics: Metrics;

  constructor(alarms: readonly AnyAlarm[], metrics: Metrics) {
    this.alarms = alarms;
    this.metrics = metrics;
    for (const { name } of alarms) {
      if (this.states.has(name)) throw new Error(`two alarms have the name ${name}; in an account the later replaces the earlier.`);
      this.states.set(name, "INSUFFICIENT_DATA");
    }
  }

  state(name: string): State {
    const state = this.states.get(name);
    if (!state) throw new Error(`there is no alarm ${name}; there are ${[...this.states.keys()].join(", ")}.`);
    return state;
  }

  /** Of those that tell somebody the ones that ring: all of them, or those of one severity. */
  ringing<Severity>(severities: ReadonlyMap<string, Severity>, only?: Severity): readonly string[] {
    const wanted = [...severities].filter(([, told]) => only === undefined || told === only);
    return wanted.map(([name]) => name).filter((name) => this.state(name) === "ALARM");
  }

  /** What changed at this moment. */
  tick(nowMs: number): readonly Change[] {
    const changes: Change[] = [];
    const become = (alarm: string, to: State) => {
      const from = this.state(alarm);
      if (from === to) return;
      this.states.set(alarm, to);
      changes.push({ alarm, from, to, atMs: nowMs });
    };
    const composites: CompositeAlarm[] = [];
    for (const alarm of this.alarms) {
      if (alarm.kind === "composite") composites.push(alarm);
      else become(alarm.name, stateOf(alarm, valuesOf(alarm, this.metrics, nowMs), this.state(alarm.name)));
    }
    // A composite may stand on others: they settle within as many rounds as there are composites.
    for (let round = 0, before = -1; round < composites.length && before !== changes.length; round++) {
      before = changes.length;
      for (const { name, rule } of composites) become(name, ruleHolds(rule, (other) => this.state(other)) ? "ALARM" : "OK");
    }
    return changes;
  }
}
