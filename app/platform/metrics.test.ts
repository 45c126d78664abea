import { expect, test } from "vitest";
import { cloudWatchNamespace, declaredMetrics } from "./metric-table.ts";
import { createMetrics, embeddedMetric } from "./metrics.ts";

test("a metric is on /metrics and in the CloudWatch lines from one call", async () => {
  const metrics = createMetrics();
  metrics.count("push_total", { outcome: "sent" });
  metrics.count("push_total", { outcome: "sent" });
  expect(await metrics.text()).toContain('campus_push_total{outcome="sent"} 2');
  expect(metrics.embeddedLines(1_700_000_000_000)).toEqual([
    {
      _aws: {
        Timestamp: 1_700_000_000_000,
        CloudWatchMetrics: [{ Namespace: "CampusPay", Dimensions: [["outcome"]], Metrics: [{ Name: "Pushes", Unit: "Count" }] }],
      },
      outcome: "sent",
      Pushes: 2,
    },
  ]);
});

test("a CloudWatch line tells what moved since the last one, and nothing that stood still", () => {
  const metrics = createMetrics();
  metrics.count("webhooks_total", { outcome: "delivered" }, 3);
  expect(metrics.embeddedLines(0)).toHaveLength(1);
  expect(metrics.embeddedLines(0)).toEqual([]);
  metrics.count("webhooks_total", { outcome: "delivered" });
  expect(metrics.embeddedLines(0)).toMatchObject([{ Webhooks: 1 }]);
});

test("a line carries at most the hundred values that CloudWatch takes, a fair sample of all", () => {
  const metrics = createMetrics();
  for (let ms = 1; ms <= 10_000; ms += 1) metrics.observe("confirm_to_final_ms", {}, ms);
  const [line] = metrics.embeddedLines(0);
  const values = line?.ConfirmToFinal as number[];
  expect(values).toHaveLength(100);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  // The mean of 100 of 1…10,000 has a standard error of 289: seven of them.
  expect(Math.abs(mean - 5_000)).toBeLessThan(2_100);
});

test("what CloudWatch does not take stays on /metrics alone", async () => {
  const metrics = createMetrics();
  metrics.set("process_memory_bytes", {}, 42);
  expect(await metrics.text()).toContain("campus_process_memory_bytes 42");
  expect(metrics.embeddedLines(0)).toEqual([]);
});

test("a gauge that nobody has set has no value, not even 0", async () => {
  const metrics = createMetrics();
  expect(await metrics.text()).not.toMatch(/^campus_redis_up /m);
  metrics.set("redis_up", {}, 0);
  expect(await metrics.text()).toMatch(/^campus_redis_up 0$/m);
});

test("what is not a finite number stays on /metrics alone", async () => {
  const metrics = createMetrics();
  metrics.set("replica_lag_seconds", {}, Number.POSITIVE_INFINITY);
  expect(await metrics.text()).toContain("campus_replica_lag_seconds +Inf");
  expect(metrics.embeddedLines(0)).toEqual([]);
  metrics.set("replica_lag_seconds", {}, 0.5);
  expect(metrics.embeddedLines(0)).toMatchObject([{ ReplicaLag: 0.5 }]);
});

test("a label that the table does not declare is refused", () => {
  const metrics = createMetrics() as unknown as { count(name: string, labels: Record<string, string>): void };
  expect(() => metrics.count("error_codes_total", { code: "NOT_FOUND", student_id: "1" })).toThrow(/student_id/);
});

test("no metric is labelled with an id, and every CloudWatch name is used once", () => {
  const metrics = Object.values(declaredMetrics) as { labels: readonly string[]; help: string; cloudWatch?: { name: string } }[];
  for (const { labels, help } of metrics) {
    expect(labels.filter((label) => /(^|_)(id|uid|phone|token)$/.test(label))).toEqual([]);
    expect(labels.length).toBeLessThanOrEqual(3);
    expect(help).not.toBe("");
  }
  const names = metrics.flatMap(({ cloudWatch }) => cloudWatch?.name ?? []);
  expect(new Set(names).size).toBe(names.length);
});

test("a property of a line is searchable and no dimension", () => {
  const line = embeddedMetric(0, { cafe: "AULA" }, { TransactionAmount: { unit: "None", value: 5_900 } }, { transaction_id: "t-1" });
  expect(line).toMatchObject({ transaction_id: "t-1", cafe: "AULA", TransactionAmount: 5_900 });
  expect(line._aws).toMatchObject({ CloudWatchMetrics: [{ Namespace: cloudWatchNamespace, Dimensions: [["cafe"]] }] });
});
