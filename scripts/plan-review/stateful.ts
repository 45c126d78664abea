import { changesAnything, type Finding, forgets, type Plan, type ResourceChange, removes, replaces } from "./plan.ts";

/** What holds something that Terraform cannot make again, and what is lost with it. */
const held: Readonly<Record<string, string>> = {
  aws_backup_vault: "its recovery points",
  aws_cloudtrail: "the record of who did what, from then on",
  aws_cloudwatch_log_group: "its logs",
  aws_db_instance: "its data and its automated backups",
  aws_dynamodb_table: "its data",
  aws_ebs_volume: "its data",
  aws_efs_file_system: "its files",
  aws_elasticache_cluster: "what it caches, and every session's speed until it is warm",
  aws_elasticache_replication_group: "what it caches, and every session's speed until it is warm",
  aws_glue_catalog_database: "its tables",
  aws_kms_key: "everything that was encrypted with it",
  aws_kms_replica_key: "what this region encrypted with it",
  aws_rds_cluster: "its data and its automated backups",
  aws_route53_zone: "the name servers that the parent zone delegates to",
  aws_s3_bucket: "its objects",
  aws_secretsmanager_secret: "its value and its versions",
  aws_sqs_queue: "the messages that nobody has read yet",
};

export const isStateful = (type: string): boolean => type in held;

export const statefulFindings = (plan: Plan): readonly Finding[] =>
  plan.changes.filter((change) => isStateful(change.type) && changesAnything(change)).flatMap(findingOf);

const findingOf = (change: ResourceChange): readonly Finding[] => {
  const { address, type } = change;
  if (replaces(change)) {
    const mend =
      "find the argument that forces the replacement (`# forces replacement` in the plan) and take it back, or move the contents first.";
    return [{ kind: "stateful", address, says: `is replaced: lost is ${held[type]}`, mend }];
  }
  if (removes(change)) {
    return [
      { kind: "stateful", address, says: `is destroyed: lost is ${held[type]}`, mend: "keep it in the code, or save its contents first." },
    ];
  }
  if (forgets(change)) {
    const mend = "keep it in the code: what no state knows, no plan protects.";
    return [{ kind: "stateful", address, says: "is forgotten: it stays in AWS, and nobody manages it", mend }];
  }
  return [];
};
