import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { metricAlarmBlock } from "./alarm.ts";
import { bothBurn, burnAlarms } from "./burn-alarms.ts";
import { Alarms, readAlarms } from "./evaluator/alarms.ts";
import { Metrics } from "./evaluator/metrics.ts";
import { prometheusRules } from "./prometheus.ts";
import type { ObjectiveName } from "./slo.ts";

const rules = stringify(prometheusRules());

const hasPromtool = (() => {
  try {
    execFileSync("promtool", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    console.warn("SKIP: promtool is not installed (apt install prometheus): the rules of Prometheus are not tried.");
    return false;
  }
})();

test("the rules that stand in dashboards/prometheus are those of slo.ts and app-alarms.ts", () => {
  expect(readFileSync(new URL("prometheus/campus-pay.rules.yml", import.meta.url), "utf8")).toContain(rules);
});

/** Events of one promise, minute by minute. */
interface Stream {
  readonly name: string;
  readonly objective: ObjectiveName;
  readonly minutes: readonly (readonly [good: number, bad: number])[];
  readonly ring: readonly string[];
}

const steady = (minutes: number, good: number, bad = 0) => Array.from({ length: minutes }, () => [good, bad] as const);

const streams: readonly Stream[] = [
  { name: "a lunch with one bad scan in a thousand and a half", objective: "scan", minutes: steady(90, 1_500, 1), ring: [] },
  { name: "one failed confirm of a quiet night", objective: "confirm", minutes: [...steady(60, 0), [0, 1], ...steady(60, 0)], ring: [] },
  {
    name: "four failed confirms of a night: below the floor",
    objective: "confirm",
    minutes: [...steady(60, 1), [0, 4], ...steady(9, 1)],
    ring: [],
  },
  {
    name: "nothing is answered for ten minutes of a lunch",
    objective: "scan",
    minutes: [...steady(60, 1_500), ...steady(10, 0, 1_500)],
    ring: ["scan-availability-fast-burn", "scan-availability-medium-burn", "scan-availability-slow-burn"],
  },
  {
    name: "one scan in a hundred is bad for seven hours",
    objective: "scan",
    minutes: steady(420, 99, 1),
    ring: ["scan-availability-medium-burn", "scan-availability-slow-burn"],
  },
  { name: "an outage that ended an hour ago", objective: "scan", minutes: [...steady(20, 0, 500), ...steady(125, 1_500)], ring: [] },
];

/** What rings at the end of the stream, by our evaluator of CloudWatch's alarms. */
function ringsInCloudWatch({ objective, minutes }: Stream): readonly string[] {
  const metrics = new Metrics();
  minutes.forEach(([good, bad], minute) => {
    for (const [isGood, count] of [
      ["true", good],
      ["false", bad],
    ] as const)
      if (count > 0)
        metrics.put({
          namespace: "CampusPay",
          name: "SloEvents",
          dimensions: { slo: objective, good: isGood },
          atMs: minute * 60_000 + 30_000,
          values: [count],
        });
  });
  const mine = burnAlarms.filter((burn) => burn.objective === objective);
  const alarms = new Alarms(
    readAlarms({
      resource: {
        aws_cloudwatch_metric_alarm: Object.fromEntries(
          mine.flatMap(({ windows }) => windows.map(({ name, alarm }) => [name, metricAlarmBlock(name, alarm)])),
        ),
        aws_cloudwatch_composite_alarm: Object.fromEntries(
          mine.map(({ name, windows }) => [name, { alarm_name: name, alarm_rule: bothBurn(windows.map((window) => window.name)) }]),
        ),
      },
    }),
    metrics,
  );
  alarms.tick(minutes.length * 60_000);
  return mine.map(({ name }) => name).filter((name) => alarms.state(name) === "ALARM");
}

/** Counters that stand still say so in every scrape; a scrape each minute. */
function promtoolCase(stream: Stream) {
  const counter = (of: 0 | 1) => {
    let sum = 0;
    return [0, ...stream.minutes.map((minute) => (sum += minute[of]))].join(" ");
  };
  const series = (good: string, of: 0 | 1) => ({
    series: `campus_slo_events_total{slo="${stream.objective}",good="${good}",instance="api-1"}`,
    values: counter(of),
  });
  const rings = burnAlarms.filter(({ objective }) => objective === stream.objective);
  return {
    name: stream.name,
    interval: "1m",
    input_series: [series("true", 0), series("false", 1)],
    alert_rule_test: rings.map(({ name, severity, description, runbook }) => ({
      eval_time: `${stream.minutes.length}m`,
      alertname: name,
      exp_alerts: stream.ring.includes(name)
        ? [{ exp_labels: { severity, slo: stream.objective }, exp_annotations: { summary: description, runbook: `runbooks/${runbook}` } }]
        : [],
    })),
  };
}

test.each(streams)("CloudWatch, by our evaluator: $name", (stream) => {
  expect(ringsInCloudWatch(stream)).toEqual(stream.ring);
});

test.skipIf(!hasPromtool)(
  "Prometheus, by promtool, gives the same verdict on every stream, and rings for the app's own alarms",
  async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "campus-rules-"));
    try {
      writeFileSync(path.join(folder, "rules.yml"), rules);
      const run = (more: readonly object[]) => {
        writeFileSync(
          path.join(folder, "tests.yml"),
          stringify({ rule_files: ["rules.yml"], evaluation_interval: "1m", tests: [...streams.map(promtoolCase), ...more] }),
        );
        return promisify(execFile)("promtool", ["test", "rules", path.join(folder, "tests.yml")]);
      };
      expect((await run(ownAlarms)).stdout).toContain("SUCCESS");
      const wrong = promtoolCase({ ...(streams[0] as Stream), ring: ["scan-availability-fast-burn"] });
      await expect(run([wrong])).rejects.toThrow("scan-availability-fast-burn");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  120_000,
);

