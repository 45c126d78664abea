import { Construct } from "constructs";
import { oneMetric } from "../../dashboards/alarm.ts";
import type { DatabasePlan } from "../../regions/index.ts";
import { DbInstance, DbParameterGroup, DbSubnetGroup, IamRolePolicyAttachment } from "../aws.ts";
import { Alarm, type Tell } from "./alarm.ts";
import { campusOf } from "./campus-stack.ts";
import { expression } from "./expression.ts";
import type { KeyRef } from "./key.ts";
import type { LogGroup } from "./log-group.ts";
import { News } from "./news.ts";
import { Role } from "./role.ts";
import type { Group } from "./security-group.ts";

export type DatabaseProps = {
  readonly plan: DatabasePlan;
  readonly key: KeyRef;
  readonly subnetIds: readonly string[];
  readonly group: Group;
  readonly logGroups: readonly LogGroup[];
  readonly kind:
    | { readonly primary: true; readonly masterPassword: MasterPassword; readonly hasReplica: boolean }
    | { readonly replicaOf: string };
  readonly tell: Tell;
};

/** RDS can keep the master password itself, but then refuses a read replica. A promoted copy has the password of that moment. */
export type MasterPassword = "rotated by us" | "managed by RDS" | "kept from its time as a copy";

/** RDS adds storage by itself when less than a tenth is free, up to the largest size. */
const growsBelow = 0.1;

const family = "postgres18";
const bytesPerGib = 1_073_741_824;
/** Past this much the copy in the other region is behind: a ticket, and `behind` in /health. */
export const replicaBehindSeconds = 60;
const connectionsShare = 0.8;

/** PostgreSQL 18: encrypted, TLS only, with backups to any second, protected from deletion; the writer or a copy of it. */
export class Database extends Construct {
  readonly instance: DbInstance;
  private readonly props: DatabaseProps;

  constructor(scope: Construct, id: string, props: DatabaseProps) {
    super(scope, id);
    this.props = props;
    this.refuseWhatAwsWouldRefuse();
    this.instance = "primary" in props.kind ? this.createPrimary(props.kind.masterPassword) : this.createReplica(props.kind.replicaOf);
    this.watchStorageAndConnections();
    if ("primary" in props.kind) this.watchLogOfReplicas();
    else this.watchReplica();
    this.hearOfTrouble();
  }

  get arn(): string {
    return this.instance.arn;
  }

  get identifier(): string {
    return this.instance.identifier;
  }

  private refuseWhatAwsWouldRefuse(): void {
    const { plan, kind } = this.props;
    if ("primary" in kind && kind.hasReplica && kind.masterPassword === "managed by RDS") {
      throw new Error(
        'the database has the master password "managed by RDS" and a read replica: RDS refuses the two together; let it be "rotated by us".',
      );
    }
    if (plan.backupRetentionDays < 7 || plan.backupRetentionDays > 35) {
      throw new Error(`the database keeps backups ${plan.backupRetentionDays} days; RDS allows 35 at most and we ask for 7 at least.`);
    }
    if (plan.storageLowGib >= plan.storageGib * growsBelow) {
      throw new Error(
        `the database has ${plan.storageGib} GiB and pages below ${plan.storageLowGib} GiB: RDS grows it by itself below ${plan.storageGib * growsBelow}, so nobody need be woken before; lower storageLowGib.`,
      );
    }
  }

  private createPrimary(password: MasterPassword): DbInstance {
    const { plan } = this.props;
    return new DbInstance(this, "instance", {
      ...this.common(),
      engine: "postgres",
      engineVersion: "18",
      dbName: "campus",
      username: "campus_master",
      ...(password === "managed by RDS" ? { manageMasterUserPassword: true } : {}),
      ...(password === "rotated by us" ? { passwordWo: this.createFirstPassword(), passwordWoVersion: 1 } : {}),
      allocatedStorage: plan.storageGib,
      maxAllocatedStorage: plan.maxStorageGib,
      dbSubnetGroupName: this.createSubnetGroup().name,
      ...(campusOf(this).environment.protection.on
        ? { skipFinalSnapshot: false, finalSnapshotIdentifier: `${this.name}-final` }
        : { skipFinalSnapshot: true }),
    });
  }

