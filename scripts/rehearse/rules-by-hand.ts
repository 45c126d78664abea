import { type EC2Client, paginateDescribeSecurityGroupRules, type SecurityGroupRule } from "@aws-sdk/client-ec2";
import type { StateResource } from "./terraform.ts";

export type RuleByHand = { readonly groupId: string; readonly ruleId: string; readonly text: string };

const ruleTypes = new Set(["aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"]);
const groupsPerCall = 100;

const textOf = (rule: SecurityGroupRule): string => {
  const peer = rule.CidrIpv4 ?? rule.CidrIpv6 ?? rule.ReferencedGroupInfo?.GroupId ?? rule.PrefixListId ?? "?";
  const ports = rule.IpProtocol === "-1" ? "all ports" : `${rule.IpProtocol} ${rule.FromPort}-${rule.ToPort}`;
  return `${rule.IsEgress ? "to" : "from"} ${peer}, ${ports}`;
};

/**
 * Rules in our security groups that no state knows. Terraform's plan does not see them, because it looks only
 * at rules it made, and ours are resources of their own.
 */
export const rulesByHand = async (states: readonly StateResource[], ec2: EC2Client): Promise<readonly RuleByHand[]> => {
  const groups = states.filter((one) => one.type === "aws_security_group").map((one) => String(one.values.id));
  const known = new Set(states.filter((one) => ruleTypes.has(one.type)).map((one) => String(one.values.security_group_rule_id)));
  const found: RuleByHand[] = [];
  for (let at = 0; at < groups.length; at += groupsPerCall) {
    const filters = [{ Name: "group-id", Values: groups.slice(at, at + groupsPerCall) }];
    for await (const page of paginateDescribeSecurityGroupRules({ client: ec2 }, { Filters: filters })) {
      for (const rule of page.SecurityGroupRules ?? []) {
        const ruleId = rule.SecurityGroupRuleId ?? "";
        if (!known.has(ruleId)) found.push({ groupId: rule.GroupId ?? "", ruleId, text: textOf(rule) });
      }
    }
  }
  return found;
};
