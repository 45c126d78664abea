import type { Construct } from "constructs";
import { oneMetric } from "../dashboards/alarm.ts";
import { appAlarms } from "../dashboards/app-alarms.ts";
import { boardsNamed } from "../dashboards/boards.ts";
import { burnAlarms } from "../dashboards/burn-alarms.ts";
import { dashboardBody, type Things } from "../dashboards/cloudwatch-dashboard.ts";
import { objectiveNames } from "../dashboards/slo.ts";
import { capabilities, type Environment, type RegionPlan, regionPlans } from "../regions/index.ts";
import type { ApiStack } from "./api.ts";
import { machineLogs } from "./api.ts";
import {
  Cloudtrail,
  CloudwatchDashboard,
  CloudwatchLogMetricFilter,
  CloudwatchQueryDefinition,
  ConfigConfigurationRecorder,
  ConfigConfigurationRecorderStatus,
  ConfigDeliveryChannel,
  IamRolePolicyAttachment,
} from "./aws.ts";
import { Alarm } from "./constructs/alarm.ts";
import { copyRule } from "./constructs/bucket-copy.ts";
import { BurnRateAlarms } from "./constructs/burn-rate-alarms.ts";
import { CampusStack } from "./constructs/campus-stack.ts";
import { Canary } from "./constructs/canary.ts";
import { LogGroup } from "./constructs/log-group.ts";
import { News } from "./constructs/news.ts";
import { subscribeOnCall } from "./constructs/on-call.ts";
import { Role } from "./constructs/role.ts";
import type { DataStack } from "./data.ts";
import type { MessagingStack } from "./messaging.ts";
import { bucketName, logGroupName } from "./names.ts";
import type { RegionKeys } from "./security.ts";
import { copied, copiedBack, type StorageStack } from "./storage.ts";

export type ObservabilityStackProps = {
  readonly environment: Environment;
  readonly plan: RegionPlan;
  readonly keys: RegionKeys;
  readonly storage: StorageStack;
  readonly data: DataStack;
  readonly messaging: MessagingStack;
  readonly api: ApiStack;
};

/** The levels stand in our log lines as words. */
const errorLines = '{ $.level = "error" || $.level = "fatal" }';

const copyLateSeconds = 900;

const periodOf = { 5: 300, 15: 900, 60: 3600 } as const;

/** Who is told of what: logs, the trail of what was done to the account, alarms with their runbooks, the person on call. */
export class ObservabilityStack extends CampusStack {
  private readonly props: ObservabilityStackProps;

  constructor(scope: Construct, props: ObservabilityStackProps) {
    super(scope, { ...props, part: "observability" });
    this.props = props;
    const logs = this.createMachineLogs();
    this.countErrors(logs.api);
    this.saveQueries(logs.api);
    subscribeOnCall(this, props.messaging.alarms);
    this.createTrail();
    if (props.plan.security.configRecorder) this.recordConfiguration();
    this.watchPromises();
    this.watchCopies();
    this.hearOfAws();
    const canary = this.watchFromOutside();
    this.drawDashboards(logs, canary);
  }

  private get isHome(): boolean {
    return this.place === this.environment.home;
  }

  private createMachineLogs(): Record<(typeof machineLogs)[number], LogGroup> {
    const { plan, keys } = this.props;
    const made = machineLogs.map((log) => [
      log,
      new LogGroup(this, `${log}-log`, {
        name: logGroupName(this.environment.name, log),
        retentionDays: plan.logs.retentionDays,
        key: keys.logs,
      }),
    ]);
    return Object.fromEntries(made) as Record<(typeof machineLogs)[number], LogGroup>;
  }

  private countErrors(log: LogGroup): void {
    new CloudwatchLogMetricFilter(this, "errors", {
      name: "error-lines",
      logGroupName: log.name,
      pattern: errorLines,
      metricTransformation: { namespace: "CampusPay", name: "ErrorLines", value: "1", defaultValue: "0", unit: "Count" },
    });
  }