const own = (input: Readonly<Record<string, string>>, minute: number, alarm: string, rings: boolean) => {
  const rule = prometheusRules()
    .groups.flatMap((group) => group.rules)
    .find(({ alert }) => alert === alarm);
  if (!rule) throw new Error(`there is no rule ${alarm}`);
  return {
    interval: "1m",
    input_series: Object.entries(input).map(([series, values]) => ({ series, values })),
    alert_rule_test: [
      {
        eval_time: `${minute}m`,
        alertname: alarm,
        exp_alerts: rings ? [{ exp_labels: rule.labels, exp_annotations: rule.annotations }] : [],
      },
    ],
  };
};

const wrongOnes = 'campus_gateway_webhooks_total{signature="wrong"}';
const rightOnes = 'campus_gateway_webhooks_total{signature="right"}';
const ended = (state: string) => `campus_charges_ended_total{state="${state}"}`;
const ownAlarms = [
  own({ campus_redis_up: "1 1 0 0 0 0" }, 5, "redis-down", true),
  own({ campus_redis_up: "1 1 0 1 1 1" }, 5, "redis-down", false),
  own({ [wrongOnes]: "0+5x30", [rightOnes]: "0x30" }, 30, "webhook-signatures-all-wrong", true),
  own({ [wrongOnes]: "0+5x30", [rightOnes]: "0+1x30" }, 30, "webhook-signatures-all-wrong", false),
  own({ [ended("expired")]: "0+5x10", [ended("confirmed")]: "0+1x10" }, 10, "orders-stuck-awaiting-confirmation", true),
  own({ [ended("expired")]: "0+5x10", [ended("confirmed")]: "0+9x10" }, 10, "orders-stuck-awaiting-confirmation", false),
  own({ [ended("expired")]: "0+5x10" }, 10, "orders-stuck-awaiting-confirmation", true),
  own(
    { 'campus_outbox_late_seconds{instance="a"}': "0 0 90 90 90 90", 'campus_outbox_late_seconds{instance="b"}': "0 0 90 90 90 90" },
    5,
    "outbox-lag",
    true,
  ),
];
