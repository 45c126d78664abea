import { list, patternOf, statementsOf } from "./policies.ts";
import { type Resource, referenced, resourcesOf, type Synthesized } from "./synthesized.ts";

/** What AWS's own policies allow, as far as a boundary without it would break what we attach them for. */
const ofAwsPolicies: Readonly<Record<string, readonly string[]>> = {
  "arn:aws:iam::aws:policy/ReadOnlyAccess": ["ec2:Describe*", "iam:Get*", "iam:List*", "s3:Get*"],
  "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup": [
    "backup:DescribeBackupVault",
    "backup:CopyIntoBackupVault",
    "kms:DescribeKey",
    "rds:AddTagsToResource",
    "rds:CopyDBSnapshot",
    "rds:CreateDBSnapshot",
    "rds:DescribeDBInstances",
    "tag:GetResources",
  ],
  "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole": [
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
  ],
  "arn:aws:iam::aws:policy/service-role/AWS_ConfigRole": [
    "config:PutConfigurationItems",
    "iam:GetAccountAuthorizationDetails",
    "iam:GetRole",
    "iam:GenerateCredentialReport",
    "iam:ListPolicies",
    "kms:GetKeyPolicy",
    "rds:DescribeDBInstances",
    "s3:GetBucketPolicy",
  ],
};

/**
 * What a role is given and its boundary takes away again: AWS allows only what both allow, and says so at the first call and not at
 * the apply. Conditions and resources are not compared: a boundary of ours has neither.
 */
export function outsideBoundary(synthesized: Synthesized): string[] {
  const roles = resourcesOf(synthesized, "aws_iam_role").filter(({ body }) => body.permissions_boundary);
  return roles.flatMap((role) => {
    const boundary = resourcesOf(synthesized, "aws_iam_policy").find(({ body }) =>
      role.body.permissions_boundary.endsWith(`/${body.name}`),
    );
    if (!boundary) return [`${role.path} has a boundary that no stack makes (${role.body.permissions_boundary}).`];
    const { allows, denies } = limitsOf(boundary);
    return [...given(synthesized, role), ...attached(synthesized, role)].flatMap(({ path, action }) => {
      if (action === undefined) return [`${path}: nobody wrote down what this policy allows; add its actions to stacks/rules/boundary.ts.`];
      if (denies.some((pattern) => pattern.test(action))) return [`${path} gives ${action}, which the boundary denies; take it away.`];
      if (allows.some((pattern) => pattern.test(action))) return [];
      return [`${path} gives ${action}, which the boundary does not hold; add its service to stacks/boundary.ts or take it away.`];
    });
  });
}

function limitsOf(boundary: Resource) {
  const patterns = (effect: string) =>
    statementsOf(boundary)
      .filter((statement) => statement.Effect === effect)
      .flatMap(({ Action }) => list(Action).map(patternOf));
  return { allows: patterns("Allow"), denies: patterns("Deny") };
}

const belongsTo =
  (synthesized: Synthesized, role: Resource) =>
  ({ stack, body }: Resource): boolean =>
    referenced(synthesized, stack, String(body.role))?.path === role.path;

type Given = { readonly path: string; readonly action: string | undefined };

function given(synthesized: Synthesized, role: Resource): Given[] {
  return resourcesOf(synthesized, "aws_iam_role_policy")
    .filter(belongsTo(synthesized, role))
    .flatMap((policy) =>
      statementsOf(policy)
        .filter(({ Effect }) => Effect === "Allow")
        .flatMap(({ Action }) => list(Action).map((action) => ({ path: policy.path, action }))),
    );
}

function attached(synthesized: Synthesized, role: Resource): Given[] {
  return resourcesOf(synthesized, "aws_iam_role_policy_attachment")
    .filter(belongsTo(synthesized, role))
    .flatMap(({ path, body }) => (ofAwsPolicies[body.policy_arn] ?? [undefined]).map((action) => ({ path, action })));
}