  private createReplica(sourceArn: string): DbInstance {
    return new DbInstance(this, "instance", {
      ...this.common(),
      replicateSourceDb: sourceArn,
      maxAllocatedStorage: this.props.plan.maxStorageGib, // not inherited: without it the copy stops when the writer grows past its own size
      dbSubnetGroupName: this.createSubnetGroup().name,
      skipFinalSnapshot: true, // RDS takes no final snapshot of a replica
    });
  }

  private common() {
    const { plan, key, group, logGroups } = this.props;
    return {
      identifier: this.name,
      instanceClass: plan.instanceClass,
      storageType: "gp3",
      storageEncrypted: true,
      kmsKeyId: key.arn,
      multiAz: plan.multiAz.on,
      publiclyAccessible: false,
      vpcSecurityGroupIds: [group.id],
      parameterGroupName: this.createParameters().name,
      caCertIdentifier: "rds-ca-rsa2048-g1",
      iamDatabaseAuthenticationEnabled: true,
      backupRetentionPeriod: plan.backupRetentionDays,
      backupWindow: "01:00-02:00",
      maintenanceWindow: "sun:02:30-sun:03:30",
      autoMinorVersionUpgrade: true,
      copyTagsToSnapshot: true,
      deletionProtection: campusOf(this).environment.protection.on,
      deleteAutomatedBackups: !campusOf(this).environment.protection.on,
      performanceInsightsEnabled: true,
      performanceInsightsKmsKeyId: key.arn,
      performanceInsightsRetentionPeriod: 7,
      monitoringInterval: 60,
      monitoringRoleArn: this.createMonitoringRole().arn,
      enabledCloudwatchLogsExports: ["postgresql", "upgrade"],
      dependsOn: logGroups.map((logs) => logs.group), // else RDS makes them itself, with no retention and no key
    };
  }

  private metric(name: string, statistic: "Maximum" | "Minimum", periodSeconds: number) {
    return oneMetric({ namespace: "AWS/RDS", name, dimensions: { DBInstanceIdentifier: this.identifier }, statistic, periodSeconds });
  }

  private watchStorageAndConnections(): void {
    const { plan, tell } = this.props;
    const storage = { runbook: "rds-failover-and-storage.md#storage", when: "below", silence: "missing", tell } as const;
    new Alarm(this, "rds-storage-low", {
      ...storage,
      severity: "page",
      says: `Less than ${plan.storageLowGib} GiB are free; PostgreSQL stops when none is.`,
      watched: this.metric("FreeStorageSpace", "Minimum", 300),
      threshold: plan.storageLowGib * bytesPerGib,
      periods: 2,
    });
    new Alarm(this, "rds-storage-not-growing", {
      ...storage,
      severity: "ticket",
      says: `Less than ${plan.storageGib * growsBelow} GiB have been free for eight hours, and RDS added none: the largest size is reached.`,
      watched: this.metric("FreeStorageSpace", "Minimum", 3_600),
      threshold: plan.storageGib * growsBelow * bytesPerGib,
      periods: 8,
    });
    new Alarm(this, "rds-connections-high", {
      severity: "page",
      runbook: "rds-connections-high.md",
      says: `More than ${connectionsShare * 100} % of the ${plan.maxConnections} connections are taken; at 100 % no process can start.`,
      watched: this.metric("DatabaseConnections", "Maximum", 60),
      when: "above",
      threshold: plan.maxConnections * connectionsShare,
      periods: 5,
      silence: "notBreaching",
      tell,
    });
  }

  /** A copy that no longer reads lets the writer's log grow, up to max_slot_wal_keep_size: past it the copy must be made anew. */
  private watchLogOfReplicas(): void {
    const { plan, tell } = this.props;
    const limitGib = plan.storageGib / 8; // half of what is kept
    new Alarm(this, "rds-slot-lag", {
      severity: "ticket",
      runbook: "rds-failover-and-storage.md#replica-lag",
      says: `The log that the copy in the other region has not read is above ${limitGib} GiB; at twice that much it is thrown away and the copy must be made anew.`,
      watched: this.metric("OldestReplicationSlotLag", "Maximum", 300),
      when: "above",
      threshold: limitGib * bytesPerGib,
      periods: 2,
      silence: "notBreaching",
      tell,
    });
  }

