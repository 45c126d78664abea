import { Construct } from "constructs";
import {
  type AwsProvider,
  S3Bucket,
  S3BucketCorsConfiguration,
  S3BucketLifecycleConfiguration,
  S3BucketLogging,
  S3BucketObjectLockConfiguration,
  S3BucketOwnershipControls,
  S3BucketPolicy,
  S3BucketPublicAccessBlock,
  S3BucketServerSideEncryptionConfiguration,
  S3BucketVersioning,
} from "../aws.ts";
import { bucketName } from "../names.ts";
import { campusOf } from "./campus-stack.ts";
import { type KeyRef, useStatement } from "./key.ts";
import { policyJson, type ResourceStatement, refuseWideTrust } from "./policy.ts";
import type { Role } from "./role.ts";

export type BucketProps = {
  readonly part: string;
  /** AWS writes access logs only to buckets with S3's own keys; every other bucket has a key of ours. */
  readonly key: KeyRef | "s3-managed";
  /** Where requests to this bucket are logged: a bucket of logs logs nothing, else each line would make a line. */
  readonly accessLogs: Bucket | "is a log bucket";
  readonly oldVersionsDays: number;
  readonly expireDays?: number;
  /**
   * Objects can be neither changed nor removed for so long: in COMPLIANCE not even by the account's owner, in GOVERNANCE by whoever may
   * bypass it, which CI and the platform's roles may not. Must be decided before the first object.
   */
  readonly lock?: { readonly years: number; readonly mode: "COMPLIANCE" | "GOVERNANCE" };
  readonly uploadsFrom?: readonly string[];
  readonly statements?: (arn: string) => readonly ResourceStatement[];
  readonly place?: string;
  readonly provider?: AwsProvider;
};

/** A private, encrypted, versioned bucket that answers over TLS only. */
export class Bucket extends Construct {
  readonly bucket: S3Bucket;
  private readonly policy: S3BucketPolicy;
  readonly versioning: S3BucketVersioning;
  readonly props: BucketProps;

  constructor(scope: Construct, id: string, props: BucketProps) {
    super(scope, id);
    this.props = props;
    this.bucket = this.createBucket();
    this.blockPublicAccess();
    this.encrypt();
    this.versioning = this.enableVersioning();
    this.policy = this.createPolicy();
    this.createLifecycle();
    if (props.lock) this.lock(props.lock);
    if (props.accessLogs !== "is a log bucket") this.logAccessTo(props.accessLogs);
    if (props.uploadsFrom) this.acceptBrowserUploads(props.uploadsFrom);
  }

  get arn(): string {
    return this.bucket.arn;
  }

  get name(): string {
    return this.bucket.bucket;
  }

  grantRead(role: Role, prefix = ""): void {
    role.allow(`read-${this.props.part}`, [
      { sid: "ReadObjects", actions: ["s3:GetObject"], resources: [`${this.arn}/${prefix}*`] },
      { sid: "ListObjects", actions: ["s3:ListBucket"], resources: [this.arn], ...this.under(prefix) },
      ...this.keyFor(["Decrypt"]),
    ]);
  }

  grantReadWrite(role: Role, prefix = "", more: readonly "s3:DeleteObject"[] = []): void {
    role.allow(`write-${this.props.part}`, [
      { sid: "ReadAndWriteObjects", actions: ["s3:GetObject", "s3:PutObject", ...more], resources: [`${this.arn}/${prefix}*`] },
      { sid: "ListObjects", actions: ["s3:ListBucket"], resources: [this.arn], ...this.under(prefix) },
      ...this.keyFor(["Decrypt", "GenerateDataKey"]),
    ]);
  }

  /** To a service of AWS that puts files there and first asks in which region the bucket is. */
  grantWriteOnly(role: Role, prefix: string): void {
    role.allow(`put-${this.props.part}`, [
      { sid: "PutObjects", actions: ["s3:PutObject"], resources: [`${this.arn}/${prefix}*`] },
      { sid: "WhereIsIt", actions: ["s3:GetBucketLocation"], resources: [this.arn] },
      ...this.keyFor(["GenerateDataKey"]),
    ]);
  }

