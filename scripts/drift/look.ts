import { regionOf } from "../rehearse/configurations.ts";
import type { Stack } from "../rehearse/manifest.ts";
import { type RuleByHand, rulesByHand } from "../rehearse/rules-by-hand.ts";
import { describeChange, planAgain } from "../rehearse/second-plan.ts";
import { type StateResource, stateOf, terraform } from "../rehearse/terraform.ts";
import { readConfiguration } from "../rehearse/terraform-json.ts";
import type { Place } from "./place.ts";

/** What was seen of one stack, or of the security groups of one region. */
export type Seen =
  | { readonly kind: "same"; readonly about: string }
  | { readonly kind: "drifted"; readonly about: string; readonly says: readonly string[]; readonly mend: string }
  | { readonly kind: "not seen"; readonly about: string; readonly says: readonly string[] };

export type Look = { readonly stack: Stack; readonly region: string; readonly resources: readonly StateResource[]; readonly seen: Seen };

/** Plans the stack as it is deployed, without a lock: what Terraform would mend is what differs. */
export const lookAtStack = async ({ site }: Place, stack: Stack): Promise<Look> => {
  const region = regionOf(readConfiguration(stack));
  const about = stack.name;
  const blind = (says: readonly string[]): Look => ({ stack, region, resources: [], seen: { kind: "not seen", about, says } });
  const ready = await terraform(site, stack, "init", "-input=false", "-no-color");
  if (ready.code !== 0) return blind(errorIn(ready.lines));
  const resources = await stateOf(site, stack);
  if (resources.length === 0) {
    const mend = `deploy it (npx cdktf deploy ${about}), or take its environment out of the schedule.`;
    return { stack, region, resources, seen: { kind: "drifted", about, says: ["its state is empty: nothing of it stands"], mend } };
  }
  const plan = await planAgain(site, stack);
  if (plan.kind === "failed") return blind([plan.message]);
  if (plan.kind === "empty") return { stack, region, resources, seen: { kind: "same", about } };
  const mend = `made by hand: npx cdktf deploy ${about} takes it back, or write it into the code. Merged and not deployed: deploy.`;
  return { stack, region, resources, seen: { kind: "drifted", about, says: plan.changes.map(describeChange), mend } };
};

const errorIn = (lines: readonly string[]): readonly string[] => {
  const at = lines.findIndex((line) => line.includes("Error:"));
  const told = lines.slice(Math.max(at, 0)).map((line) => line.replace(/^[│╷╵\s]+/, ""));
  return told.filter((line) => line !== "").slice(0, 4);
};

/** Rules in our groups that no stack made. Every stack of the region must have been read: any of them may own a rule. */
export const lookAtGroups = async (place: Place, region: string, looks: readonly Look[]): Promise<Seen> => {
  const about = `security groups of ${region}`;
  const unread = looks.filter(({ seen }) => seen.kind === "not seen").map(({ stack }) => stack.name);
  if (unread.length > 0)
    return { kind: "not seen", about, says: [`their rules may stand in ${unread.join(", ")}, which could not be read`] };
  const states = looks.flatMap(({ resources }) => resources);
  if (!states.some(({ type }) => type === "aws_security_group")) return { kind: "same", about };
  const ec2 = place.ec2In(region);
  try {
    const rules = await rulesByHand(states, ec2);
    return rules.length === 0 ? { kind: "same", about } : rulesSeen(about, region, looks, rules);
  } catch (error) {
    return { kind: "not seen", about, says: [`AWS refused to list their rules (${(error as Error).name}: ${(error as Error).message})`] };
  } finally {
    ec2.destroy();
  }
};

const rulesSeen = (about: string, region: string, looks: readonly Look[], rules: readonly RuleByHand[]): Seen => {
  const ownerOf = (groupId: string): string => {
    const owner = looks.find(({ resources }) =>
      resources.some(({ type, values }) => type === "aws_security_group" && values.id === groupId),
    );
    const group = owner?.resources.find(({ values }) => values.id === groupId);
    return `${groupId} (${group?.address} of ${owner?.stack.name})`;
  };
  const first = rules[0] as RuleByHand;
  const direction = first.text.startsWith("to ") ? "egress" : "ingress";
  return {
    kind: "drifted",
    about,
    says: rules.map(({ groupId, ruleId, text }) => `${ownerOf(groupId)} has ${ruleId}, which no stack made: ${text}`),
    mend: `aws ec2 revoke-security-group-${direction} --region ${region} --group-id ${first.groupId} --security-group-rule-ids ${first.ruleId}, or write it into the stack.`,
  };
};
