import type { Statement } from "./constructs/policy.ts";

/** The services that the platform uses: what CI may build with, and the most that a role may touch. */
export const platformServices = [
  "acm",
  "athena",
  "autoscaling",
  "backup",
  "backup-storage",
  "budgets",
  "cloudfront",
  "cloudtrail",
  "cloudwatch",
  "config",
  "ec2",
  "elasticache",
  "elasticloadbalancing",
  "events",
  "glue",
  "guardduty",
  "kinesis",
  "kms",
  "lambda",
  "logs",
  "quicksight",
  "rds",
  "route53",
  "s3",
  "secretsmanager",
  "ses",
  "shield",
  "sns",
  "sqs",
  "ssm",
  "ssmmessages",
  "synthetics",
  "tag",
  "wafv2",
];

/** However much a role of the platform is given, it can never change identities, end the trail, remove a key or unlock a receipt. */
export const boundary: readonly Statement[] = [
  { sid: "WhatThePlatformUses", actions: platformServices.map((service) => `${service}:*`), resources: ["*"] },
  {
    sid: "LookAtIdentities", // AWS Config records roles and policies
    actions: ["iam:GenerateCredentialReport", "iam:Get*", "iam:List*"],
    resources: ["*"],
  },
  {
    sid: "TrailKeysAndReceiptsStay",
    effect: "Deny",
    actions: [
      "cloudtrail:DeleteTrail",
      "cloudtrail:StopLogging",
      "kms:DisableKey",
      "kms:ScheduleKeyDeletion",
      "s3:BypassGovernanceRetention",
    ],
    resources: ["*"],
  },
];
