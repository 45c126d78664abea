import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { oneMetric } from "../../dashboards/alarm.ts";
import type { LogRetentionDays } from "../../regions/index.ts";
import { LambdaFunction, LambdaPermission, SecretsmanagerSecretRotation } from "../aws.ts";
import { Alarm, type Tell } from "./alarm.ts";
import { functionSource, writeArchive } from "./archive.ts";
import { campusOf } from "./campus-stack.ts";
import type { Database } from "./database.ts";
import type { KeyRef } from "./key.ts";
import { LogGroup } from "./log-group.ts";
import { Role } from "./role.ts";
import type { Secret } from "./secret.ts";

export type RotationProps = {
  readonly database: Database;
  readonly secret: Secret;
  readonly everyDays: number;
  readonly logs: { readonly retentionDays: LogRetentionDays; readonly key: KeyRef };
  readonly tell: Tell;
};

const part = "rotate-database-password";

/** RDS takes the new password in about a minute; the function waits up to ten for it. */
const timeoutSeconds = 660;

/** Gives the database's master user a new password at once and then every so many days. The only one who ever sets it. */
export class Rotation extends Construct {
  readonly functionName: string;
  private readonly props: RotationProps;

  constructor(scope: Construct, id: string, props: RotationProps) {
    super(scope, id);
    this.props = props;
    if (!(props.everyDays >= 1 && props.everyDays <= 365)) {
      throw new Error(
        `the master password is rotated every ${props.everyDays} days; Secrets Manager takes 1 to 1,000 and we ask for a year at most.`,
      );
    }
    this.functionName = campusOf(this).name("lambda", part);
    const role = new Role(this, "role", { part, purpose: "gives the database a new password", trust: { service: "lambda.amazonaws.com" } });
    const rotator = this.createFunction(role);
    this.rotate(rotator, [...this.allow(role), this.letSecretsManagerCall(rotator)]);
    this.watch();
  }

  /** A failed rotation leaves the old password in use: nothing is broken yet, and nobody would notice. */
  private watch(): void {
    new Alarm(this, "rds-rotation-failed", {
      severity: "ticket",
      runbook: "rds-failover-and-storage.md#rotation",
      says: "The database's master password could not be rotated; the old one stays valid.",
      watched: oneMetric({
        namespace: "AWS/Lambda",
        name: "Errors",
        dimensions: { FunctionName: this.functionName },
        statistic: "Sum",
        periodSeconds: 3_600,
      }),
      when: "above",
      threshold: 0,
      periods: 1,
      silence: "notBreaching",
      tell: this.props.tell,
    });
  }

  private createFunction(role: Role): LambdaFunction {
    const log = new LogGroup(this, "log", { name: `/aws/lambda/${this.functionName}`, ...this.props.logs });
    role.allow("write-logs", [{ sid: "WriteLog", actions: ["logs:CreateLogStream", "logs:PutLogEvents"], resources: [`${log.arn}:*`] }]);
    return new LambdaFunction(this, "function", {
      functionName: this.functionName,
      description: "gives the database's master user a new password",
      role: role.arn,
      runtime: "nodejs22.x", // the newest that AWS provider 5.100 knows; it carries the AWS SDK
      architectures: ["arm64"],
      handler: "index.handler",
      filename: this.archive(),
      memorySize: 256,
      timeout: timeoutSeconds,
      dependsOn: [log.group], // else Lambda makes it itself, with no retention and no key
    });
  }

  /** Its one setting is a file beside the code: no environment, so no key for it. */
  private archive(): string {
    const writer = campusOf(this.props.database);
    return writeArchive(campusOf(this), part, {
      "index.mjs": functionSource(`${part}/index.mjs`),
      "rotation.mjs": functionSource(`${part}/rotation.mjs`),
      "settings.json": JSON.stringify({ databaseIdentifier: writer.name("database", "main"), region: writer.region }),
    });
  }

  private allow(role: Role): readonly ITerraformDependable[] {
    const { database, secret } = this.props;
    return [
      secret.grantRotate(role),
      role.allow("set-password", [
        { sid: "SetPassword", actions: ["rds:DescribeDBInstances", "rds:ModifyDBInstance"], resources: [database.arn] },
      ]),
    ];
  }

  /** Of Secrets Manager, only for this secret of this account. */
  private letSecretsManagerCall(rotator: LambdaFunction): LambdaPermission {
    return new LambdaPermission(this, "permission", {
      statementId: "secrets-manager",
      action: "lambda:InvokeFunction",
      functionName: rotator.functionName,
      principal: "secretsmanager.amazonaws.com",
      sourceAccount: campusOf(this).environment.accountId,
      sourceArn: this.props.secret.arn,
    });
  }

  /** Made anew with a database of this stack: a new one has a password that the secret does not know. One that was promoted elsewhere knows it. */
  private rotate(rotator: LambdaFunction, permissions: readonly ITerraformDependable[]): void {
    const { database, secret, everyDays } = this.props;
    const isHere = campusOf(database) === campusOf(this);
    const resourceId = `${database.instance.terraformResourceType}.${database.instance.friendlyUniqueId}.resource_id`;
    new SecretsmanagerSecretRotation(this, "schedule", {
      secretId: secret.arn,
      rotationLambdaArn: rotator.arn,
      rotateImmediately: true,
      rotationRules: { automaticallyAfterDays: everyDays },
      dependsOn: [...permissions, ...(isHere ? [database.instance] : [])],
      ...(isHere ? { lifecycle: { replaceTriggeredBy: [resourceId] } } : {}),
    });
  }
}
