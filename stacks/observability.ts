import type { Construct } from "constructs";
import { type ObjectiveName, objectiveNames } from "../dashboards/slo.ts";
import type { Environment, RegionPlan } from "../regions/index.ts";
import type { ApiStack } from "./api.ts";
import { machineLogs } from "./api.ts";
import {
  Cloudtrail,
  CloudwatchLogMetricFilter,
  CloudwatchQueryDefinition,
  ConfigConfigurationRecorder,
  ConfigConfigurationRecorderStatus,
  ConfigDeliveryChannel,
  IamRolePolicyAttachment,
  SnsTopicSubscription,
} from "./aws.ts";
import { Alarm } from "./constructs/alarm.ts";
import { BurnRateAlarms } from "./constructs/burn-rate-alarms.ts";
import { CampusStack } from "./constructs/campus-stack.ts";
import { Canary } from "./constructs/canary.ts";
import { LogGroup } from "./constructs/log-group.ts";
import { Role } from "./constructs/role.ts";
import type { DataStack } from "./data.ts";
import type { MessagingStack } from "./messaging.ts";
import { logGroupName } from "./names.ts";
import type { RegionKeys } from "./security.ts";
import type { StorageStack } from "./storage.ts";

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

const promiseRunbooks: Readonly<Record<ObjectiveName, string>> = {
  scan: "scan-availability.md",
  confirm: "confirm-availability.md",
  prompt: "push-handoff-failing.md",
  topUp: "topup-credit-burn.md",
  board: "queues-and-dead-letters.md",
  read: "bad-deploy-and-unhealthy-hosts.md",
  other: "bad-deploy-and-unhealthy-hosts.md",
};

