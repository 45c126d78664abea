import type { Json } from "../rehearse/terraform-json.ts";
import { creates, type Finding, type Plan, type ResourceChange, removes, valueAt } from "./plan.ts";

/** True protects, false does not. */
const switches = [
  "at_rest_encryption_enabled",
  "automatic_failover_enabled",
  "deletion_protection",
  "enable_deletion_protection",
  "enable_key_rotation",
  "enable_log_file_validation",
  "enable_logging",
  "iam_database_authentication_enabled",
  "multi_az",
  "multi_az_enabled",
  "object_lock_enabled",
  "storage_encrypted",
  "transit_encryption_enabled",
];

/** Of a new resource these are demanded too: the others are a matter of its size. */
const demandedOfNew = new Set(["deletion_protection", "enable_deletion_protection", "storage_encrypted"]);

/** False protects, true does not. */
const dangers = ["delete_automated_backups", "force_destroy", "skip_final_snapshot"];

/** The longer the better. */
const lengths = [
  "backup_retention_period",
  "deletion_window_in_days",
  "message_retention_seconds",
  "recovery_window_in_days",
  "retention_in_days",
  "retention_period",
  "rule.0.default_retention.0.days",
  "rule.0.default_retention.0.years",
  "snapshot_retention_limit",
];
/** Where 0 means for ever. */
const endlessAtZero = new Set(["retention_in_days"]);

/** Something that watches or protects others: without it they are weaker, though they are not changed. */
const guards: Readonly<Record<string, string>> = {
  aws_backup_plan: "backups are no longer made",
  aws_backup_selection: "what it chose is no longer backed up",
  aws_cloudwatch_metric_alarm: "nobody is told any more",
  aws_flow_log: "who talks to whom is no longer recorded",
  aws_guardduty_detector: "attacks are no longer looked for",
  aws_s3_bucket_object_lock_configuration: "new objects are no longer locked",
  aws_s3_bucket_replication_configuration: "new objects are no longer copied to the other region",
  aws_s3_bucket_server_side_encryption_configuration: "new objects are no longer encrypted with our key",
  aws_s3_bucket_versioning: "an overwritten or removed object is gone",
  aws_secretsmanager_secret_rotation: "the secret is no longer changed by itself",
  aws_shield_protection: "floods are no longer answered by Shield Advanced",
  aws_synthetics_canary: "nobody asks from outside any more",
  aws_wafv2_web_acl: "requests are no longer filtered",
  aws_wafv2_web_acl_association: "requests are no longer filtered",
};

export const protectionFindings = (plan: Plan): readonly Finding[] => plan.changes.flatMap(findingsOf);

const findingsOf = (change: ResourceChange): readonly Finding[] => {
  if (removes(change)) return removedGuard(change);
  const told = (says: string, mend: string): Finding => ({ kind: "protection", address: change.address, says, mend });
  return [
    ...switchedOff(change).map((path) => told(`switches ${path} off`, `keep ${path} = true, or say why with --accept.`)),
    ...turnedOn(change).map((path) => told(`sets ${path} = true`, `keep ${path} = false; only a decommission needs it.`)),
    ...shortened(change).map(({ path, from, to }) =>
      told(`lowers ${path} from ${from} to ${to}`, `keep ${from}, or save first what the shorter time drops.`),
    ),
    ...(stopsVersioning(change) ? [told("stops versioning", "keep it Enabled: an overwritten object is gone.")] : []),
    ...(losesBoundary(change) ? [told("loses its permissions boundary", "keep the boundary: every role of the platform carries it.")] : []),
  ];
};

const removedGuard = ({ address, type }: ResourceChange): readonly Finding[] =>
  type in guards
    ? [
        {
          kind: "protection",
          address,
          says: `is removed: ${guards[type]}`,
          mend: "keep it in the code, or put what replaces it into the same plan.",
        },
      ]
    : [];

/** Some attributes are text: at_rest_encryption_enabled is "true". */
const isOn = (value: unknown): boolean => value === true || value === "true";
const isKnown = ({ unknown }: ResourceChange, name: string): boolean => unknown[name] !== true;

const switchedOff = (change: ResourceChange): readonly string[] =>
  switches.filter((name) => {
    if (!isKnown(change, name) || isOn(change.after[name])) return false;
    return creates(change) ? demandedOfNew.has(name) && change.after[name] === false : isOn(change.before[name]);
  });

const turnedOn = (change: ResourceChange): readonly string[] =>
  dangers.filter((name) => change.after[name] === true && change.before[name] !== true && !(creates(change) && isReplica(change.after)));

/** RDS takes no final snapshot of a replica. */
const isReplica = (body: Json): boolean => Boolean(body.replicate_source_db);

const shortened = ({ before, after }: ResourceChange) =>
  lengths.flatMap((path) => {
    const [from, to] = [valueAt(before, path), valueAt(after, path)];
    if (typeof from !== "number" || typeof to !== "number") return [];
    const measured = (value: number) => (value === 0 && endlessAtZero.has(path) ? Number.POSITIVE_INFINITY : value);
    return measured(to) < measured(from) ? [{ path, from: String(from), to: String(to) }] : [];
  });

const versioning = "versioning_configuration.0.status";

const stopsVersioning = ({ type, before, after }: ResourceChange): boolean =>
  type === "aws_s3_bucket_versioning" && valueAt(before, versioning) === "Enabled" && valueAt(after, versioning) !== "Enabled";

const losesBoundary = (change: ResourceChange): boolean =>
  change.type === "aws_iam_role" &&
  Boolean(change.before.permissions_boundary) &&
  !change.after.permissions_boundary &&
  isKnown(change, "permissions_boundary");
