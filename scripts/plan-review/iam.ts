import { capabilities } from "../../regions/index.ts";
import { beyond, type Grant, grantsOf } from "./grants.ts";
import { changesAnything, creates, type Finding, type Plan, type ResourceChange, removes } from "./plan.ts";

const policyFields = ["policy", "assume_role_policy", "resource_policy", "access_policy", "key_policy"] as const;
/** AWS's own accounts that write load balancers' logs. */
const accountsOfAws: readonly string[] = Object.values(capabilities).map(({ loadBalancerLogAccount }) => loadBalancerLogAccount);
/** A gate shows everything that saying yes would allow; a note is only a hint. */
const shownOfANote = 4;

export const iamFindings = (plan: Plan): readonly Finding[] =>
  plan.changes.filter(changesAnything).flatMap((change) => [...policyFindings(plan, change), ...attachedPolicies(plan, change)]);

const policyFindings = (plan: Plan, change: ResourceChange): readonly Finding[] =>
  policyFields.flatMap((field) => {
    if (change.unknown[field] === true) return unreadable(plan, change, field);
    const before = grantsOf(change.before[field]);
    const after = grantsOf(change.after[field]);
    if (!before || !after) return [];
    if (removes(change)) return lostDenials(change, before, []);
    const added = beyond(allowed(after), allowed(before));
    return [...(added.length > 0 ? [judge(plan, change, added)] : []), ...lostDenials(change, before, after)];
  });

const allowed = (grants: readonly Grant[]) => grants.filter(({ effect }) => effect === "Allow");
const denied = (grants: readonly Grant[]) => grants.filter(({ effect }) => effect === "Deny");

const judge = (plan: Plan, change: ResourceChange, added: readonly Grant[]): Finding => {
  const { address } = change;
  const wide = new Set(added.flatMap((grant) => whyWide(plan, change, grant)));
  if (wide.size > 0) {
    const mend = "name the actions, the resources and the role or service that needs them; keep whole accounts and organisations out.";
    return { kind: "iam", address, says: `${[...wide].join(", ")}: ${describe(added)}`, mend };
  }
  if (belongsToSomethingNew(plan, change))
    return { kind: "iam", address, says: `gives something new its first rights: ${describe(added, shownOfANote)}` };
  return {
    kind: "iam",
    address,
    says: `widens what is allowed: ${describe(added)}`,
    mend: "take back what is not needed, or say who needs it with --accept.",
  };
};

const describe = (grants: readonly Grant[], shown = Number.POSITIVE_INFINITY): string => {
  const texts = grants.map(({ principal, action, resource }) => {
    const who = principal === "itself" ? "" : `${principal} `;
    return `${who}${action}${resource === "itself" ? "" : ` on ${resource}`}`;
  });
  const more = texts.length - shown;
  return [...texts.slice(0, shown), ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
};

const keyTypes = new Set(["aws_kms_key", "aws_kms_replica_key", "aws_kms_key_policy"]);

const whyWide = (plan: Plan, change: ResourceChange, grant: Grant): readonly string[] => {
  const { action, resource, principal, condition } = grant;
  // In a key's policy "*" is the key itself, and without its own account nobody could ever change the key again.
  const isKey = keyTypes.has(change.type);
  if (isKey && plan.accounts.some((account) => principal === `AWS:arn:aws:iam::${account}:root`)) return [];
  if (/PrincipalOrg/.test(condition)) return ["trusts a whole organisation"];
  if (principal === "AWS:*" || principal.startsWith("not:")) return ["trusts everybody"];
  if (/:sub"?:\s*\[?"repo:[^"]*\*/.test(condition)) return ["trusts every branch or repository of an owner"];
  const account = principal.startsWith("AWS:") ? /\d{12}/.exec(principal)?.[0] : undefined;
  if (account && ![...plan.accounts, ...accountsOfAws].includes(account)) return [`trusts another account, ${account}`];
  if (/\*/.test(action) || action.startsWith("not:")) return [`allows "${action}"`];
  return (resource === "*" && !isKey) || resource.startsWith("not:") ? [`allows ${action} on every resource`] : [];
};

const lostDenials = (change: ResourceChange, before: readonly Grant[], after: readonly Grant[]): readonly Finding[] => {
  const lost = beyond(denied(before), denied(after));
  if (lost.length === 0) return [];
  const mend = "keep the denial, or say with --accept why it is not needed.";
  return [{ kind: "iam", address: change.address, says: `no longer denies ${describe(lost)}`, mend }];
};

const unreadable = (plan: Plan, change: ResourceChange, field: string): readonly Finding[] => {
  const { address } = change;
  const says = `has a ${field} that only the apply will tell: it names something that does not stand yet (the rules over the synthesized JSON have read its text)`;
  if (belongsToSomethingNew(plan, change)) return [{ kind: "iam", address, says }];
  return [{ kind: "iam", address, says, mend: "deploy first what it names, then plan again." }];
};

const attachments: Readonly<Record<string, string>> = {
  aws_iam_role_policy_attachment: "role",
  aws_iam_user_policy_attachment: "user",
  aws_iam_group_policy_attachment: "group",
};

const attachedPolicies = (plan: Plan, change: ResourceChange): readonly Finding[] => {
  const { address, type, before, after } = change;
  if (!(type in attachments) || removes(change) || before.policy_arn === after.policy_arn) return [];
  const policy = String(after.policy_arn ?? "a policy that only the apply will tell");
  const says = `attaches ${policy} to ${after[attachments[type] ?? ""] ?? "something new"}`;
  const isWide = /\/(AdministratorAccess|PowerUserAccess|IAMFullAccess)$/.test(policy);
  if (!isWide && belongsToSomethingNew(plan, change)) return [{ kind: "iam", address, says }];
  return [{ kind: "iam", address, says, mend: "take back what is not needed, or say who needs it with --accept." }];
};

/** Which argument names what a policy is on, and which argument of that is its name. */
const owners: readonly (readonly [argument: string, type: string, name: string])[] = [
  ["role", "aws_iam_role", "name"],
  ["user", "aws_iam_user", "name"],
  ["group", "aws_iam_group", "name"],
  ["bucket", "aws_s3_bucket", "bucket"],
  ["queue_url", "aws_sqs_queue", "url"],
  ["arn", "aws_sns_topic", "arn"],
  ["secret_arn", "aws_secretsmanager_secret", "arn"],
  ["key_id", "aws_kms_key", "key_id"],
];

/** A policy of its own, or one on something that this plan creates: nobody had a right there before. */
const belongsToSomethingNew = (plan: Plan, change: ResourceChange): boolean => {
  if (!creates(change)) return false;
  const named = owners.find(([argument]) => argument in change.after || argument in change.unknown);
  const isOwnPolicyType = /_policy(_attachment)?$/.test(change.type) && change.type !== "aws_iam_policy";
  if (!named || !isOwnPolicyType) return true;
  const [argument, type, name] = named;
  if (change.unknown[argument] === true) return true;
  return plan.changes.some((one) => one.type === type && creates(one) && one.after[name] === change.after[argument]);
};