const bytesPerGib = 1_073_741_824;
const replicaBehindSeconds = 60;

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
    this.subscribeOnCall();
    this.createTrail();
    if (props.plan.security.configRecorder) this.recordConfiguration();
    this.watchPromises();
    this.watchTargets();
    this.watchDatabase();
    this.watchRotation();
    this.watchFromOutside();
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

  private subscribeOnCall(): void {
    this.environment.onCallEmails.forEach((endpoint, index) => {
      for (const [severity, topic] of Object.entries(this.props.messaging.alarms)) {
        new SnsTopicSubscription(this, `on-call-${severity}-${index + 1}`, { topicArn: topic.arn, protocol: "email", endpoint });
      }
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
    for (const objective of objectiveNames) {
      new BurnRateAlarms(this, `${objective}-promise`, {
        objective,
        runbook: promiseRunbooks[objective],
        tell: this.props.messaging.alarms,
      });
    }
  }

  private watchTargets(): void {
    const { api, messaging } = this.props;
    for (const fleet of api.fleets.filter(({ isRunning }) => isRunning)) {
      new Alarm(this, `alb-unhealthy-hosts-${fleet.plan.colour}`, {
        severity: "page",
        runbook: "bad-deploy-and-unhealthy-hosts.md",
        says: `Too few machines of the ${fleet.plan.colour} fleet answer.`,
        metric: {
          namespace: "AWS/ApplicationELB",
          name: "HealthyHostCount",
          dimensions: { LoadBalancer: api.loadBalancer.balancer.arnSuffix, TargetGroup: fleet.targets.arnSuffix },
          statistic: "Minimum",
          periodSeconds: 60,
        },
        when: "below",
        threshold: fleet.plan.minInstances,
        periods: 3,
        silence: "breaching",
        tell: messaging.alarms,
      });
    }
  }

  private watchDatabase(): void {
    const { data, messaging, plan } = this.props;
    const dimensions = { DBInstanceIdentifier: data.database.identifier };
    const common = { dimensions, namespace: "AWS/RDS", periodSeconds: 300 } as const;
    new Alarm(this, "rds-storage-low", {
      severity: "page",
      runbook: "rds-failover-and-storage.md#storage",
      says: `Less than ${plan.database.storageLowGib} GiB are free; PostgreSQL stops when none is.`,
      metric: { ...common, name: "FreeStorageSpace", statistic: "Minimum" },
      when: "below",
      threshold: plan.database.storageLowGib * bytesPerGib,
      periods: 2,
      silence: "missing",
      tell: messaging.alarms,
    });
    if (plan.role === "primary") this.watchLogOfReplicas();
    else this.watchReplica();
  }

  /** A copy that no longer reads lets the writer's log grow, up to max_slot_wal_keep_size: past it the copy must be made anew. */
  private watchLogOfReplicas(): void {
    const { data, messaging, plan } = this.props;
    const limitGib = plan.database.storageGib / 8; // half of what is kept
    new Alarm(this, "rds-slot-lag", {
      severity: "ticket",
      runbook: "rds-failover-and-storage.md#replica-lag",
      says: `The log that the copy in the other region has not read is above ${limitGib} GiB; at twice that much it is thrown away and the copy must be made anew.`,
      metric: {
        namespace: "AWS/RDS",
        name: "OldestReplicationSlotLag",
        dimensions: { DBInstanceIdentifier: data.database.identifier },
        statistic: "Maximum",
        periodSeconds: 300,
      },
      when: "above",
      threshold: limitGib * bytesPerGib,
      periods: 2,
      silence: "notBreaching",
      tell: messaging.alarms,
    });
  }

  /** Only the copy says how far behind it is. Silence is a ticket: after a promotion there is none, until the regions are swapped in regions/. */
  private watchReplica(): void {
    const { data, messaging, plan } = this.props;
    const common = { dimensions: { DBInstanceIdentifier: data.database.identifier }, namespace: "AWS/RDS", periodSeconds: 300 } as const;
    new Alarm(this, "rds-replica-behind", {
      severity: "ticket",
      runbook: "rds-failover-and-storage.md#replica-lag",
      says: `The copy in this region is more than ${replicaBehindSeconds} s behind for a quarter of an hour, or there is none that follows.`,
      metric: { ...common, name: "ReplicaLag", statistic: "Maximum" },
      when: "above",
      threshold: replicaBehindSeconds,
      periods: 3,
      silence: "breaching",
      tell: messaging.alarms,
    });
    new Alarm(this, "rds-replica-lag", {
      severity: "page",
      runbook: "rds-failover-and-storage.md#replica-lag",
      says: `The copy in this region is more than ${plan.database.replicaLagSeconds} s behind: that much would be lost with the other region.`,
      metric: { ...common, name: "ReplicaLag", statistic: "Maximum" },
      when: "above",
      threshold: plan.database.replicaLagSeconds,
      periods: 1,
      silence: "notBreaching",
      tell: messaging.alarms,
    });
  }

  /** A failed rotation leaves the old password in use: nothing is broken yet, and nobody would notice. */
  private watchRotation(): void {
    const { data, messaging } = this.props;
    if (!data.rotation) return;
    new Alarm(this, "rds-rotation-failed", {
      severity: "ticket",
      runbook: "rds-failover-and-storage.md#rotation",
      says: "The database's master password could not be rotated; the old one stays valid.",
      metric: {
        namespace: "AWS/Lambda",
        name: "Errors",
        dimensions: { FunctionName: data.rotation.functionName },
        statistic: "Sum",
        periodSeconds: 3600,
      },
      when: "above",
      threshold: 0,
      periods: 1,
      silence: "notBreaching",
      tell: messaging.alarms,
    });
  }

  /** From both regions through the one public name: what a visitor sees, name, edge and switch included. */
  private watchFromOutside(): void {
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
      metric: {
        namespace: "CloudWatchSynthetics",
        name: "SuccessPercent",
        dimensions: { CanaryName: canary.name },
        statistic: "Average",
        periodSeconds: periodOf[plan.canary.everyMinutes],
      },
      when: "below",
      threshold: 100,
      periods: 2,
      silence: "breaching",
      tell: messaging.alarms,
    });
  }
}
