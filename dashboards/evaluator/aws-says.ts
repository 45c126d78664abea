import type { AnyAlarm } from "./alarms.ts";
import type { MetricRef, Metrics } from "./metrics.ts";

const gib = 1_073_741_824;
const dayMinutes = 1_440;

/** What AWS says in each minute of a region in which all is well, and what the night's job says there; some of it once a day. */
const normal: Readonly<Record<string, number>> = {
  "AWS/ApplicationELB HealthyHostCount": 4,
  "AWS/AutoScaling GroupInServiceInstances": 4,
  "AWS/AutoScaling GroupMaxSize": 12,
  "AWS/Backup NumberOfBackupJobsCompleted": 1,
  "AWS/CertificateManager DaysToExpiry": 200,
  "AWS/ElastiCache Evictions": 0,
  "AWS/ElastiCache IsMaster": 1,
  "AWS/Lambda Errors": 0,
  "AWS/RDS DatabaseConnections": 120,
  "AWS/RDS FreeStorageSpace": 60 * gib,
  "AWS/RDS OldestReplicationSlotLag": 1_000_000,
  "AWS/RDS ReplicaLag": 2,
  "AWS/S3 ReplicationLatency": 20,
  "AWS/SQS ApproximateAgeOfOldestMessage": 3,
  "AWS/SQS ApproximateNumberOfMessagesVisible": 0,
  "AWS/WAFV2 BlockedRequests": 40,
  "CampusPay AnalyticsPublished": 12,
  "CloudWatchSynthetics SuccessPercent": 100,
};
const onceADay: ReadonlySet<string> = new Set([
  "AWS/Backup NumberOfBackupJobsCompleted",
  "AWS/CertificateManager DaysToExpiry",
  "CampusPay AnalyticsPublished",
]);

/** What was said last night, for who begins to listen in the middle of a day. */
export const lastNight: Planted = Object.fromEntries([...onceADay].map((name) => [name, normal[name]]));

/** A value in place of the normal one, or undefined: AWS says nothing. */
export type Planted = Readonly<Record<string, number | undefined>>;

/** The stand-in for AWS's own metrics: each that an alarm looks at, minute by minute. */
export function openAws(alarms: readonly AnyAlarm[], metrics: Metrics) {
  const watched = new Map<string, MetricRef>();
  for (const alarm of alarms)
    if (alarm.kind === "metric")
      for (const { metric } of alarm.queries)
        if (metric && (metric.namespace !== "CampusPay" || nameOf(metric) in normal))
          watched.set(JSON.stringify([metric.namespace, metric.name, metric.dimensions]), metric);
  const unknown = [...watched.values()].map(nameOf).filter((name) => normal[name] === undefined);
  if (unknown.length > 0) throw new Error(`say in dashboards/evaluator/aws-says.ts what is normal for ${unknown.join(", ")}.`);
  return {
    say(minute: number, planted: Planted = {}): void {
      for (const metric of watched.values()) {
        const name = nameOf(metric);
        const value = name in planted ? planted[name] : normal[name];
        if (value === undefined || (onceADay.has(name) && !(name in planted) && minute % dayMinutes !== 0)) continue;
        const { namespace, dimensions } = metric;
        metrics.put({ namespace, name: metric.name, dimensions, atMs: minute * 60_000 + 30_000, values: [value] });
      }
    },
  };
}

const nameOf = ({ namespace, name }: MetricRef): string => `${namespace} ${name}`;
