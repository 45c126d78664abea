import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { type AwsProvider, type IamRolePolicy, S3BucketReplicationConfiguration } from "../aws.ts";
import type { Bucket } from "./bucket.ts";
import { type KeyRef, useStatement } from "./key.ts";
import { Role } from "./role.ts";

export const copyRule = "everything";

export type CopyTarget = { readonly bucket: Bucket; readonly key: KeyRef };

/** Copies every new object of a bucket, encrypted under our keys on both sides, to its twin in the other region. */
export function copyBucket(source: Bucket, target: CopyTarget): void {
  replicate(source, "copy", source, target, { dependsOn: [source.versioning] });
}

/** The way back, for what the other region took while it served. S3 copies no copies, so nothing goes in circles. */
export function copyBucketBack(scope: Construct, source: Bucket, target: CopyTarget, provider: AwsProvider): void {
  replicate(new Construct(scope, `${source.props.part}-back`), "copy-back", source, target, { provider });
}

type Settings = { readonly provider: AwsProvider } | { readonly dependsOn: ITerraformDependable[] };

function replicate(scope: Construct, name: string, source: Bucket, target: CopyTarget, settings: Settings): void {
  const { part } = source.props;
  const role = new Role(scope, "replication", {
    part: `${name}-${part}`,
    purpose: `S3 copies ${part} to the other region`,
    trust: { service: "s3.amazonaws.com" },
  });
  const policy = allowCopying(role, source, target);
  new S3BucketReplicationConfiguration(scope, "copies", {
    ...settings,
    bucket: source.bucket.id,
    role: role.arn,
    rule: [
      {
        id: copyRule,
        status: "Enabled",
        filter: { prefix: "" },
        deleteMarkerReplication: { status: "Enabled" },
        sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: "Enabled" } },
        destination: {
          bucket: target.bucket.arn,
          storageClass: "STANDARD_IA",
          encryptionConfiguration: { replicaKmsKeyId: target.key.arn },
          metrics: { status: "Enabled" }, // how late a copy is: told where it arrives
        },
      },
    ],
    dependsOn: [policy, ...("dependsOn" in settings ? settings.dependsOn : [])],
  });
}

function allowCopying(role: Role, source: Bucket, target: CopyTarget): IamRolePolicy {
  const { key, part } = source.props;
  if (key === "s3-managed") throw new Error(`the bucket ${part} has S3's own key and cannot be copied; give it a key of ours.`);
  return role.allow("copy", [
    { sid: "ReadSource", actions: ["s3:GetReplicationConfiguration", "s3:ListBucket"], resources: [source.arn] },
    {
      sid: "ReadVersions",
      actions: [
        "s3:GetObjectVersionForReplication",
        "s3:GetObjectVersionAcl",
        "s3:GetObjectVersionTagging",
        "s3:GetObjectRetention",
        "s3:GetObjectLegalHold",
      ],
      resources: [`${source.arn}/*`],
    },
    {
      sid: "WriteCopies",
      actions: ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"],
      resources: [`${target.bucket.arn}/*`],
    },
    useStatement(key.arn, ["Decrypt"]),
    { ...useStatement(target.key.arn, ["Encrypt"]), sid: "UseTargetKey" },
  ]);
}
