import type { CampusStack } from "./constructs/campus-stack.ts";
import { useStatement } from "./constructs/key.ts";
import { Role } from "./constructs/role.ts";
import type { Secret } from "./constructs/secret.ts";
import type { RegionKeys } from "./security.ts";
import type { StorageStack } from "./storage.ts";

export type AnalyticsRoleProps = { readonly keys: RegionKeys; readonly storage: StorageStack };

/** The job that reads the database: its secret, and a place in the network. It knows no table of the catalogue. */
export function createExtractRole(
  stack: CampusStack,
  props: AnalyticsRoleProps & { readonly databaseSecret: Secret; readonly mayRotate: boolean; readonly connection: string },
): Role {
  const role = createJobRole(stack, "extract", "Glue: reads orders and money from the database into files", props);
  // A copy in the other region cannot be written; there the jobs wait until they are needed.
  if (props.mayRotate) props.databaseSecret.grantRotate(role);
  else props.databaseSecret.grantRead(role);
  role.allow("find-the-connection", [
    {
      sid: "Connection",
      actions: ["glue:GetConnection"],
      resources: [stack.arn("glue", "catalog"), stack.arn("glue", `connection/${props.connection}`)],
    },
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

/** The job that makes the tables: no database, no secret, no network of ours. */
export function createPublishRole(stack: CampusStack, props: AnalyticsRoleProps & { readonly catalog: string }): Role {
  const role = createJobRole(stack, "publish", "Glue: makes the tables, checks them and points Athena to them", props);
  role.allow("point-the-catalogue", [
    {
      sid: "Tables",
      actions: ["glue:GetTable", "glue:UpdateTable"],
      resources: ["catalog", `database/${props.catalog}`, `table/${props.catalog}/*`].map((resource) => stack.arn("glue", resource)),
    },
  ]);
  return role;
}

function createJobRole(stack: CampusStack, what: "extract" | "publish", purpose: string, { storage, keys }: AnalyticsRoleProps): Role {
  const role = new Role(stack, `${what}-role`, { part: `analytics-${what}`, purpose, trust: { service: "glue.amazonaws.com" } });
  storage.artifacts.grantRead(role, "analytics/");
  storage.analytics.grantReadWrite(role);
  role.allow("say-what-happens", [
    {
      sid: "Logs",
      actions: ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey"],
      resources: [stack.arn("logs", "log-group:/aws-glue/*")],
    },
    useStatement(keys.logs.arn, ["Encrypt", "Decrypt", "GenerateDataKey"]),
    {
      sid: "PutMetrics",
      actions: ["cloudwatch:PutMetricData"],
      resources: ["*"],
      conditions: { StringEquals: { "cloudwatch:namespace": ["CampusPay", "Glue"] } },
    },
  ]);
  return role;
}