  /** Only the copy says how far behind it is. Silence is a ticket: after a promotion there is none, until the regions are swapped in regions/. */
  private watchReplica(): void {
    const { plan, tell } = this.props;
    const lag = {
      runbook: "rds-failover-and-storage.md#replica-lag",
      watched: this.metric("ReplicaLag", "Maximum", 300),
      when: "above",
      tell,
    } as const;
    new Alarm(this, "rds-replica-behind", {
      ...lag,
      severity: "ticket",
      says: `The copy in this region is more than ${replicaBehindSeconds} s behind for a quarter of an hour, or there is none that follows.`,
      threshold: replicaBehindSeconds,
      periods: 3,
      silence: "breaching",
    });
    new Alarm(this, "rds-replica-lag", {
      ...lag,
      severity: "page",
      says: `The copy in this region is more than ${plan.replicaLagSeconds} s behind: that much would be lost with the other region.`,
      threshold: plan.replicaLagSeconds,
      periods: 1,
      silence: "notBreaching",
    });
  }

  private hearOfTrouble(): void {
    new News(this, "rds-event", {
      severity: "ticket",
      runbook: "rds-failover-and-storage.md",
      says: "RDS tells of a failover, a failure, low storage or a recovery.",
      source: "aws.rds",
      kinds: ["RDS DB Instance Event"],
      detail: { SourceIdentifier: [this.name], EventCategories: ["failover", "failure", "low storage", "recovery"] },
      tell: this.props.tell,
    });
  }

  private get name(): string {
    return campusOf(this).name("database", "main");
  }

  private createSubnetGroup(): DbSubnetGroup {
    return new DbSubnetGroup(this, "subnets", { name: this.name, description: "the data tier", subnetIds: [...this.props.subnetIds] });
  }

  private createParameters(): DbParameterGroup {
    return new DbParameterGroup(this, "parameters", {
      name: `${this.name}-${family}`, // another family is another group, which must stand before the database lets go of this one
      family,
      description: "TLS only; slow and schema-changing statements in the log",
      parameter: [
        { name: "rds.force_ssl", value: "1" },
        // The first change of a page after a checkpoint writes the whole page: 12.8 kB of log for a debit without, 6.6 kB with it.
        { name: "wal_compression", value: "lz4" },
        // A copy that is gone keeps the log for ever, until the writer's disk is full: past this much it must be made anew instead.
        { name: "max_slot_wal_keep_size", value: String(Math.floor((this.props.plan.storageGib * 1024) / 4)) },
        { name: "max_connections", value: String(this.props.plan.maxConnections), applyMethod: "pending-reboot" },
        { name: "log_min_duration_statement", value: "500" },
        { name: "log_statement", value: "ddl" },
        { name: "idle_in_transaction_session_timeout", value: "60000" },
      ],
      lifecycle: { createBeforeDestroy: true },
    });
  }

  private createMonitoringRole(): Role {
    const role = new Role(this, "monitoring", {
      part: "database-monitoring",
      purpose: "sends the database's operating-system metrics to CloudWatch",
      trust: { service: "monitoring.rds.amazonaws.com" },
    });
    new IamRolePolicyAttachment(this, "monitoring-policy", {
      role: role.name,
      policyArn: "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
    });
    return role;
  }

  /**
   * The database is born with a password that nobody learns: an ephemeral value, in no plan and no state. The first rotation gives it
   * one that stands in the secret (rotation.ts). The version never changes, so Terraform never sets a password again.
   * cdktf 0.21 has no class for an ephemeral block: it is written into the stack's JSON.
   */
  private createFirstPassword(): string {
    campusOf(this).addOverride("ephemeral.aws_secretsmanager_random_password.first", { password_length: 40, exclude_punctuation: true });
    return expression("ephemeral.aws_secretsmanager_random_password.first.random_password");
  }
}
