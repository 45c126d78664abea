import { isObject, type Json } from "../rehearse/terraform-json.ts";
import { creates, type Finding, type Plan, type ResourceChange, removes, valueAt } from "./plan.ts";

const webPorts = [80, 443];
const groupOfTheLoadBalancer = /-load-balancer$/;
/** Addresses that no packet from the internet can have. */
const privateRanges =
  /^(10\.|127\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|192\.168\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd][0-9a-f]{2}:|fe80:)/i;
const shortestPrivatePrefix = { v4: 8, v6: 7 } as const;

export const exposureFindings = (plan: Plan): readonly Finding[] =>
  plan.changes.flatMap((change) => [...openings(plan, change), ...loosenedBlocks(change), ...publicSwitches(change)]);

/** One rule that lets somebody in, whichever of Terraform's three ways wrote it. */
type Opening = { readonly cidr: string; readonly from: unknown; readonly to: unknown; readonly protocol: unknown };

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]);

const openingsIn = (type: string, body: Json): readonly Opening[] => {
  if (type === "aws_vpc_security_group_ingress_rule") return openingOf(body, [body.cidr_ipv4, body.cidr_ipv6], body.ip_protocol);
  if (type === "aws_security_group_rule" && body.type === "ingress") {
    return openingOf(body, [...list(body.cidr_blocks), ...list(body.ipv6_cidr_blocks)], body.protocol);
  }
  if (type === "aws_security_group" || type === "aws_default_security_group") {
    return list(body.ingress)
      .filter(isObject)
      .flatMap((rule) => openingOf(rule, [...list(rule.cidr_blocks), ...list(rule.ipv6_cidr_blocks)], rule.protocol));
  }
  return [];
};

const openingOf = (rule: Json, cidrs: readonly unknown[], protocol: unknown): readonly Opening[] =>
  cidrs.filter((cidr) => typeof cidr === "string").map((cidr) => ({ cidr, from: rule.from_port, to: rule.to_port, protocol }));

const isFromInternet = ({ cidr }: Opening): boolean => {
  const shortest = cidr.includes(":") ? shortestPrivatePrefix.v6 : shortestPrivatePrefix.v4;
  return !privateRanges.test(cidr) || Number(cidr.split("/")[1] ?? shortest) < shortest;
};

const portsOf = ({ from, to, protocol }: Opening): string => {
  if (protocol === "-1" || protocol === "all") return "every port";
  return from === to ? `port ${from}` : `ports ${from} to ${to}`;
};

const openings = (plan: Plan, change: ResourceChange): readonly Finding[] => {
  const { address, type } = change;
  const before = new Set(openingsIn(type, change.before).map((opening) => JSON.stringify(opening)));
  const added = openingsIn(type, change.after).filter((opening) => isFromInternet(opening) && !before.has(JSON.stringify(opening)));
  const seen = added.map((opening): Finding => {
    const who = /\/0$/.test(opening.cidr) ? `everybody (${opening.cidr})` : `${opening.cidr} on the internet`;
    const says = `lets ${who} in on ${portsOf(opening)}`;
    if (isWebDoor(plan, change, opening)) return { kind: "exposure", address, says: `${says} of the load balancer` };
    return {
      kind: "exposure",
      address,
      says,
      mend: "name a security group or a prefix list instead; only the load balancer's 443 and 80 may be open.",
    };
  });
  const isHidden =
    type === "aws_vpc_security_group_ingress_rule" && (change.unknown.cidr_ipv4 === true || change.unknown.cidr_ipv6 === true);
  const mend = "deploy first what the address comes from, then plan again.";
  return isHidden ? [...seen, { kind: "exposure", address, says: "lets in an address that only the apply will tell", mend }] : seen;
};

const isWebDoor = (plan: Plan, change: ResourceChange, { from, to, protocol }: Opening): boolean =>
  protocol === "tcp" && from === to && webPorts.includes(Number(from)) && groupOfTheLoadBalancer.test(nameOfGroup(plan, change));

const nameOfGroup = (plan: Plan, { address, after }: ResourceChange): string => {
  const references = plan.references.get(address) ?? [];
  const group = plan.changes.find(
    (one) =>
      one.type === "aws_security_group" &&
      (references.includes(one.address) || (typeof after.security_group_id === "string" && one.before.id === after.security_group_id)),
  );
  return String(group?.after.name ?? "");
};

const publicAccessBlocks = new Set(["aws_s3_bucket_public_access_block", "aws_s3_account_public_access_block"]);
const blocks = ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"];

const loosenedBlocks = (change: ResourceChange): readonly Finding[] => {
  const { address, type, before, after, unknown } = change;
  if (!publicAccessBlocks.has(type)) return [];
  const mend = "keep all four blocks on; what must be public is served by CloudFront.";
  if (removes(change)) return [{ kind: "exposure", address, says: "is removed: nothing keeps the bucket from being made public", mend }];
  const off = blocks.filter((block) => after[block] !== true && unknown[block] !== true && (creates(change) || before[block] === true));
  return off.length === 0 ? [] : [{ kind: "exposure", address, says: `switches off ${off.join(", ")}`, mend }];
};

/** A switch that is public in one position. */
const switches: readonly {
  readonly path: string;
  readonly open: (value: unknown) => boolean;
  readonly says: string;
  readonly mend: string;
}[] = [
  {
    path: "publicly_accessible",
    open: (value) => value === true,
    says: "gets an address on the internet (publicly_accessible)",
    mend: "keep publicly_accessible = false; reach it through the app's network.",
  },
  {
    path: "map_public_ip_on_launch",
    open: (value) => value === true,
    says: "gives every machine in it an address on the internet",
    mend: "keep map_public_ip_on_launch = false; machines go out through NAT.",
  },
  {
    path: "associate_public_ip_address",
    open: (value) => value === true || value === "true",
    says: "gives its machines addresses on the internet",
    mend: "keep associate_public_ip_address off; machines go out through NAT.",
  },
  {
    path: "network_interfaces.0.associate_public_ip_address",
    open: (value) => value === true || value === "true",
    says: "gives its machines addresses on the internet",
    mend: "keep associate_public_ip_address off; machines go out through NAT.",
  },
  {
    path: "acl",
    open: (value) => typeof value === "string" && /^(public-|authenticated-read)/.test(value),
    says: "lets the public read or write its objects (acl)",
    mend: "drop the acl; who may read stands in the bucket's policy.",
  },
];

const publicSwitches = ({ address, type, before, after }: ResourceChange): readonly Finding[] => {
  const opened = switches.filter(({ path, open }) => open(valueAt(after, path)) && !open(valueAt(before, path)));
  const found = opened.map(({ says, mend }): Finding => ({ kind: "exposure", address, says, mend }));
  const turnsOut = type === "aws_lb" && before.internal === true && after.internal === false;
  const mend = "keep it internal, or put a new one beside it with a web ACL in front.";
  return turnsOut ? [...found, { kind: "exposure", address, says: "turns from internal to internet-facing", mend }] : found;
};
