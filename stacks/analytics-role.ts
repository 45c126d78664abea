import type { CampusStack } from "./constructs/campus-stack.ts";
import { useStatement } from "./constructs/key.ts";
import { Role } from "./constructs/role.ts";
import type { Secret } from "./constructs/secret.ts";
import type { RegionKeys } from "./security.ts";
import type { StorageStack } from "./storage.ts";

export type AnalyticsRoleProps = {
  readonly keys: RegionKeys;
  readonly databaseSecret: Secret;
  readonly storage: StorageStack;
  /** The name of the catalog's database. */
  readonly catalog: string;
};

/** What Glue's jobs and crawler may do: read the orders, write the analytics bucket, keep the catalog, join the network. */
export function createAnalyticsRole(stack: CampusStack, { storage, databaseSecret, keys, catalog }: AnalyticsRoleProps): Role {
  const role = new Role(stack, "role", {
    part: "analytics",
    purpose: "Glue jobs and crawler: read the database, write the analytics bucket",
    trust: { service: "glue.amazonaws.com" },
  });
  storage.artifacts.grantRead(role, "analytics/");
  storage.analytics.grantReadWrite(role);
  databaseSecret.grantRead(role);
  const tables = ["catalog", `database/${catalog}`, `table/${catalog}/*`];
  role.allow("keep-the-catalog", [
    {
      sid: "Tables",
      actions: [
        "glue:BatchCreatePartition",
        "glue:BatchGetPartition",
        "glue:BatchUpdatePartition",
        "glue:CreateTable",
        "glue:GetDatabase",
        "glue:GetPartition",
        "glue:GetPartitions",
        "glue:GetTable",
        "glue:GetTables",
        "glue:UpdateTable",
      ],
      resources: tables.map((resource) => stack.arn("glue", resource)),
    },
    {
      sid: "Connection",
      actions: ["glue:GetConnection"],
      resources: [stack.arn("glue", "catalog"), stack.arn("glue", `connection/${stack.name("other", "orders")}`)],
    },
    {
      sid: "Logs",
      actions: ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey"],
      resources: [stack.arn("logs", "log-group:/aws-glue/*")],
    },
    useStatement(keys.logs.arn, ["Encrypt", "Decrypt", "GenerateDataKey"]),
  ]);
  // Network interfaces in our subnets: describing knows no resource; making and removing are tied to this region.
  role.allow("join-the-network", [
    {
      sid: "Look",
      actions: [
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcAttribute",
        "ec2:DescribeVpcEndpoints",
      ],
      resources: ["*"],
    },
    {
      sid: "Interfaces",
      actions: ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:CreateTags"],
      resources: ["network-interface", "subnet", "security-group"].map((kind) => stack.arn("ec2", `${kind}/*`)),
    },
  ]);
  return role;
}
