import { cloudWatchNamespace, declaredMetrics } from "../app/platform/metric-table.ts";
import type { MetricOf } from "./alarm.ts";

type Dimensions = readonly (readonly string[])[];

/** What our own log lines carry as metrics, and by which dimensions. The app's come from the table that it writes them by. */
const ofOurs: ReadonlyMap<string, Dimensions> = new Map<string, Dimensions>([
  ...Object.values(declaredMetrics).flatMap((metric): [string, Dimensions][] =>
    "cloudWatch" in metric ? [[metric.cloudWatch.name, [metric.labels]]] : [],
  ),
  ["TransactionAmount", [["Cafe"]]],
  ["TransactionCount", [["Cafe"]]],
  // A filter on the log of the machines.
  ["ErrorLines", [[]]],
  // Written by the night's job (app/analytics).
  ["AnalyticsPublished", [["environment"]]],
  ["AnalyticsChecksFailed", [["environment"]]],
]);

const aWebAcl = [
  ["WebACL", "Rule", "Region"],
  ["WebACL", "Rule"],
] as const;
const aBalancer = [["LoadBalancer"], ["LoadBalancer", "TargetGroup"]] as const;

/** What AWS tells of things that we have, under AWS's own names, as far as an alarm or a dashboard uses it. */
const ofAws: Readonly<Record<string, Readonly<Record<string, Dimensions>>>> = {
  "AWS/ApplicationELB": {
    HealthyHostCount: [["LoadBalancer", "TargetGroup"]],
    UnHealthyHostCount: [["LoadBalancer", "TargetGroup"]],
    RequestCount: aBalancer,
    TargetResponseTime: aBalancer,
    HTTPCode_Target_5XX_Count: aBalancer,
    HTTPCode_ELB_5XX_Count: [["LoadBalancer"]],
  },
  "AWS/AutoScaling": {
    GroupInServiceInstances: [["AutoScalingGroupName"]],
    GroupDesiredCapacity: [["AutoScalingGroupName"]],
    GroupMaxSize: [["AutoScalingGroupName"]],
  },
  "AWS/Backup": { NumberOfBackupJobsCompleted: [["BackupVaultName"]], NumberOfBackupJobsFailed: [["BackupVaultName"]] },
  "AWS/CertificateManager": { DaysToExpiry: [["CertificateArn"]] },
  "AWS/EC2": { CPUUtilization: [["AutoScalingGroupName"]] },
  "AWS/ElastiCache": Object.fromEntries(
    ["Evictions", "IsMaster", "CurrConnections", "EngineCPUUtilization", "DatabaseMemoryUsagePercentage", "ReplicationLag"].map((name) => [
      name,
      [["CacheClusterId"]],
    ]),
  ),
  "AWS/Lambda": { Errors: [["FunctionName"]] },
  "AWS/Logs": { IncomingBytes: [["LogGroupName"]] },
  "AWS/RDS": Object.fromEntries(
    [
      "CPUUtilization",
      "DatabaseConnections",
      "FreeStorageSpace",
      "FreeableMemory",
      "ReadLatency",
      "WriteLatency",
      "ReplicaLag",
      "OldestReplicationSlotLag",
    ].map((name) => [name, [["DBInstanceIdentifier"]]]),
  ),
  "AWS/S3": { ReplicationLatency: [["SourceBucket", "DestinationBucket", "RuleId"]] },
  "AWS/SNS": { NumberOfNotificationsFailed: [["TopicName"]] },
  "AWS/SQS": {
    ApproximateAgeOfOldestMessage: [["QueueName"]],
    ApproximateNumberOfMessagesVisible: [["QueueName"]],
  },
  "AWS/WAFV2": { BlockedRequests: aWebAcl, AllowedRequests: aWebAcl },
  CloudWatchSynthetics: { SuccessPercent: [["CanaryName"]] },
};

/** Why nobody emits this metric, or undefined where somebody does. */
export function whyNotEmitted({ namespace, name, dimensions }: Pick<MetricOf, "namespace" | "name" | "dimensions">): string | undefined {
  const metric = `${namespace} ${name}`;
  const known = namespace === cloudWatchNamespace ? ofOurs.get(name) : ofAws[namespace]?.[name];
  if (!known)
    return `nobody emits the metric ${metric}: add it to app/platform/metric-table.ts or dashboards/emitted.ts, or mend its name.`;
  const asked = Object.keys(dimensions).toSorted().join();
  if (known.some((one) => one.toSorted().join() === asked)) return undefined;
  return `the metric ${metric} is emitted by ${known.map((one) => `{${one.join(", ")}}`).join(" or ")}, and asked for by {${asked}}: CloudWatch sums over no dimension.`;
}

/** Each metric of ours, for the test that each is drawn or said to be for queries alone. */
export const ownMetricNames: readonly string[] = [...ofOurs.keys()];
export const awsMetricNames: readonly string[] = Object.entries(ofAws).flatMap(([namespace, names]) =>
  Object.keys(names).map((name) => `${namespace} ${name}`),
);
