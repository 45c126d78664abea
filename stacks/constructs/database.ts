import { Construct } from "constructs";
import type { DatabasePlan } from "../../regions/index.ts";
import { DbInstance, DbParameterGroup, DbSubnetGroup, IamRolePolicyAttachment } from "../aws.ts";
import { campusOf } from "./campus-stack.ts";
import { expression } from "./expression.ts";
import type { KeyRef } from "./key.ts";
import type { LogGroup } from "./log-group.ts";
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
};

/** RDS can keep the master password itself, but then refuses a read replica. A promoted copy has the password of that moment. */
export type MasterPassword = "rotated by us" | "managed by RDS" | "kept from its time as a copy";

/** RDS adds storage by itself when less than a tenth is free, up to the largest size. */
const growsBelow = 0.1;

const family = "postgres18";

/** PostgreSQL 18: encrypted, TLS only, with backups to any second, protected from deletion; the writer or a copy of it. */
export class Database extends Construct {
  readonly instance: DbInstance;
  private readonly props: DatabaseProps;

  constructor(scope: Construct, id: string, props: DatabaseProps) {
    super(scope, id);
    this.props = props;
    this.refuseWhatAwsWouldRefuse();
    this.instance = "primary" in props.kind ? this.createPrimary(props.kind.masterPassword) : this.createReplica(props.kind.replicaOf);
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
