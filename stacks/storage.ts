import { readFileSync } from "node:fs";
import type { Construct } from "constructs";
import { capabilities, type Environment, type RegionPlan } from "../regions/index.ts";
import { BackupVault, BackupVaultLockConfiguration, S3Object } from "./aws.ts";
import { Bucket, type BucketProps } from "./constructs/bucket.ts";
import { copyBucket, copyBucketBack } from "./constructs/bucket-copy.ts";
import { CampusStack } from "./constructs/campus-stack.ts";
import type { ResourceStatement } from "./constructs/policy.ts";
import { bucketName } from "./names.ts";
import type { RegionKeys } from "./security.ts";

export type StorageStackProps = {
  readonly environment: Environment;
  readonly plan: RegionPlan;
  readonly keys: RegionKeys;
  readonly distributionArn: string;
  /** At home: the same stack of the other region, which gets a copy of what must survive the loss of this one, and gives back what it took. */
  readonly other?: StorageStack;
};

const oldVersionsDays = 30;

/**
 * Swedish bookkeeping law keeps a receipt to the end of the seventh year after the year in which the financial year ended: for one of
 * January that is eight years. Italy's ten years are for the books themselves, which are in the database and never deleted.
 */
const receiptYears = 8;

/** What must survive the loss of home, and what the other region may have taken while it served. */
export const copied = ["web", "menu-images", "receipts", "artifacts"] as const;
export const copiedBack = ["menu-images", "receipts"] as const;

export const dailyCopyDays = 35;

/** Within so many days a mistake in the lock of a vault can be undone; after them nobody can, AWS included. */
const daysToChangeOnesMind = 7;

export class StorageStack extends CampusStack {
  readonly logs: Bucket;
  readonly web: Bucket;
  readonly menuImages: Bucket;
  readonly receipts: Bucket;
  readonly artifacts: Bucket;
  readonly analytics: Bucket;
  readonly vault: BackupVault;
  private readonly props: StorageStackProps;

  constructor(scope: Construct, props: StorageStackProps) {
    super(scope, { ...props, part: "storage" });
    this.props = props;
    this.logs = this.createLogs();
    const forEdge = { statements: (arn: string) => [this.cloudFrontReads(arn)] };
    this.web = this.bucket("web", forEdge);
    this.sayThatNothingIsPublished();
    this.menuImages = this.bucket("menu-images", { ...forEdge, uploadsFrom: [`https://${props.environment.domain}`] });
    this.receipts = this.bucket("receipts", { lock: this.receiptLock(), oldVersionsDays: receiptYears * 366 });
    this.artifacts = this.bucket("artifacts");
    this.analytics = this.bucket("analytics");
    this.vault = this.createVault();
    this.copyWhatMustSurvive();
  }

  private receiptLock() {
    return { years: receiptYears, mode: this.environment.locks === "for good" ? "COMPLIANCE" : "GOVERNANCE" } as const;
  }

  /** Nothing in it can be deleted before its time; "for good" also not by whoever may change the lock. */
  private createVault(): BackupVault {
    const vault = new BackupVault(this, "backups", {
      name: this.name("other", "backups"),
      kmsKeyArn: this.props.keys.data.arn,
      forceDestroy: !this.environment.protection.on,
    });
    new BackupVaultLockConfiguration(this, "backups-lock", {
      backupVaultName: vault.name,
      minRetentionDays: dailyCopyDays,
      ...(this.environment.locks === "for good" ? { changeableForDays: daysToChangeOnesMind } : {}),
    });
    return vault;
  }

  private bucket(part: string, more: Partial<BucketProps> = {}): Bucket {
    return new Bucket(this, part, { part, key: this.props.keys.storage, accessLogs: this.logs, oldVersionsDays, ...more });
  }

