import { referenced, resourcesOf, type Synthesized } from "./synthesized.ts";

/**
 * With private DNS, everybody in the network resolves a service's name to its endpoint: a group that asks AWS for anything (it may
 * reach HTTPS anywhere) and is not let in there waits until its time is up.
 */
export function shutOutOfEndpoints(synthesized: Synthesized): string[] {
  const rules = resourcesOf(synthesized, "aws_vpc_security_group_ingress_rule");
  return resourcesOf(synthesized, "aws_vpc_endpoint")
    .filter(({ body }) => body.vpc_endpoint_type === "Interface" && body.private_dns_enabled === true)
    .flatMap((endpoint) => {
      const place = endpoint.stack.replace(/-network$/, "");
      const doors = (endpoint.body.security_group_ids as string[]).map((text) => referenced(synthesized, endpoint.stack, text)?.path);
      const admitted = rules
        .filter(({ stack, body }) => doors.includes(referenced(synthesized, stack, body.security_group_id)?.path) && body.from_port === 443)
        .map(({ stack, body }) => referenced(synthesized, stack, body.referenced_security_group_id)?.path);
      return resourcesOf(synthesized, "aws_vpc_security_group_egress_rule")
        .filter(({ stack, body }) => stack.startsWith(place) && body.from_port === 443 && body.cidr_ipv4 === "0.0.0.0/0")
        .flatMap(({ stack, body }) => referenced(synthesized, stack, body.security_group_id) ?? [])
        .filter(({ path }) => !admitted.includes(path))
        .map(({ path }) => `${path} asks AWS for things and is shut out of ${endpoint.path}; let its group into the endpoints' group.`);
    });
}
