import { type Body, type Resource, resourcesOf, type Synthesized } from "./synthesized.ts";

type Demand = { readonly what: string; readonly holds: (body: Body) => boolean };

/** What AWS replaces on a change and others hold on to: the new one stands first, so its name must not be the old one's. */
const replaceable = (forces?: (body: Body) => string): readonly Demand[] => [
  { what: "create_before_destroy", holds: (body) => body.lifecycle?.create_before_destroy === true },
  {
    what: "a name that another one of it can stand beside",
    holds: (body) =>
      Boolean(body.name_prefix) || (forces !== undefined && String(body.name ?? body.user_group_id).endsWith(`-${forces(body)}`)),
  },
];

const slotLimit = (body: Body): unknown => body.parameter?.find((one: Body) => one.name === "max_slot_wal_keep_size")?.value;

/** What each type of resource must say about itself. */
const demands: Readonly<Record<string, readonly Demand[]>> = {
  aws_db_instance: [
    { what: "deletion_protection", holds: (body) => body.deletion_protection === true },
    { what: "storage_encrypted with a key", holds: (body) => body.storage_encrypted === true && Boolean(body.kms_key_id) },
    { what: "publicly_accessible = false", holds: (body) => body.publicly_accessible === false },
    { what: "backups of 7 days or more", holds: (body) => body.backup_retention_period >= 7 },
    { what: "IAM authentication", holds: (body) => body.iam_database_authentication_enabled === true },
    { what: "a final snapshot", holds: (body) => Boolean(body.replicate_source_db) || body.skip_final_snapshot === false },
  ],
  aws_db_parameter_group: [
    ...replaceable((body) => body.family),
    { what: "a limit of the log that a lost copy keeps (max_slot_wal_keep_size)", holds: (body) => Number(slotLimit(body)) > 0 },
    { what: "rds.force_ssl = 1", holds: (body) => body.parameter?.some((one: Body) => one.name === "rds.force_ssl" && one.value === "1") },
  ],
  aws_elasticache_replication_group: [
    { what: "TLS", holds: (body) => body.transit_encryption_enabled === true },
    { what: "encryption at rest with a key", holds: (body) => body.at_rest_encryption_enabled === "true" && Boolean(body.kms_key_id) },
    { what: "users with passwords", holds: (body) => body.user_group_ids?.length > 0 },
    { what: "automatic failover over zones", holds: (body) => body.automatic_failover_enabled === true && body.multi_az_enabled === true },
  ],
  aws_elasticache_parameter_group: replaceable((body) => body.family),
  aws_elasticache_user_group: replaceable((body) => body.engine),
  aws_elasticache_user: [{ what: "switched off until it has a password", holds: (body) => body.access_string === "off -@all" }],
  aws_kms_key: [{ what: "yearly rotation", holds: (body) => body.enable_key_rotation === true && body.deletion_window_in_days === 30 }],
  aws_cloudwatch_log_group: [
    { what: "a retention", holds: (body) => body.retention_in_days >= 30 },
    { what: "a key", holds: (body) => Boolean(body.kms_key_id) },
  ],
  aws_sns_topic: [{ what: "a key", holds: (body) => Boolean(body.kms_master_key_id) }],
  aws_sqs_queue: [{ what: "a key", holds: (body) => Boolean(body.kms_master_key_id) }],
  aws_s3_bucket_object_lock_configuration: [
    { what: "a lock to the end of the seventh year after the year's end", holds: (body) => body.rule?.default_retention?.years >= 8 },
  ],
  aws_backup_vault_lock_configuration: [{ what: "a time before which nothing is deleted", holds: (body) => body.min_retention_days >= 35 }],
  aws_backup_vault: [{ what: "a key", holds: (body) => Boolean(body.kms_key_arn) }],
  aws_secretsmanager_secret: [
    { what: "a key", holds: (body) => Boolean(body.kms_key_id) },
    { what: "a copy in the other region", holds: (body) => body.replica?.length === 1 && Boolean(body.replica[0].kms_key_id) },
    { what: "30 days to change one's mind", holds: (body) => body.recovery_window_in_days === 30 },
  ],
  aws_lb: [
    { what: "deletion protection", holds: (body) => body.enable_deletion_protection === true },
    { what: "access logs", holds: (body) => body.access_logs?.enabled === true },
  ],
  aws_lb_listener: [
    {
      what: "TLS 1.2 or newer, or a redirect to it",
      holds: (body) =>
        body.protocol === "HTTPS"
          ? /TLS13-1-2/.test(body.ssl_policy)
          : body.default_action?.every((one: Body) => one.redirect?.protocol === "HTTPS"),
    },
  ],
  aws_lb_target_group: [
    ...replaceable(),
    { what: "TLS to the machines", holds: (body) => body.protocol === "HTTPS" && body.health_check?.path === "/ready" },
  ],
  aws_launch_template: [
    {
      what: "IMDSv2 with one hop",
      holds: ({ metadata_options: m }) => m?.http_tokens === "required" && m?.http_put_response_hop_limit === 1,
    },
    { what: "encrypted disks", holds: (body) => body.block_device_mappings?.every((one: Body) => one.ebs?.encrypted === "true") },
    { what: "no key pair", holds: (body) => body.key_name === undefined },
  ],
  aws_cloudfront_distribution: [
    { what: "TLS 1.2 to visitors", holds: (body) => body.viewer_certificate?.minimum_protocol_version === "TLSv1.2_2021" },
    { what: "a web ACL", holds: (body) => Boolean(body.web_acl_id) },
    {
      what: "no plain HTTP",
      holds: (body) =>
        [body.default_cache_behavior, ...body.ordered_cache_behavior].every((one: Body) =>
          ["redirect-to-https", "https-only"].includes(one.viewer_protocol_policy),
        ),
    },
  ],
  aws_cloudtrail: [
    { what: "a key and proof of its files", holds: (body) => Boolean(body.kms_key_id) && body.enable_log_file_validation === true },
  ],
  aws_lambda_function: [
    { what: "a role and a limit of time", holds: (body) => Boolean(body.role) && body.timeout >= 1 },
    { what: "its settings outside the environment, which would need a key", holds: (body) => body.environment === undefined },
  ],
  aws_synthetics_canary: [{ what: "encrypted artifacts", holds: (body) => Boolean(body.artifact_config?.s3_encryption?.encryption_mode) }],
  aws_s3_bucket: [{ what: "force_destroy = false", holds: (body) => body.force_destroy === false }],
  aws_subnet: [{ what: "no public addresses by default", holds: (body) => body.map_public_ip_on_launch === false }],
};