  /** The transaction's id is a property of the log line and never a dimension of a metric, which would cost one metric each. */
  private saveQueries(log: LogGroup): void {
    new CloudwatchQueryDefinition(this, "one-transaction", {
      name: `campus-pay/${this.environment.name}/one transaction`,
      logGroupNames: [log.name],
      queryString: 'fields @timestamp, msg, request_id, state\n| filter transaction_id = "PUT THE ID HERE"\n| sort @timestamp asc',
    });
    new CloudwatchQueryDefinition(this, "one-request", {
      name: `campus-pay/${this.environment.name}/one request`,
      logGroupNames: [log.name],
      queryString: 'fields @timestamp, level, msg, route, status\n| filter request_id = "PUT THE ID HERE"\n| sort @timestamp asc',
    });
  }

  /** One trail sees every region and the global services; the standby keeps its own, so that it can be read when the primary is lost. */
  private createTrail(): void {
    const { storage, keys } = this.props;
    new Cloudtrail(this, "trail", {
      name: this.name("other", "trail"),
      s3BucketName: storage.logs.name,
      s3KeyPrefix: "trail",
      kmsKeyId: keys.logs.arn,
      isMultiRegionTrail: this.isHome,
      includeGlobalServiceEvents: this.isHome,
      enableLogFileValidation: true,
    });
  }

  private recordConfiguration(): void {
    const { storage } = this.props;
    const role = new Role(this, "config-role", {
      part: "config",
      purpose: "AWS Config reads how things are set up",
      trust: { service: "config.amazonaws.com" },
    });
    storage.logs.grantReadWrite(role, "config/");
    new IamRolePolicyAttachment(this, "config-reads", {
      role: role.name,
      policyArn: "arn:aws:iam::aws:policy/service-role/AWS_ConfigRole",
    });
    const recorder = new ConfigConfigurationRecorder(this, "recorder", {
      name: this.name("other", "recorder"),
      roleArn: role.arn,
      recordingGroup: { allSupported: true, includeGlobalResourceTypes: this.isHome },
    });
    const channel = new ConfigDeliveryChannel(this, "channel", {
      name: this.name("other", "channel"),
      s3BucketName: storage.logs.name,
      s3KeyPrefix: "config",
      dependsOn: [recorder],
    });
    new ConfigConfigurationRecorderStatus(this, "recording", { name: recorder.name, isEnabled: true, dependsOn: [channel] });
  }

  private watchPromises(): void {
    const tell = this.props.messaging.alarms;
    for (const objective of objectiveNames) new BurnRateAlarms(this, `${objective}-promise`, { objective, tell });
    for (const { name, ...alarm } of appAlarms) new Alarm(this, name, { ...alarm, tell });
  }

  /** S3 tells of a copy's lag where it arrives. Objects come seldom: between them it says nothing. */
  private watchCopies(): void {
    const { environment, plan, messaging } = this.props;
    const [home] = regionPlans(environment);
    const others = regionPlans(environment).find((other) => other !== plan) ?? home;
    const name = (of: RegionPlan, part: string) =>
      bucketName({ environment: environment.name, place: capabilities[of.region].place, part }, environment.accountId);
    for (const part of plan === home ? copiedBack : copied) {
      new Alarm(this, `s3-replication-lag-${part}`, {
        severity: "ticket",
        runbook: "rds-failover-and-storage.md#copies-of-buckets",
        says: `Copies of ${part} arrive more than ${copyLateSeconds / 60} minutes late in this region.`,
        watched: oneMetric({
          namespace: "AWS/S3",
          name: "ReplicationLatency",
          dimensions: { SourceBucket: name(others, part), DestinationBucket: name(plan, part), RuleId: copyRule },
          statistic: "Maximum",
          periodSeconds: 300,
        }),
        when: "above",
        threshold: copyLateSeconds,
        periods: 3,
        silence: "notBreaching",
        tell: messaging.alarms,
      });
    }
  }

