import { type Body, referenced, resourcesOf, type Synthesized } from "./synthesized.ts";

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

/** Routes that anybody's distribution could use: CloudFront's prefix list admits the distributions of all its customers. */
export function openRoutes(synthesized: Synthesized): string[] {
  const keys = resourcesOf(synthesized, "aws_cloudfront_distribution").flatMap(({ body }) =>
    body.origin.flatMap((one: Body) => one.custom_header ?? []),
  );
  return resourcesOf(synthesized, "aws_lb_listener_rule")
    .filter(({ body }) => !body.condition.some((one: Body) => keys.some((key) => key.name === one.http_header?.http_header_name)))
    .map(({ path }) => `${path} takes requests that have not passed our own edge; ask for the header that it sends.`);
}