export function unprotected(synthesized: Synthesized): string[] {
  const broken = resourcesOf(synthesized).flatMap((resource) =>
    (demands[resource.type] ?? [])
      .filter(({ holds }) => !holds(resource.body))
      .map(({ what }) => `${resource.path} (${resource.type}) lacks ${what}.`),
  );
  return [
    ...broken,
    ...unlockedVaults(synthesized),
    ...bareBuckets(synthesized),
    ...silentCanaries(synthesized),
    ...uncallableRotations(synthesized),
  ];
}

function unlockedVaults(synthesized: Synthesized): string[] {
  const locked = resourcesOf(synthesized, "aws_backup_vault_lock_configuration").map(
    ({ stack, body }) => `${stack} ${body.backup_vault_name}`,
  );
  return resourcesOf(synthesized, "aws_backup_vault")
    .filter(({ stack, id }) => !locked.some((one) => one.startsWith(`${stack} `) && one.includes(`aws_backup_vault.${id}.`)))
    .map(({ path }) => `${path} has no lock: whoever takes over a role here deletes the backups first.`);
}

/** A canary that fails where nobody hears it. */
function silentCanaries(synthesized: Synthesized): string[] {
  const heard = resourcesOf(synthesized, "aws_cloudwatch_metric_alarm").map(({ stack, body }) => `${stack} ${body.dimensions?.CanaryName}`);
  return resourcesOf(synthesized, "aws_synthetics_canary")
    .filter(({ stack, body }) => !heard.includes(`${stack} ${body.name}`))
    .map(({ path }) => `${path} has no alarm on its SuccessPercent; build one with constructs/alarm.ts.`);
}

/** Secrets Manager asks only at the first rotation whether it may call the function, and then fails where nobody looks. */
function uncallableRotations(synthesized: Synthesized): string[] {
  const functionOf = (text: unknown) => /aws_lambda_function\.[\w-]+/.exec(String(text))?.[0];
  const callable = resourcesOf(synthesized, "aws_lambda_permission")
    .filter(({ body }) => body.principal === "secretsmanager.amazonaws.com" && body.source_account && body.source_arn)
    .map(({ stack, body }) => `${stack} ${functionOf(body.function_name)}`);
  return resourcesOf(synthesized, "aws_secretsmanager_secret_rotation")
    .filter(({ stack, body }) => !callable.includes(`${stack} ${functionOf(body.rotation_lambda_arn)}`))
    .map(
      ({ path }) =>
        `${path} calls a function that Secrets Manager may not call for this secret; add an aws_lambda_permission with source_account and source_arn.`,
    );
}

/** The resources that a bucket needs beside it to be private, encrypted, versioned, TLS only and tidy. */
const companions = [
  "aws_s3_bucket_public_access_block",
  "aws_s3_bucket_ownership_controls",
  "aws_s3_bucket_server_side_encryption_configuration",
  "aws_s3_bucket_versioning",
  "aws_s3_bucket_policy",
  "aws_s3_bucket_lifecycle_configuration",
];

function bareBuckets(synthesized: Synthesized): string[] {
  return resourcesOf(synthesized, "aws_s3_bucket").flatMap((bucket) => {
    const beside = (type: string) => resourcesOf(synthesized, type).find((one) => one.stack === bucket.stack && pointsAt(one, bucket));
    const missing = companions
      .filter((type) => !beside(type))
      .map((type) => `${bucket.path} has no ${type}; build it with constructs/bucket.ts.`);
    const policy = beside("aws_s3_bucket_policy")?.body.policy ?? "";
    return policy && !policy.includes('"aws:SecureTransport":"false"')
      ? [...missing, `${bucket.path} answers without TLS; its policy must deny that.`]
      : missing;
  });
}

const pointsAt = (companion: Resource, bucket: Resource): boolean =>
  String(companion.body.bucket).startsWith(`\${aws_s3_bucket.${bucket.id}.`);
