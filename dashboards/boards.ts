import type { MetricName } from "../app/platform/metric-table.ts";
import type { MetricOf } from "./alarm.ts";
import { type ObjectiveName, objectiveNames, objectives } from "./slo.ts";

type Statistic = MetricOf["statistic"] | "p50" | "p95";

/** One of the app's own metrics: drawn in CloudWatch, in Grafana and on /ops. Labels that `where` leaves open are drawn one line each. */
export interface AppSeries {
  readonly app: MetricName;
  readonly statistic: Statistic;
  readonly where?: Readonly<Record<string, string>>;
}

/** A thing's metric under AWS's name; a dimension "{database}" is put in by the stack, and once for each where there are several. */
export interface AwsSeries {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: Statistic;
  /** What the log of the app carries beside its own metrics: all values of the dimension are drawn. */
  readonly eachOf?: string;
}

/** The share of good events, in percent. */
export interface PromiseSeries {
  readonly promise: ObjectiveName;
}

export type Series = AppSeries | AwsSeries | PromiseSeries;

export interface Panel {
  readonly title: string;
  readonly unit: "count" | "ms" | "s" | "percent" | "bytes" | "days" | "none";
  readonly series: readonly Series[];
  /** The value from which an alarm rings or a promise is broken. */
  readonly line?: { readonly label: string; readonly value: number };
}

export interface Board {
  readonly name: string;
  readonly title: string;
  /** The question that its first row answers. */
  readonly question: string;
  readonly panels: readonly Panel[];
}

const app = (name: MetricName, statistic: Statistic = "Sum", where?: Readonly<Record<string, string>>): AppSeries => ({
  app: name,
  statistic,
  ...(where ? { where } : {}),
});
const aws = (namespace: string, name: string, statistic: Statistic, dimensions: Readonly<Record<string, string>>): AwsSeries => ({
  namespace,
  name,
  statistic,
  dimensions,
});
const one = (title: string, unit: Panel["unit"], series: Series | readonly Series[], line?: Panel["line"]): Panel => ({
  title,
  unit,
  series: Array.isArray(series) ? series : [series as Series],
  ...(line ? { line } : {}),
});
const promise = (name: ObjectiveName): Panel => ({
  title: objectives[name].promise,
  unit: "percent",
  series: [{ promise: name }],
  line: { label: "promised", value: Number((objectives[name].target * 100).toFixed(2)) },
});

const rds = (name: string, statistic: Statistic) => aws("AWS/RDS", name, statistic, { DBInstanceIdentifier: "{database}" });
const redis = (name: string, statistic: Statistic) => aws("AWS/ElastiCache", name, statistic, { CacheClusterId: "{redis-node}" });
const balancer = (name: string, statistic: Statistic) => aws("AWS/ApplicationELB", name, statistic, { LoadBalancer: "{load-balancer}" });
const fleet = (name: string) => aws("AWS/AutoScaling", name, "Average", { AutoScalingGroupName: "{fleet}" });
const ofLog = (name: string, eachOf: string): AwsSeries => ({ ...aws("CampusPay", name, "Sum", {}), eachOf });

const seconds3 = objectives.prompt.withinMs;

