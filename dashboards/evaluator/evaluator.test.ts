import { describe, expect, test } from "vitest";
import { Alarms, type MetricAlarm, readAlarms, ruleHolds, type State, stateOf } from "./alarms.ts";
import { evaluateExpression } from "./expression.ts";
import { dataOfLogLine, Metrics, statisticOf } from "./metrics.ts";

const minute = 60_000;

const alarm = (settings: Partial<MetricAlarm>): MetricAlarm => ({
  kind: "metric",
  name: "errors",
  queries: [{ id: "m", metric: { namespace: "Campus", name: "Errors", dimensions: {}, statistic: "Sum" } }],
  returns: "m",
  periodSeconds: 60,
  evaluationPeriods: 3,
  datapointsToAlarm: 3,
  threshold: 1,
  comparison: "GreaterThanOrEqualToThreshold",
  missing: "missing",
  ...settings,
});

/** As AWS writes them: 0 within the threshold, X beyond it, - missing; the newest last. */
const series = (text: string) => text.split(" ").map((mark) => (mark === "-" ? undefined : mark === "X" ? 1 : 0));

describe("AWS's own table of missing data", () => {
  const kept = "kept";
  const columns = ["missing", "ignore", "breaching", "notBreaching"] as const;
  test.each([
    [3, "0 - X - X", ["OK", "OK", "OK", "OK"]],
    [3, "- - - - 0", ["OK", "OK", "OK", "OK"]],
    [3, "- - - - -", ["INSUFFICIENT_DATA", kept, "ALARM", "OK"]],
    [3, "0 X X - X", ["ALARM", "ALARM", "ALARM", "ALARM"]],
    [3, "- - X - -", ["ALARM", kept, "ALARM", "OK"]],
    [2, "0 - X - X", ["ALARM", "ALARM", "ALARM", "ALARM"]],
    [2, "0 0 X 0 X", ["ALARM", "ALARM", "ALARM", "ALARM"]],
    [2, "0 - X - -", ["OK", "OK", "ALARM", "OK"]],
    [2, "- - - - 0", ["OK", "OK", "ALARM", "OK"]],
    [2, "- - - - X", ["ALARM", kept, "ALARM", "OK"]],
  ])("%i of 3 datapoints, %s", (datapointsToAlarm, marks, expected) => {
    for (const before of ["OK", "ALARM", "INSUFFICIENT_DATA"] as const) {
      const states = columns.map((missing) => stateOf(alarm({ datapointsToAlarm, missing }), series(marks), before));
      expect(states).toEqual(expected.map((state) => (state === kept ? before : state)));
    }
  });
});

test("an alarm rings in the minute after the last of its periods, and ends when they are good again", () => {
  const metrics = new Metrics();
  const alarms = new Alarms([alarm({ missing: "notBreaching" })], metrics);
  const put = (at: number, value: number) =>
    metrics.put({ namespace: "Campus", name: "Errors", dimensions: {}, atMs: at * minute, values: [value] });
  for (const at of [10, 11, 12]) put(at, 5);
  const states: [number, State][] = [];
  for (let at = 10; at <= 18; at++) for (const { to } of alarms.tick(at * minute + 1_000)) states.push([at, to]);
  expect(states).toEqual([
    [10, "OK"],
    [13, "ALARM"],
    [16, "OK"],
  ]);
});

test("a window of an hour slides by the minute: it rings minutes after the fault and not at the end of the hour", () => {
  const metrics = new Metrics();
  const hourly = alarm({ periodSeconds: 3_600, evaluationPeriods: 1, datapointsToAlarm: 1, threshold: 10, missing: "notBreaching" });
  const alarms = new Alarms([hourly], metrics);
  for (let at = 65; at < 69; at++) metrics.put({ namespace: "Campus", name: "Errors", dimensions: {}, atMs: at * minute, values: [5] });
  const states: [number, State][] = [];
  for (let at = 60; at <= 128; at++) for (const { to } of alarms.tick(at * minute + 1_000)) states.push([at, to]);
  expect(states).toEqual([
    [60, "OK"],
    [67, "ALARM"],
    [128, "OK"],
  ]);
});

test("a metric with other dimensions, or with none, is another metric", () => {
  const metrics = new Metrics();
  const ref = { namespace: "Campus", name: "Errors" };
  metrics.put({ ...ref, dimensions: { Place: "north" }, atMs: 0, values: [1, 2] });
  expect(metrics.read({ ...ref, dimensions: { Place: "north" } }, "Sum", 0, 60)).toBe(3);
  expect(metrics.read({ ...ref, dimensions: {} }, "Sum", 0, 60)).toBeUndefined();
  expect(metrics.read({ ...ref, dimensions: { Place: "south" } }, "Sum", 0, 60)).toBeUndefined();
});

test.each([
  ["Average", 2.5],
  ["Minimum", 1],
  ["Maximum", 4],
  ["SampleCount", 4],
  ["p50", 2.5],
  ["p100", 4],
])("%s of 1, 2, 3, 4 is %d", (statistic, expected) => expect(statisticOf([4, 1, 3, 2], statistic)).toBe(expected));

