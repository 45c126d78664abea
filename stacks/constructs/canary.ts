import { Fn } from "cdktf";
import { Construct } from "constructs";
import type { CanaryPlan, LogRetentionDays } from "../../regions/index.ts";
import { SyntheticsCanary } from "../aws.ts";
import { functionSource, writeArchive } from "./archive.ts";
import type { Bucket } from "./bucket.ts";
import { campusOf } from "./campus-stack.ts";
import type { KeyRef } from "./key.ts";
import { LogGroup } from "./log-group.ts";
import { Role } from "./role.ts";

export type CanaryProps = {
  readonly plan: CanaryPlan;
  /** What visitors type: https and a name, without a path. */
  readonly address: string;
  readonly artifacts: Bucket;
  readonly logs: { readonly retentionDays: LogRetentionDays; readonly key: KeyRef };
};

/** Three or four requests of 10 s at most, after a cold start. */
const timeoutSeconds = 60;
const artifactDays = 30;
const prefix = "canary/";

/** A visitor that never sleeps: asks for the public pages and says by its metric whether all answered. */
export class Canary extends Construct {
  readonly name: string;
  private readonly props: CanaryProps;

  constructor(scope: Construct, id: string, props: CanaryProps) {
    super(scope, id);
    this.props = props;
    this.name = campusOf(this).name("canary", id);
    this.keepItsLog(this.createCanary(this.createRole()));
  }

  private createCanary(role: Role): SyntheticsCanary {
    const { plan, artifacts } = this.props;
    return new SyntheticsCanary(this, "canary", {
      name: this.name,
      executionRoleArn: role.arn,
      runtimeVersion: "syn-nodejs-5.0", // without a browser, on Node 22
      handler: "canary.handler",
      zipFile: this.archive(),
      schedule: { expression: `rate(${plan.everyMinutes} minutes)` },
      runConfig: { timeoutInSeconds: timeoutSeconds },
      artifactS3Location: `s3://${artifacts.name}/${prefix}`,
      artifactConfig: { s3Encryption: { encryptionMode: "SSE_S3" } }, // the bucket of logs has S3's own keys
      successRetentionPeriod: artifactDays,
      failureRetentionPeriod: artifactDays,
      startCanary: true,
      deleteLambda: true,
    });
  }

  private archive(): string {
    return writeArchive(campusOf(this), "canary", {
      "nodejs/node_modules/canary.js": functionSource("canary/canary.cjs"),
      "nodejs/node_modules/settings.json": JSON.stringify({ address: this.props.address }),
    });
  }

  private createRole(): Role {
    const stack = campusOf(this);
    const role = new Role(this, "role", {
      part: "canary",
      purpose: "asks for the public pages",
      trust: { service: "lambda.amazonaws.com" },
    });
    this.props.artifacts.grantWriteOnly(role, prefix);
    role.allow("write-logs", [
      {
        sid: "WriteLog", // not CreateLogGroup: the group with retention and key stands right after the canary
        actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
        resources: [stack.arn("logs", `log-group:/aws/lambda/cwsyn-${this.name}-*`)],
      },
    ]);
    role.allow("tell", [
      {
        sid: "Metrics",
        actions: ["cloudwatch:PutMetricData"],
        resources: ["*"],
        conditions: { StringEquals: { "cloudwatch:namespace": "CloudWatchSynthetics" } },
      },
      { sid: "FindBucket", actions: ["s3:ListAllMyBuckets"], resources: ["*"] },
    ]);
    return role;
  }

  /** Synthetics makes a Lambda function whose name ends in an id of its own, and the log group is named after that. */
  private keepItsLog(canary: SyntheticsCanary): void {
    const functionName = Fn.element(Fn.split(":", canary.engineArn), 6);
    new LogGroup(this, "log", { name: `/aws/lambda/${functionName}`, ...this.props.logs });
  }
}
