import {
  AuthorizeSecurityGroupIngressCommand,
  CreateTagsCommand,
  DeleteTagsCommand,
  EC2Client,
  ModifyVpcAttributeCommand,
  RevokeSecurityGroupIngressCommand,
} from "@aws-sdk/client-ec2";
import { rehearsalAccount } from "../../app/local/aws-world.ts";
import { regionOf } from "./configurations.ts";
import { say } from "./console.ts";
import type { Stack } from "./manifest.ts";
import type { StackRecord } from "./report.ts";
import { rulesByHand } from "./rules-by-hand.ts";
import { planAgain } from "./second-plan.ts";
import { type Site, type StateResource, terraform } from "./terraform.ts";
import { readConfiguration } from "./terraform-json.ts";

const handTag = { Key: "ChangedBy", Value: "hand" };
const sshFromAnywhere = { IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: "0.0.0.0/0" }] };

const client = (site: Site, region: string): EC2Client =>
  new EC2Client({
    region,
    endpoint: site.env.AWS_ENDPOINT_URL ?? "",
    credentials: { accessKeyId: "rehearsal", secretAccessKey: "rehearsal", accountId: rehearsalAccount },
    maxAttempts: 1,
  });

const idOf = (resource: StateResource): string => String(resource.values.id);

type Deployed = { readonly stack: Stack; readonly region: string; readonly resources: readonly StateResource[] };

/**
 * Changes three things by hand and demands that each is found: a tag and a setting of the VPC by plan,
 * a rule in a security group by our own check. Then mends all three and demands silence.
 */
export const driftIsFound = async (site: Site, stacks: readonly Stack[], records: ReadonlyMap<string, StackRecord>): Promise<boolean> => {
  const deployed = stacks.map((stack): Deployed => {
    return { stack, region: regionOf(readConfiguration(stack)), resources: records.get(stack.name)?.resources ?? [] };
  });
  const network = deployed.find(({ resources }) => resources.some((one) => one.type === "aws_vpc"));
  const grouped = deployed.find(({ resources }) => resources.some((one) => one.type === "aws_security_group"));
  if (!network || !grouped) {
    say("drift: no VPC or security group among these stacks, nothing to change by hand");
    return true;
  }
  const byPlan = await planFindsHandChanges(site, network);
  const sameRegion = deployed.filter((one) => one.region === grouped.region).flatMap((one) => one.resources);
  return (await checkFindsHandRule(site, grouped, sameRegion)) && byPlan;
};

const planFindsHandChanges = async (site: Site, { stack, region, resources }: Deployed): Promise<boolean> => {
  const vpc = resources.find((one) => one.type === "aws_vpc");
  if (!vpc) return false;
  const ec2 = client(site, region);
  const hostnames = vpc.values.enable_dns_hostnames === true;
  await ec2.send(new CreateTagsCommand({ Resources: [idOf(vpc)], Tags: [handTag] }));
  await ec2.send(new ModifyVpcAttributeCommand({ VpcId: idOf(vpc), EnableDnsHostnames: { Value: !hostnames } }));
  const plan = await planAgain(site, stack);
  const changed =
    plan.kind === "changes" ? plan.changes.filter((change) => change.address === vpc.address).flatMap((change) => change.attributes) : [];
  const found = ["tags", "enable_dns_hostnames"].every((attribute) => changed.includes(attribute));
  say(
    `drift: a tag and a setting of ${vpc.address} in ${stack.name} changed by hand: ${found ? "plan finds both" : `plan finds ${changed.join() || "nothing"}`}`,
  );
  await ec2.send(new DeleteTagsCommand({ Resources: [idOf(vpc)], Tags: [handTag] }));
  await ec2.send(new ModifyVpcAttributeCommand({ VpcId: idOf(vpc), EnableDnsHostnames: { Value: hostnames } }));
  const mended = (await planAgain(site, stack)).kind === "empty";
  if (!mended) say(`drift: ${stack.name} is not clean after the hand changes were taken back`);
  return found && mended;
};

const checkFindsHandRule = async (
  site: Site,
  { stack, region, resources }: Deployed,
  states: readonly StateResource[],
): Promise<boolean> => {
  const group = resources.find((one) => one.type === "aws_security_group");
  if (!group) return false;
  const ec2 = client(site, region);
  const before = await rulesByHand(states, ec2);
  if (before.length > 0)
    say(`drift: rules that no state knows, before any hand change: ${before.map((rule) => `${rule.groupId} ${rule.text}`).join("; ")}`);
  const added = await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: idOf(group), IpPermissions: [sshFromAnywhere] }));
  const planIsBlind = (await terraform(site, stack, "plan", "-detailed-exitcode", "-input=false", "-lock=false", "-no-color")).code === 0;
  const found = (await rulesByHand(states, ec2)).filter((rule) => rule.groupId === idOf(group));
  const ok = before.length === 0 && found.length === 1 && found[0]?.ruleId === added.SecurityGroupRules?.[0]?.SecurityGroupRuleId;
  say(
    `drift: a rule added by hand to ${group.address} in ${stack.name} (${found[0]?.text ?? "not found"}): ${planIsBlind ? "plan does not see it, " : ""}${ok ? "our check does" : "OUR CHECK MISSES IT"}`,
  );
  await ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId: idOf(group), IpPermissions: [sshFromAnywhere] }));
  return ok && (await rulesByHand(states, ec2)).length === 0;
};