describe("metric math", () => {
  const known = new Map([
    ["bad", [1, undefined, 4]],
    ["all", [10, 10, 0]],
  ]);
  test.each([
    ["bad / all", [0.1, undefined, undefined]],
    ["FILL(bad, 0) / all * 100", [10, 0, undefined]],
    ["IF(all > 5, FILL(bad, 0), 0)", [1, 0, 0]],
    ["IF(bad >= 1 && all > 5, 1, -1)", [1, undefined, -1]],
    ["SUM([bad, all])", [11, 10, 4]],
    ["MAX([bad, all]) - 1", [9, 9, 3]],
    ["-(bad + 2) * 3", [-9, undefined, -18]],
  ])("%s", (text, expected) => {
    const seen = evaluateExpression(text, known, 3);
    seen.forEach((value, index) => {
      if (expected[index] === undefined) expect(value).toBeUndefined();
      else expect(value).toBeCloseTo(expected[index] as number, 9);
    });
  });
  test("a name that nobody gave, an unknown function and a broken text are refused by name", () => {
    expect(() => evaluateExpression("bad / al", known, 3)).toThrow('names "al"');
    expect(() => evaluateExpression("RATE(bad)", known, 3)).toThrow("RATE");
    expect(() => evaluateExpression("(bad", known, 3)).toThrow('lacks ")"');
  });
});

test("a composite's rule: and before or, not, brackets, quoted names and ARNs", () => {
  const states: Record<string, State> = { a: "ALARM", b: "OK", "c d": "INSUFFICIENT_DATA" };
  const holds = (rule: string) => ruleHolds(rule, (name) => states[name] ?? "OK");
  expect(holds("ALARM(a) AND OK(b)")).toBe(true);
  expect(holds("ALARM(b) AND ALARM(b) OR ALARM(a)")).toBe(true);
  expect(holds("ALARM(b) AND (ALARM(b) OR ALARM(a))")).toBe(false);
  expect(holds('NOT ALARM("c d") AND INSUFFICIENT_DATA("c d")')).toBe(true);
  expect(holds("ALARM(arn:aws:cloudwatch:eu-north-1:000000000042:alarm:a)")).toBe(true);
  expect(() => holds("ALARM(a) XOR OK(b)")).toThrow("cannot be read");
});

test("a composite rings in the tick in which its leaves do, also through another composite", () => {
  const metrics = new Metrics();
  metrics.put({ namespace: "Campus", name: "Errors", dimensions: {}, atMs: 0, values: [9] });
  const leaf = alarm({ evaluationPeriods: 1, datapointsToAlarm: 1 });
  const above = { kind: "composite", name: "above", rule: "ALARM(middle)" } as const;
  const alarms = new Alarms([above, { kind: "composite", name: "middle", rule: "ALARM(errors)" }, leaf], metrics);
  alarms.tick(minute);
  expect(["errors", "middle", "above"].map((name) => alarms.state(name))).toEqual(["ALARM", "ALARM", "ALARM"]);
});

test("embedded metrics are cut out of a line of the log, a value for each metric and set of dimensions", () => {
  const line = JSON.stringify({
    _aws: { Timestamp: 7, CloudWatchMetrics: [{ Namespace: "CampusPay", Dimensions: [["Slo"], []], Metrics: [{ Name: "Events" }] }] },
    Slo: "scan",
    Events: [1, 2],
  });
  expect(dataOfLogLine(line)).toEqual([
    { namespace: "CampusPay", name: "Events", dimensions: { Slo: "scan" }, atMs: 7, values: [1, 2] },
    { namespace: "CampusPay", name: "Events", dimensions: {}, atMs: 7, values: [1, 2] },
  ]);
  expect(dataOfLogLine("not JSON")).toEqual([]);
  expect(dataOfLogLine('{"level":"info"}')).toEqual([]);
});

test("alarms are read from the synthesized JSON, one metric or math", () => {
  const [single, math] = readAlarms(
    {
      resource: {
        aws_cloudwatch_metric_alarm: {
          one: {
            alarm_name: "one",
            namespace: "Campus",
            metric_name: "Errors",
            dimensions: { Place: `\${later}` },
            statistic: "Sum",
            period: 60,
            evaluation_periods: 2,
            threshold: 0,
            comparison_operator: "GreaterThanThreshold",
          },
          two: {
            alarm_name: "two",
            evaluation_periods: 1,
            threshold: 0.5,
            comparison_operator: "GreaterThanThreshold",
            treat_missing_data: "notBreaching",
            metric_query: [
              { id: "share", expression: "bad / 2", return_data: true },
              { id: "bad", metric: { namespace: "Campus", metric_name: "Bad", period: 300, stat: "p95" } },
            ],
          },
        },
      },
    },
    (text) => text.replace(`\${later}`, "north"),
  ) as MetricAlarm[];
  expect(single).toMatchObject({
    datapointsToAlarm: 2,
    missing: "missing",
    queries: [{ metric: { dimensions: { Place: "north" }, statistic: "Sum" } }],
  });
  const metrics = new Metrics();
  metrics.put({ namespace: "Campus", name: "Bad", dimensions: {}, atMs: 0, values: [3] });
  const alarms = new Alarms([math as MetricAlarm], metrics);
  alarms.tick(5 * minute);
  expect(alarms.state("two")).toBe("ALARM");
});
