import type { Construct } from "constructs";
import { oneMetric } from "../dashboards/alarm.ts";
import type { Environment, RegionPlan } from "../regions/index.ts";
import { BackupPlan, BackupSelection, type BackupVault, IamRolePolicyAttachment, SsmParameter } from "./aws.ts";
import { Alarm } from "./constructs/alarm.ts";
import { Cache } from "./constructs/cache.ts";
import { CampusStack } from "./constructs/campus-stack.ts";
import { Database } from "./constructs/database.ts";
import { LogGroup } from "./constructs/log-group.ts";
import { News } from "./constructs/news.ts";
import { Role } from "./constructs/role.ts";
import { Rotation } from "./constructs/rotation.ts";
import type { Secret } from "./constructs/secret.ts";
import type { MessagingStack } from "./messaging.ts";
import { epochParameter, logGroupName } from "./names.ts";
import type { NetworkStack } from "./network.ts";
import type { RegionKeys } from "./security.ts";
import { dailyCopyDays } from "./storage.ts";

type Vaults = { readonly vault: BackupVault; readonly copyVault: BackupVault };

export type DataStackProps = {
  readonly environment: Environment;
  readonly plan: RegionPlan;
  readonly keys: RegionKeys;
  readonly network: NetworkStack;
  readonly messaging: MessagingStack;
  readonly database: { readonly backupTo: Vaults } | { readonly replicaOf: DataStack };
  /** Only at home, where a secret can be rotated: whoever writes. */
  readonly masterSecret?: Secret;
};

/** PostgreSQL, which holds all truth, and Redis, which holds none: the writer in the primary region, its replica in the standby. */
export class DataStack extends CampusStack {
  readonly database: Database;
  readonly cache: Cache;
  readonly rotation: Rotation | undefined;
  private readonly props: DataStackProps;

  constructor(scope: Construct, props: DataStackProps) {
    super(scope, { ...props, part: "data" });
    this.props = props;
    this.database = this.createDatabase();
    this.cache = this.createCache();
    this.sayWhoWrites();
    this.rotation = props.masterSecret && this.rotatePassword(props.masterSecret);
    if ("backupTo" in props.database) this.copyDaily(props.database.backupTo);
  }

  private createDatabase(): Database {
    const { plan, keys, network, database } = this.props;
    const identifier = this.name("database", "main");
    return new Database(this, "database", {
      plan: plan.database,
      key: keys.data,
      subnetIds: network.subnets.data.map((subnet) => subnet.id),
      group: network.groups.database,
      tell: this.props.messaging.alarms,
      logGroups: ["postgresql", "upgrade"].map((log) => this.logGroup(`database-${log}-log`, `/aws/rds/instance/${identifier}/${log}`)),
      kind:
        "replicaOf" in database
          ? { replicaOf: database.replicaOf.database.arn }
          : { primary: true, masterPassword: this.props.masterSecret ? "rotated by us" : "kept from its time as a copy", hasReplica: true },
    });
  }

  private rotatePassword(secret: Secret): Rotation {
    const { plan, keys } = this.props;
    return new Rotation(this, "rotation", {
      database: "replicaOf" in this.props.database ? this.props.database.replicaOf.database : this.database,
      secret,
      everyDays: plan.database.masterPasswordDays,
      logs: { retentionDays: plan.logs.retentionDays, key: keys.logs },
      tell: this.props.messaging.alarms,
    });
  }

  /** As it is on the first day. From then on `npm run failover` writes it, in each region that it reaches, and Terraform looks away. */
  private sayWhoWrites(): void {
    const { name, epoch, primary } = this.environment;
    new SsmParameter(this, "epoch", {
      name: epochParameter(name),
      description: "which region may write, and since which failover: machines follow the highest epoch of both regions",
      type: "String",
      value: JSON.stringify({ epoch, writer: primary.region }),
      lifecycle: { ignoreChanges: ["value"] },
    });
  }

  private createCache(): Cache {
    const { plan, keys, network } = this.props;
    return new Cache(this, "cache", {
      plan: plan.cache,
      key: keys.data,
      subnetIds: network.subnets.data.map((subnet) => subnet.id),
      group: network.groups.cache,
      tell: this.props.messaging.alarms,
      slowLog: this.logGroup("redis-slow-log", logGroupName(this.environment.name, "redis-slow")),
      engineLog: this.logGroup("redis-engine-log", logGroupName(this.environment.name, "redis-engine")),
    });
  }

  private logGroup(id: string, name: string): LogGroup {
    return new LogGroup(this, id, { name, retentionDays: this.props.plan.logs.retentionDays, key: this.props.keys.logs });
  }

  /**
   * A snapshot a day with a copy in the other region, in vaults that are locked (storage.ts). What is left when this account itself is
   * taken over is the copy in another one, by choice: AWS Backup makes it within the region, RDS cannot cross both at once.
   */
  private copyDaily(vaults: Vaults): void {
    const role = new Role(this, "backup-role", {
      part: "backup",
      purpose: "takes the daily snapshot and copies it to the other region",
      trust: { service: "backup.amazonaws.com" },
    });
    const managed = new IamRolePolicyAttachment(this, "backup-policy", {
      role: role.name,
      policyArn: "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup",
    });
    const lifecycle = { deleteAfter: dailyCopyDays };
    const offsite = this.environment.offsiteVault;
    const plan = new BackupPlan(this, "backups", {
      name: this.name("other", "daily"),
      rule: [
        {
          ruleName: "daily",
          targetVaultName: vaults.vault.name,
          schedule: "cron(30 3 * * ? *)",
          startWindow: 60,
          completionWindow: 300,
          lifecycle,
          copyAction: [vaults.copyVault.arn, ...(offsite ? [offsite.arn] : [])].map((destinationVaultArn) => ({
            destinationVaultArn,
            lifecycle,
          })),
        },
      ],
    });
    new BackupSelection(this, "backup-database", {
      name: this.name("other", "database"),
      planId: plan.id,
      iamRoleArn: role.arn,
      resources: [this.database.arn],
      dependsOn: [managed],
    });
    this.watchBackups(vaults.vault);
  }

  /** Two at 03:30 are a ticket and a page: until then the database's own backups bring back any second. */
  private watchBackups({ name: vault }: BackupVault): void {
    const { messaging } = this.props;
    const common = { runbook: "restore-from-backup.md", tell: messaging.alarms } as const;
    for (const [name, severity, hours] of [
      ["backup-missing", "ticket", 26],
      ["backups-missing-for-days", "page", 74],
    ] as const) {
      new Alarm(this, name, {
        ...common,
        severity,
        says: `No daily snapshot was completed for ${hours} hours.`,
        watched: oneMetric({
          namespace: "AWS/Backup",
          name: "NumberOfBackupJobsCompleted",
          dimensions: { BackupVaultName: vault },
          statistic: "Sum",
          periodSeconds: 3_600,
        }),
        when: "below",
        threshold: 1,
        periods: hours,
        badPeriods: hours,
        silence: "breaching",
      });
    }
    new News(this, "backup-failed", {
      ...common,
      severity: "ticket",
      says: "A snapshot, or its copy to the other region, failed.",
      source: "aws.backup",
      kinds: ["Backup Job State Change", "Copy Job State Change"],
      detail: { state: ["FAILED", "ABORTED", "EXPIRED"] },
    });
  }
}
