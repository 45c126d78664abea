/** A check of Checkov that may fail: on what, why, and until when. The policy run fails on one that has expired or that nothing needs. */
export type Waiver = {
  readonly check: string;
  /** The beginning of the resource's name as Checkov says it, or every resource. */
  readonly on: string | "every resource";
  /** Only in stacks with such names; in all when left out. */
  readonly stacks?: RegExp;
  readonly reason: string;
  /** YYYY-MM-DD */
  readonly until: string;
};

const nextReview = "2027-05-31";

export const waivers: readonly Waiver[] = [
  {
    check: "CKV2_AWS_62",
    on: "every resource",
    reason: "nothing of ours reacts to new objects: images and receipts are written by the app, which knows that it did",
    until: nextReview,
  },
  {
    check: "CKV2_AWS_57",
    on: "every resource",
    reason:
      "keys of signatures and peppers must not be exchanged by a timer, providers' keys are given out by the providers; docs/platform/secrets.md says who rotates the other passwords; the master's rotation is in the data stack, where Checkov, which reads one stack at a time, does not look",
    until: nextReview,
  },
  {
    check: "CKV2_AWS_5",
    on: "every resource",
    reason: "groups are attached in other stacks than the network's; Checkov looks at one stack at a time, our exposure test at all",
    until: nextReview,
  },
  {
    check: "CKV_AWS_144",
    on: "aws_s3_bucket.logs_",
    reason: "logs are for the region that wrote them; the trail of the account is kept in both regions",
    until: nextReview,
  },
  {
    check: "CKV_AWS_144",
    on: "aws_s3_bucket.analytics_",
    reason: "made anew each night from the database, which has its own copy",
    until: nextReview,
  },
  {
    check: "CKV_AWS_144",
    on: "aws_s3_bucket.edge-logs_",
    reason: "request logs of the edge: useful, not needed to go on",
    until: nextReview,
  },
  ...["web", "menu-images", "receipts", "artifacts"].map((part) => ({
    check: "CKV_AWS_144",
    on: `aws_s3_bucket.${part}_`,
    stacks: /-south-storage$/,
    reason: "the bucket of the standby is itself the copy",
    until: nextReview,
  })),
  {
    check: "CKV_AWS_18",
    on: "aws_s3_bucket.state",
    reason: "stands before any log bucket does; who reads or writes the state is in the trail, and only CI's two roles may",
    until: nextReview,
  },
  {
    check: "CKV_AWS_18",
    on: "aws_s3_bucket.edge-logs_",
    reason: "a bucket of logs: logging access to it would make a line for each line",
    until: nextReview,
  },
  ...["logs", "edge-logs"].map((part) => ({
    check: "CKV_AWS_145",
    on: `aws_s3_bucket.${part}_`,
    reason: "load balancers and S3's access logs write only to buckets with S3's own keys",
    until: nextReview,
  })),
  ...["CKV_AWS_24", "CKV_AWS_25", "CKV_AWS_260"].map((check) => ({
    check,
    on: "resource.group-glue_from-members_",
    reason: "the rule is from the group to itself, as Glue demands, and not from 0.0.0.0/0; Checkov reads only the ports",
    until: nextReview,
  })),
  { check: "CKV_AWS_252", on: "resource.trail", reason: "a message for each log file tells nobody anything", until: nextReview },
  {
    check: "CKV_AWS_67",
    on: "resource.trail",
    stacks: /-south-/,
    reason: "the primary's trail sees all regions; the standby's is its own record",
    until: nextReview,
  },
  {
    check: "CKV2_AWS_10",
    on: "aws_cloudtrail.trail",
    reason: "the trail is read with Athena where it lies; a second copy in log groups doubles its price",
    until: nextReview,
  },
  {
    check: "CKV2_AWS_76",
    on: "aws_lb.load-balancer_",
    reason: "the rule set against Log4j is in the ACL (KnownBadInputs); Checkov does not follow the association through snake_case rules",
    until: nextReview,
  },
  {
    check: "CKV2_AWS_47",
    on: "aws_cloudfront_distribution.distribution",
    reason: "as for the load balancer: the rule set is there",
    until: nextReview,
  },
  {
    check: "CKV2_AWS_3",
    on: "aws_guardduty_detector.guardduty",
    reason: "one account without an organisation; the detector is on",
    until: nextReview,
  },
  {
    check: "CKV2_AWS_48",
    on: "aws_config_configuration_recorder.recorder",
    reason: "global resources are recorded once, in the primary",
    until: nextReview,
  },
  {
    check: "CKV_AWS_86",
    on: "resource.distribution",
    reason: "requests are logged through a log delivery (v2), which Checkov does not know",
    until: nextReview,
  },
  {
    check: "CKV_AWS_374",
    on: "resource.distribution",
    reason: "students travel; fraud is met by confirm keys and limits, not by borders",
    until: nextReview,
  },
  {
    check: "CKV_AWS_157",
    on: "resource.database_instance_",
    stacks: /-south-data$/,
    reason: "the replica only: it is made Multi-AZ when it is promoted (multiAz in regions/ carries its own end date)",
    until: nextReview,
  },
  {
    check: "CKV2_AWS_39",
    on: "aws_route53_zone.zone",
    reason: "query logs hold what every resolver asked; nothing here would be decided by them",
    until: nextReview,
  },
  {
    check: "CKV2_AWS_38",
    on: "aws_route53_zone.zone",
    reason:
      "the parent zone is the university's: signing starts once it takes our key, and a broken chain would take the campus off the net",
    until: nextReview,
  },
  ...[
    [
      "CKV_AWS_116",
      "Secrets Manager calls it again when it fails, and an alarm counts its errors: nothing is lost that a queue would have to keep",
    ],
    ["CKV_AWS_117", "it asks Secrets Manager and RDS and never connects to the database; inside the network it would need a way out of it"],
    ["CKV_AWS_115", "Secrets Manager calls it once a month; reserving a share is refused in an account whose limit is still 10"],
    ["CKV_AWS_272", "whoever may deploy it may also sign it; its archive is named by its digest and byte-equal from the reviewed source"],
    ["CKV_AWS_50", "four calls a month, each of them a line in its log with its step"],
  ].map(([check = "", reason = ""]) => ({ check, on: "resource.rotation_function_", stacks: /-north-data$/, reason, until: nextReview })),
  {
    check: "CKV_AWS_338",
    on: "every resource",
    stacks: /^(pilot|staging)-/,
    reason: "logs of the pilot and of staging are kept for 90 days: what law asks for is in the database; production keeps 400 days",
    until: nextReview,
  },
  {
    check: "CKV2_AWS_34",
    on: "aws_ssm_parameter.epoch",
    reason:
      "a number and the name of a region, which every receipt carries; a machine must read them from both regions in a failover, and a key is one thing more that may be lost",
    until: nextReview,
  },
];