  /** What AWS tells of this account. */
  private hearOfAws(): void {
    const tell = this.props.messaging.alarms;
    new News(this, "aws-health", {
      severity: "ticket",
      runbook: "bad-deploy-and-unhealthy-hosts.md",
      says: "AWS tells of an event in this region.",
      source: "aws.health",
      kinds: ["AWS Health Event"],
      tell,
    });
    if (!this.props.plan.security.guardDuty) return;
    for (const [severity, numeric] of [
      ["page", [{ numeric: [">=", 7] }]],
      ["ticket", [{ numeric: [">=", 4, "<", 7] }]],
    ] as const) {
      new News(this, `guardduty-finding-${severity}`, {
        severity,
        runbook: "security-review.md",
        says: "GuardDuty saw something that looks like an intruder.",
        source: "aws.guardduty",
        kinds: ["GuardDuty Finding"],
        detail: { severity: numeric },
        tell,
      });
    }
  }

  /** From both regions through the one public name: what a visitor sees, name, edge and switch included. */
  private watchFromOutside(): Canary {
    const { storage, keys, messaging, plan } = this.props;
    const canary = new Canary(this, "visitor", {
      plan: plan.canary,
      address: `https://${this.environment.domain}`,
      artifacts: storage.logs,
      logs: { retentionDays: plan.logs.retentionDays, key: keys.logs },
    });
    new Alarm(this, "visitor-not-served", {
      severity: "page",
      runbook: "bad-deploy-and-unhealthy-hosts.md",
      says: `Asked from ${this.region}, ${this.environment.domain} does not answer as it should.`,
      watched: oneMetric({
        namespace: "CloudWatchSynthetics",
        name: "SuccessPercent",
        dimensions: { CanaryName: canary.name },
        statistic: "Average",
        periodSeconds: periodOf[plan.canary.everyMinutes],
      }),
      when: "below",
      threshold: 100,
      periods: 2,
      silence: "breaching",
      tell: messaging.alarms,
    });
    return canary;
  }

  /** The first three of an account are free: an environment says how many it wants in a region (plan.watching in regions/). */
  private drawDashboards(logs: ReturnType<ObservabilityStack["createMachineLogs"]>, canary: Canary): void {
    const things = this.thingsOf(logs, canary);
    const names = [...appAlarms, ...burnAlarms].filter(({ severity }) => severity === "page").map(({ name }) => name);
    const alarms = names.map((name) => this.arn("cloudwatch", `alarm:${this.name("other", name)}`));
    for (const board of boardsNamed(this.props.plan.watching.dashboards)) {
      const place = { region: this.region, things, alarms: board.name === "campus-now" ? alarms : [] };
      new CloudwatchDashboard(this, `dashboard-${board.name}`, {
        dashboardName: this.name("other", board.name),
        dashboardBody: JSON.stringify(dashboardBody(board, place)),
      });
    }
  }

  /** What stands behind the placeholders of dashboards/boards.ts in this region. */
  private thingsOf(logs: ReturnType<ObservabilityStack["createMachineLogs"]>, canary: Canary): Things {
    const { api, data, messaging, storage, plan, environment } = this.props;
    const running = api.fleets.filter(({ isRunning }) => isRunning);
    const queues = [messaging.webhooks, ...(messaging.receiptMails ? [messaging.receiptMails.queue] : [])].map(({ part }) => part);
    const other = regionPlans(environment).find((one) => one !== plan) as RegionPlan;
    const receipts = (of: RegionPlan) =>
      bucketName({ environment: environment.name, place: capabilities[of.region].place, part: "receipts" }, environment.accountId);
    return {
      region: [this.region],
      database: [data.database.identifier],
      "redis-node": data.cache.nodes,
      "load-balancer": [api.loadBalancer.balancer.arnSuffix],
      targets: running.map(({ targets }) => targets.arnSuffix),
      fleet: running.map(({ plan: { colour } }) => this.name("other", colour)),
      canary: [canary.name],
      "web-acl": ["api"],
      certificate: [api.loadBalancer.certificate.arn],
      queue: queues.map((part) => this.name("queue", part)),
      "dead-letters": queues.map((part) => this.name("queue", `${part}-dead-letters`)),
      "alarm-topic": ["page", "ticket"].map((severity) => this.name("topic", `alarms-${severity}`)),
      vault: [storage.vault.name],
      "copied-from": [receipts(other)],
      "copied-to": [receipts(plan)],
      rotation: data.rotation ? [data.rotation.functionName] : [],
      log: Object.values(logs).map(({ name }) => name),
    };
  }
}