/** Ten pages for people who watch; each begins with whether users are all right, seen from its side. */
export const boards: readonly Board[] = [
  {
    name: "campus-now",
    title: "Campus now",
    question: "Are users all right?",
    panels: [
      ...objectiveNames.map(promise),
      one("Payments confirmed and requests that expired", "count", app("charges_ended_total")),
      one("A visitor is served", "percent", aws("CloudWatchSynthetics", "SuccessPercent", "Average", { CanaryName: "{canary}" })),
      one("Cafés that are silent", "count", app("tills_silent", "Maximum"), { label: "pos-silent", value: 0 }),
      one("Error lines", "count", aws("CampusPay", "ErrorLines", "Sum", {}), { label: "error-lines", value: 50 }),
    ],
  },
  {
    name: "money",
    title: "Money",
    question: "Is every amount where it belongs?",
    panels: [
      promise("confirm"),
      promise("topUp"),
      one("Invariants that are broken", "count", app("ledger_drift", "Maximum"), { label: "wallet-ledger-mismatch", value: 0 }),
      one("Orders debited more than once", "count", app("double_debits", "Maximum"), { label: "duplicate-debit-came-through", value: 0 }),
      one("Minor units of the last day that nobody explains", "none", app("reconciliation_unexplained", "Maximum"), {
        label: "reconciliation-unexplained",
        value: 0,
      }),
      one("Transactions by café", "count", ofLog("TransactionCount", "Cafe")),
      one("Amount by café, minor units", "none", ofLog("TransactionAmount", "Cafe")),
      one("Confirms of a charge that was paid before", "count", app("debits_repeated_total"), {
        label: "duplicate-debit-blocked",
        value: 50,
      }),
      one("Debits whose answer was lost and that were asked again", "count", app("outcomes_unknown_total")),
      one("The gateway's webhooks by signature", "count", app("gateway_webhooks_total"), {
        label: "webhook-signature-failures",
        value: 10,
      }),
      one("Refunds made at the gateway itself", "count", app("outside_refunds_total")),
      one("Tries to settle a day that failed", "count", app("settlements_failed_total")),
    ],
  },
  {
    name: "scan-to-paid",
    title: "Scan to paid, by stage",
    question: "Does a payment at the counter take seconds?",
    panels: [
      promise("scan"),
      promise("prompt"),
      one("From the scan to the phone, by channel (p95)", "ms", app("scan_to_prompt_ms", "p95"), { label: "promised", value: seconds3 }),
      one("From the phone to the yes, by channel (p50)", "ms", app("prompt_to_confirm_ms", "p50")),
      one("From the yes to the outcome (p95)", "ms", app("confirm_to_final_ms", "p95"), { label: "p95", value: objectives.confirm.p95Ms }),
      one("How scanned charges ended", "count", app("charges_ended_total")),
      one("Cards that were refused", "count", app("card_refusals_total"), { label: "card-refusals-surge", value: 30 }),
      one("Cafés that refuse cards", "count", app("cafes_refusing_cards", "Maximum"), { label: "cards-refused-everywhere", value: 1 }),
    ],
  },
  {
    name: "api",
    title: "The API",
    question: "Are requests answered in time?",
    panels: [
      promise("read"),
      promise("other"),
      one("Answers by route and status", "count", app("http_requests_total")),
      one("Time to answer by route (p95)", "ms", app("http_request_ms", "p95")),
      one("Refusals by code", "count", app("error_codes_total")),
      one("How late timers fire (p95)", "ms", app("event_loop_lag_ms", "p95")),
      one("Memory of a process", "bytes", app("process_memory_bytes", "Maximum")),
      one("Log-ins by outcome", "count", app("logins_total")),
      one("Log-ins that their owner disowned", "count", app("logins_disowned_total")),
      one("One-time passwords by outcome", "count", app("otp_requests_total")),
      one("Registrations of cafés by outcome", "count", app("cafe_registrations_total")),
      one("Refresh tokens used twice", "count", app("refresh_reuse_total")),
    ],
  },
  {
    name: "postgresql",
    title: "PostgreSQL",
    question: "Can a wallet be debited?",
    panels: [
      promise("confirm"),
      one("Connections of a process's pool", "count", app("database_connections", "Maximum")),
      one("Connections of the database", "count", rds("DatabaseConnections", "Maximum")),
      one("Processor", "percent", rds("CPUUtilization", "Average")),
      one("Free storage", "bytes", rds("FreeStorageSpace", "Minimum")),
      one("Free memory", "bytes", rds("FreeableMemory", "Minimum")),
      one("Time of a write and of a read", "s", [rds("WriteLatency", "Average"), rds("ReadLatency", "Average")]),
    ],
  },
  {
    name: "redis",
    title: "Redis",
    question: "Do live updates come at once?",
    panels: [
      promise("board"),
      one("Redis answers", "none", app("redis_up", "Minimum"), { label: "redis-down", value: 1 }),
      one("Keys thrown out", "count", redis("Evictions", "Sum"), { label: "redis-evictions", value: 0 }),
      one("Which node is the primary", "none", redis("IsMaster", "Maximum")),
      one("Memory used", "percent", redis("DatabaseMemoryUsagePercentage", "Maximum")),
      one("Processor", "percent", redis("EngineCPUUtilization", "Maximum")),
      one("Connections", "count", redis("CurrConnections", "Maximum")),
      one("How far the second node is behind", "s", redis("ReplicationLag", "Maximum")),
    ],
  },
  {
    name: "edge-and-web",
    title: "Edge and web",
    question: "Do people get in?",
    panels: [
      one("A visitor is served", "percent", aws("CloudWatchSynthetics", "SuccessPercent", "Average", { CanaryName: "{canary}" })),
      one("Requests at the load balancer", "count", balancer("RequestCount", "Sum")),
      one("Time to answer, seen from there (p95)", "s", balancer("TargetResponseTime", "p95")),
      one("Faults of machines, and of the balancer that finds none", "count", [
        balancer("HTTPCode_Target_5XX_Count", "Sum"),
        balancer("HTTPCode_ELB_5XX_Count", "Sum"),
      ]),
      one("Blocked and let in by the web ACL", "count", [
        aws("AWS/WAFV2", "BlockedRequests", "Sum", { WebACL: "{web-acl}", Rule: "ALL", Region: "{region}" }),
        aws("AWS/WAFV2", "AllowedRequests", "Sum", { WebACL: "{web-acl}", Rule: "ALL", Region: "{region}" }),
      ]),
      one(
        "Days until the certificate ends",
        "days",
        aws("AWS/CertificateManager", "DaysToExpiry", "Minimum", { CertificateArn: "{certificate}" }),
        {
          label: "certificate-expiry",
          value: 30,
        },
      ),
      one("Open streams and sockets", "count", app("live_connections", "Sum")),
    ],
  },
  {
    name: "queues-and-notifications",
    title: "Queues and notifications",
    question: "Does everybody hear of a payment?",
    panels: [
      promise("prompt"),
      promise("board"),
      one("How long the outbox is overdue", "s", app("outbox_late_seconds", "Maximum"), { label: "outbox-lag", value: 60 }),
      one("Outbox rows that wait, and that were given up", "count", [app("outbox_waiting", "Maximum"), app("outbox_dead", "Maximum")]),
      one("Timed jobs that fail", "count", app("jobs_failing", "Maximum"), { label: "jobs-failing", value: 0 }),
      one("From a row's commit to its delivery, by topic (p95)", "ms", app("outbox_lag_ms", "p95")),
      one("Rows done, by topic and outcome", "count", app("outbox_delivered_total")),
      one("Pushes by outcome", "count", app("push_total")),
      one("Posts to cafés' own tills by outcome", "count", app("webhooks_total")),
      one("From an event to its dispatch (p95)", "ms", app("live_events_lag_ms", "p95")),
      one("Age of the oldest message", "s", aws("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", { QueueName: "{queue}" }), {
        label: "queue-oldest-message",
        value: 300,
      }),
      one("Dead letters", "count", aws("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", { QueueName: "{dead-letters}" })),
      one(
        "Mails of alarms that did not get out",
        "count",
        aws("AWS/SNS", "NumberOfNotificationsFailed", "Sum", { TopicName: "{alarm-topic}" }),
      ),
      one("Timed jobs by outcome", "count", app("jobs_total")),
      one("Unpaid orders that could not be cancelled", "count", app("unpaid_cancels_failed_total")),
    ],
  },
  {
    name: "disaster-recovery",
    title: "Disaster recovery",
    question: "Would a lost region cost more than we promise?",
    panels: [
      one("How far the copy is behind, said by the copy", "s", rds("ReplicaLag", "Maximum"), { label: "rds-replica-lag", value: 300 }),
      one("… said by the writer", "s", app("replica_lag_seconds", "Maximum")),
      one("Log kept for the copy", "bytes", rds("OldestReplicationSlotLag", "Maximum")),
      one("Snapshots done and failed", "count", [
        aws("AWS/Backup", "NumberOfBackupJobsCompleted", "Sum", { BackupVaultName: "{vault}" }),
        aws("AWS/Backup", "NumberOfBackupJobsFailed", "Sum", { BackupVaultName: "{vault}" }),
      ]),
      one(
        "How late copies of receipts arrive",
        "s",
        aws("AWS/S3", "ReplicationLatency", "Maximum", {
          SourceBucket: "{copied-from}",
          DestinationBucket: "{copied-to}",
          RuleId: "everything",
        }),
      ),
      one("Rotations of the master password that failed", "count", aws("AWS/Lambda", "Errors", "Sum", { FunctionName: "{rotation}" })),
      one("Tables of analytics: published, and refused by their checks", "count", [
        ofLog("AnalyticsPublished", "environment"),
        ofLog("AnalyticsChecksFailed", "environment"),
      ]),
    ],
  },
  {
    name: "cost-and-capacity",
    title: "Cost and capacity",
    question: "Is there room for the next lunch?",
    panels: [
      one("Machines that serve, wanted, at most", "count", [
        fleet("GroupInServiceInstances"),
        fleet("GroupDesiredCapacity"),
        fleet("GroupMaxSize"),
      ]),
      one("Healthy and unhealthy hosts", "count", [
        aws("AWS/ApplicationELB", "HealthyHostCount", "Minimum", { LoadBalancer: "{load-balancer}", TargetGroup: "{targets}" }),
        aws("AWS/ApplicationELB", "UnHealthyHostCount", "Maximum", { LoadBalancer: "{load-balancer}", TargetGroup: "{targets}" }),
      ]),
      one("Processor of the machines", "percent", aws("AWS/EC2", "CPUUtilization", "Average", { AutoScalingGroupName: "{fleet}" })),
      one("Bytes into the log", "bytes", aws("AWS/Logs", "IncomingBytes", "Sum", { LogGroupName: "{log}" })),
      one("Requests", "count", balancer("RequestCount", "Sum")),
    ],
  },
];

/** The boards that an environment names. */
export const boardsNamed = (names: "all" | readonly string[]): readonly Board[] =>
  names === "all"
    ? boards
    : names.map((name) => {
        const board = boards.find((one) => one.name === name);
        if (board) return board;
        throw new Error(`the dashboard "${name}" is not one of ${boards.map((one) => one.name).join(", ")}; mend it in regions/.`);
      });
