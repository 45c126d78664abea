import { readFileSync } from "node:fs";
import { type Body, type Resource, referenced, resourcesOf, type Synthesized } from "./synthesized.ts";

const ruleType = "aws_lb_listener_rule";

/** Rules of the listener that something waits for. */
const awaitedRules = (synthesized: Synthesized, { stack, body }: Resource): Resource[] =>
  resourcesOf(synthesized, ruleType).filter((rule) => rule.stack === stack && body.depends_on?.includes(`${ruleType}.${rule.id}`));

const forwardsTo = (rule: Resource, group: Resource): boolean =>
  JSON.stringify(rule.body.action).includes(`{aws_lb_target_group.${group.id}.`);

/** AWS refuses a policy that counts the requests of a group to which no listener sends any: the first apply of all would fail. */
export function policiesBeforeTheirRules(synthesized: Synthesized): string[] {
  return resourcesOf(synthesized, "aws_autoscaling_policy").flatMap((policy) => {
    const metric = policy.body.target_tracking_configuration?.predefined_metric_specification;
    if (metric?.predefined_metric_type !== "ALBRequestCountPerTarget") return [];
    const group = referenced(synthesized, policy.stack, String(metric.resource_label).replace(/^.*\}\//, ""));
    if (group && awaitedRules(synthesized, policy).some((rule) => forwardsTo(rule, group))) return [];
    return [
      `${policy.path} counts the requests of ${group?.path ?? "an unknown target group"} and does not wait for a listener rule that sends any there; AWS refuses that.`,
    ];
  });
}

/** A deploy that ends well although no machine serves: Terraform must wait for machines, and for rules without which none is ever looked at. */
export function deploysThatWaitForNobody(synthesized: Synthesized): string[] {
  return resourcesOf(synthesized, "aws_autoscaling_group").flatMap((group) => {
    const { body, path } = group;
    const target = referenced(synthesized, group.stack, String(body.target_group_arns?.[0]));
    const problems = [
      ...(/^(0|0s|undefined)$/.test(String(body.wait_for_capacity_timeout))
        ? ["does not wait for its machines (wait_for_capacity_timeout)"]
        : []),
      ...(body.min_size > 0 && body.min_elb_capacity !== body.min_size
        ? ["does not wait until its machines are healthy (min_elb_capacity)"]
        : []),
      ...(body.lifecycle?.ignore_changes?.includes("min_size") ? ["never takes another smallest number (ignore_changes)"] : []),
      ...(target && awaitedRules(synthesized, group).some((rule) => forwardsTo(rule, target))
        ? []
        : ["stands before the listener sends anything to its target group, whose health AWS then never looks at"]),
    ];
    return problems.map((problem) => `${path} ${problem}.`);
  });
}

type Operations = { readonly paths: Readonly<Record<string, unknown>> };

const servedPaths = (): readonly string[] =>
  Object.keys((JSON.parse(readFileSync(new URL("../../docs/openapi.json", import.meta.url), "utf8")) as Operations).paths);

/** Every target group is asked for a path that the app serves, on a port that its machines let the load balancer in by. */
export function deafTargets(synthesized: Synthesized, paths: readonly string[] = servedPaths()): string[] {
  return resourcesOf(synthesized, "aws_lb_target_group").flatMap((target) => {
    const { path, body } = target;
    const asked = body.health_check?.path;
    const port = Number(body.port);
    return [
      ...(paths.includes(asked)
        ? []
        : [`${path} asks ${asked}, which the app does not serve (docs/openapi.json): no machine would ever be healthy.`]),
      ...(isOpen(synthesized, target, port) ? [] : [`${path} sends to port ${port}, on which no machine lets the load balancer in.`]),
    ];
  });
}

/** Both ends: out of a balancer's group and into that of the machines. */
function isOpen(synthesized: Synthesized, target: Resource, port: number): boolean {
  const group = (rule: Resource, text: unknown) => referenced(synthesized, rule.stack, String(text))?.path;
  const ofPort = (type: string) => resourcesOf(synthesized, type).filter(({ body }) => body.from_port === port && body.to_port === port);
  const balancers = resourcesOf(synthesized, "aws_lb").filter(({ stack }) => stack === target.stack);
  const templates = resourcesOf(synthesized, "aws_launch_template").filter(({ stack }) => stack === target.stack);
  const groupsOf = (resources: readonly Resource[], ids: (body: Body) => readonly unknown[]) =>
    resources.flatMap((one) => ids(one.body).map((id) => group(one, id)));
  const from = groupsOf(balancers, (body) => body.security_groups ?? []);
  const into = groupsOf(templates, (body) => body.vpc_security_group_ids ?? []);
  const pairs = (rule: Resource, mine: readonly unknown[], theirs: readonly unknown[]) =>
    mine.includes(group(rule, rule.body.security_group_id)) && theirs.includes(group(rule, rule.body.referenced_security_group_id));
  return (
    ofPort("aws_vpc_security_group_ingress_rule").some((rule) => pairs(rule, into, from)) &&
    ofPort("aws_vpc_security_group_egress_rule").some((rule) => pairs(rule, from, into))
  );
}
