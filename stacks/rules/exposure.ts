import { referenced, resourcesOf, type Synthesized } from "./synthesized.ts";

/** "into app 8443 from load-balancer": every opening of every security group of a place, and nothing that is not one. */
export function exposures(synthesized: Synthesized, place: string): string[] {
  const groupName = (stack: string, text: unknown): string | undefined => {
    const group = typeof text === "string" ? referenced(synthesized, stack, text) : undefined;
    return group && String(group.body.name).replace(/^campus-[a-z]+-[a-z]+-/, "");
  };
  return resourcesOf(synthesized, "aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule")
    .filter((rule) => rule.stack.includes(`-${place}-`))
    .map(({ stack, type, body }) => {
      const ports = body.from_port === body.to_port ? body.from_port : `${body.from_port}-${body.to_port}`;
      const peer = groupName(stack, body.referenced_security_group_id) ?? body.cidr_ipv4 ?? body.cidr_ipv6 ?? "CloudFront";
      const into = type.includes("ingress");
      return `${into ? "into" : "out of"} ${groupName(stack, body.security_group_id)} ${ports} ${into ? "from" : "to"} ${peer}`;
    })
    .sort();
}

/** Openings to the whole world, and rules written inside a group, where policy scanners do not see them. */
export function openPorts(synthesized: Synthesized): string[] {
  const open = resourcesOf(synthesized, "aws_vpc_security_group_ingress_rule")
    .filter(({ body }) => body.cidr_ipv4 === "0.0.0.0/0" || body.cidr_ipv6 === "::/0" || body.ip_protocol === "-1")
    .map(({ path, body }) => `${path} lets the whole world in on port ${body.from_port ?? "any"}; name a group or a prefix list.`);
  const inline = resourcesOf(synthesized, "aws_security_group")
    .filter(({ body }) => body.ingress?.length || body.egress?.length)
    .map(({ path }) => `${path} has rules inside the group; use Group.allowFrom, whose rules are resources of their own.`);
  return [...open, ...inline];
}