  private createBucket(): S3Bucket {
    const stack = campusOf(this);
    return new S3Bucket(this, "bucket", {
      bucket: bucketName(
        { environment: stack.environment.name, place: this.props.place ?? stack.place, part: this.props.part },
        stack.environment.accountId,
      ),
      forceDestroy: !stack.environment.protection.on,
      objectLockEnabled: this.props.lock !== undefined,
      ...this.there,
    });
  }

  private blockPublicAccess(): void {
    const closed = { blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true };
    new S3BucketPublicAccessBlock(this, "private", { bucket: this.bucket.id, ...closed, ...this.there });
    new S3BucketOwnershipControls(this, "owner", {
      bucket: this.bucket.id,
      rule: { objectOwnership: "BucketOwnerEnforced" },
      ...this.there,
    });
  }

  private encrypt(): void {
    const { key } = this.props;
    const byDefault = key === "s3-managed" ? { sseAlgorithm: "AES256" } : { sseAlgorithm: "aws:kms", kmsMasterKeyId: key.arn };
    new S3BucketServerSideEncryptionConfiguration(this, "encryption", {
      bucket: this.bucket.id,
      rule: [{ applyServerSideEncryptionByDefault: byDefault, bucketKeyEnabled: true }],
      ...this.there,
    });
  }

  private enableVersioning(): S3BucketVersioning {
    return new S3BucketVersioning(this, "versions", {
      bucket: this.bucket.id,
      versioningConfiguration: { status: "Enabled" },
      ...this.there,
    });
  }

  private createPolicy(): S3BucketPolicy {
    const named = this.props.statements?.(this.arn) ?? [];
    refuseWideTrust(`the bucket ${this.props.part}`, named);
    const tlsOnly: ResourceStatement = {
      sid: "TlsOnly",
      effect: "Deny",
      principals: "*",
      actions: ["s3:*"],
      resources: [this.arn, `${this.arn}/*`],
      conditions: { Bool: { "aws:SecureTransport": "false" } },
    };
    return new S3BucketPolicy(this, "policy", { bucket: this.bucket.id, policy: policyJson([tlsOnly, ...named]), ...this.there });
  }

  private createLifecycle(): void {
    new S3BucketLifecycleConfiguration(this, "lifecycle", {
      bucket: this.bucket.id,
      rule: [
        {
          id: "old-versions",
          status: "Enabled",
          filter: [{ prefix: "" }],
          noncurrentVersionExpiration: [{ noncurrentDays: this.props.oldVersionsDays }],
          abortIncompleteMultipartUpload: [{ daysAfterInitiation: 7 }],
        },
        ...(this.props.expireDays
          ? [{ id: "expire", status: "Enabled", filter: [{ prefix: "" }], expiration: [{ days: this.props.expireDays }] }]
          : []),
      ],
      dependsOn: [this.versioning],
      ...this.there,
    });
  }

  private lock({ years, mode }: { readonly years: number; readonly mode: string }): void {
    new S3BucketObjectLockConfiguration(this, "lock", {
      bucket: this.bucket.id,
      rule: { defaultRetention: { mode, years } },
      dependsOn: [this.versioning],
      ...this.there,
    });
  }

  /** The log bucket must already let S3 write: AWS checks its policy when logging is switched on. */
  private logAccessTo(logs: Bucket): void {
    const sameStack = campusOf(logs) === campusOf(this);
    new S3BucketLogging(this, "access-log", {
      bucket: this.bucket.id,
      targetBucket: logs.bucket.id,
      targetPrefix: `s3/${this.props.part}/`,
      ...(sameStack ? { dependsOn: [logs.policy] } : {}),
      ...this.there,
    });
  }

  private acceptBrowserUploads(origins: readonly string[]): void {
    new S3BucketCorsConfiguration(this, "uploads", {
      bucket: this.bucket.id,
      corsRule: [{ allowedMethods: ["PUT", "POST"], allowedOrigins: [...origins], allowedHeaders: ["content-type"], maxAgeSeconds: 600 }],
      ...this.there,
    });
  }

  private keyFor(actions: readonly string[]) {
    return this.props.key === "s3-managed" ? [] : [useStatement(this.props.key.arn, actions)];
  }

  private under(prefix: string) {
    return prefix ? { conditions: { StringLike: { "s3:prefix": `${prefix}*` } } } : {};
  }

  private get there(): { provider?: AwsProvider } {
    return this.props.provider ? { provider: this.props.provider } : {};
  }
}