  /** A page where the web apps will be, so that their address answers from the first day. Publishing writes over it, and Terraform looks away. */
  private sayThatNothingIsPublished(): void {
    const content = readFileSync(new URL("not-published.html", import.meta.url), "utf8");
    for (const app of ["", "cafe/", "pos/"]) {
      new S3Object(this, `page-${app.replace("/", "") || "student"}`, {
        bucket: this.web.bucket.id,
        key: `${app}index.html`,
        content,
        contentType: "text/html; charset=utf-8",
        cacheControl: "no-cache",
        kmsKeyId: this.props.keys.storage.arn,
        lifecycle: { ignoreChanges: "all" },
      });
    }
  }

  private createLogs(): Bucket {
    return new Bucket(this, "logs", {
      part: "logs",
      key: "s3-managed",
      accessLogs: "is a log bucket",
      oldVersionsDays,
      expireDays: this.props.plan.logs.retentionDays,
      statements: (arn) => [this.accessLogsWrite(arn), this.loadBalancerWrites(arn), ...this.trailAndConfigWrite(arn)],
    });
  }

  private accessLogsWrite(arn: string): ResourceStatement {
    const mine = `arn:aws:s3:::campus-${this.environment.name}-${this.place}-*`;
    return {
      sid: "AccessLogs",
      principals: { Service: ["logging.s3.amazonaws.com"] },
      actions: ["s3:PutObject"],
      resources: [`${arn}/s3/*`],
      conditions: { ArnLike: { "aws:SourceArn": mine }, StringEquals: { "aws:SourceAccount": this.environment.accountId } },
    };
  }

  /** Regions that are older than August 2022 write from an account of AWS, not as a service. */
  private loadBalancerWrites(arn: string): ResourceStatement {
    return {
      sid: "LoadBalancerLogs",
      principals: { AWS: [`arn:aws:iam::${capabilities[this.props.plan.region].loadBalancerLogAccount}:root`] },
      actions: ["s3:PutObject"],
      resources: [`${arn}/alb/AWSLogs/${this.environment.accountId}/*`],
    };
  }

  private trailAndConfigWrite(arn: string): ResourceStatement[] {
    const services = ["cloudtrail.amazonaws.com", ...(this.props.plan.security.configRecorder ? ["config.amazonaws.com"] : [])];
    const principals = { Service: services };
    const conditions = { StringEquals: { "aws:SourceAccount": this.environment.accountId } };
    const prefixes = ["trail", "config"].map((prefix) => `${arn}/${prefix}/AWSLogs/${this.environment.accountId}/*`);
    return [
      { sid: "AuditCheck", principals, actions: ["s3:GetBucketAcl", "s3:ListBucket"], resources: [arn], conditions },
      { sid: "AuditLogs", principals, actions: ["s3:PutObject"], resources: prefixes, conditions },
    ];
  }

  private cloudFrontReads(arn: string): ResourceStatement {
    return {
      sid: "CloudFrontReads",
      principals: { Service: ["cloudfront.amazonaws.com"] },
      actions: ["s3:GetObject"],
      resources: [`${arn}/*`],
      conditions: { StringEquals: { "aws:SourceArn": this.props.distributionArn } },
    };
  }

  private copyWhatMustSurvive(): void {
    const { other, keys } = this.props;
    if (!other) return;
    const key = other.props.keys.storage;
    const bucketOf = (stack: StorageStack, part: (typeof copied)[number]) => (part === "menu-images" ? stack.menuImages : stack[part]);
    for (const part of copied) copyBucket(bucketOf(this, part), { bucket: bucketOf(other, part), key });
    const there = this.providerIn(other.region, other.place);
    for (const part of copiedBack) copyBucketBack(this, bucketOf(other, part), { bucket: bucketOf(this, part), key: keys.storage }, there);
  }
}

/** The bucket's address as CloudFront wants it, known before the bucket stands: the edge is built first. */
export function bucketDomain(environment: Environment, plan: RegionPlan, part: string): string {
  const { place } = capabilities[plan.region];
  return `${bucketName({ environment: environment.name, place, part }, environment.accountId)}.s3.${plan.region}.amazonaws.com`;
}
