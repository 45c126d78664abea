import { exposures } from "../../stacks/rules/exposure.ts";
import type { Resource, Synthesized } from "../../stacks/rules/synthesized.ts";
import { inStack, isDefined, only, regionOf, stackName, target } from "./campus.ts";
import type { Arrow, Graph, Kind } from "./graph.ts";

export type Subnet = { readonly name: string; readonly tier: string; readonly zone: string; readonly cidr: string };

/** What stands in subnets, with the security group that guards it. */
export type Resident = {
  readonly title: string;
  readonly line: string;
  readonly kind: Kind;
  readonly subnets: readonly string[];
  readonly group: string;
};

export type Network = {
  readonly place: "north" | "south";
  readonly region: string;
  readonly cidr: string;
  readonly subnets: readonly Subnet[];
  readonly residents: readonly Resident[];
};

export type Opening = { readonly into: string; readonly ports: string; readonly from: string };

/** From the outside in. */
const tiers = ["public", "app", "data"];

export function networkOf(all: Synthesized, place: Network["place"]): Network {
  const stack = stackName(place, "network");
  return {
    place,
    region: regionOf(place),
    cidr: only(all, stack, "aws_vpc").body.cidr_block,
    subnets: inStack(all, stack, "aws_subnet")
      .map(({ path, body }) => ({
        name: path.split("/")[1] ?? "",
        tier: body.tags.Tier as string,
        zone: body.availability_zone as string,
        cidr: body.cidr_block as string,
      }))
      .sort((a, b) => tiers.indexOf(a.tier) - tiers.indexOf(b.tier)),
    residents: residentsOf(all, place),
  };
}

function residentsOf(all: Synthesized, place: Network["place"]): Resident[] {
  const balancer = only(all, stackName(place, "api"), "aws_lb");
  const nats = inStack(all, stackName(place, "network"), "aws_nat_gateway");
  const fleets = inStack(all, stackName(place, "api"), "aws_autoscaling_group");
  const database = only(all, stackName(place, "data"), "aws_db_instance");
  const cache = only(all, stackName(place, "data"), "aws_elasticache_replication_group");
  const glue = only(all, stackName(place, "analytics"), "aws_glue_connection");
  const glueDoor = glue.body.physical_connection_requirements;
  const doors = inStack(all, stackName(place, "network"), "aws_vpc_endpoint").filter(({ body }) => body.subnet_ids?.length);
  const subnetGroup = (type: string) => only(all, stackName(place, "data"), type);
  const at = (resource: Resource, subnets: readonly unknown[], groups: readonly unknown[]) => ({
    subnets: subnets.map((one) => target(all, resource, one)?.path.split("/")[1]).filter(isDefined),
    group: groups.map((one) => groupName(target(all, resource, one))).join(", "),
  });
  return [
    { title: "Load balancer", line: "HTTPS 443", kind: "edge", ...at(balancer, balancer.body.subnets, balancer.body.security_groups) },
    ...nats.map((nat): Resident => ({ title: "NAT", line: "the way out", kind: "outside", ...at(nat, [nat.body.subnet_id], []) })),
    ...fleets.map((fleet): Resident => {
      const template = target(all, fleet, fleet.body.launch_template.id)?.body;
      const size = `${template?.instance_type} × ${fleet.body.min_size}–${fleet.body.max_size}`;
      return {
        title: "Machines",
        line: size,
        kind: "compute",
        ...at(fleet, fleet.body.vpc_zone_identifier, template?.vpc_security_group_ids),
      };
    }),
    ...doors.map(
      (door): Resident => ({
        title: door.body.service_name.split(".").at(-1),
        line: "endpoint",
        kind: "outside",
        ...at(door, door.body.subnet_ids, door.body.security_group_ids),
      }),
    ),
    { title: "Glue", line: "jobs", kind: "compute", ...at(glue, [glueDoor.subnet_id], glueDoor.security_group_id_list) },
    {
      title: "PostgreSQL",
      line: database.body.replicate_source_db ? "read replica" : database.body.multi_az ? "in two zones" : "in one zone",
      kind: "store",
      ...at(database, subnetGroup("aws_db_subnet_group").body.subnet_ids, database.body.vpc_security_group_ids),
    },
    {
      title: "Redis",
      line: `${cache.body.num_cache_clusters} nodes`,
      kind: "store",
      ...at(cache, subnetGroup("aws_elasticache_subnet_group").body.subnet_ids, cache.body.security_group_ids),
    },
  ];
}

const groupName = (group: Resource | undefined): string => String(group?.body.name ?? "").replace(/^campus-[a-z]+-[a-z]+-/, "");

/** Every opening inwards of a place, and those outwards that lead to addresses and so have no other side. */
export function openingsOf(all: Synthesized, place: string): Opening[] {
  return exposures(all, place)
    .map((line) => /^(into|out of) (\S+) (\S+) (?:from|to) (.+)$/.exec(line)?.slice(1) as [string, string, string, string])
    .filter(([way, , , peer]) => way === "into" || /[/:]/.test(peer))
    .map(([way, group, ports, peer]) => (way === "into" ? { into: group, ports, from: peer } : { into: peer, ports, from: group }));
}

const kinds: Readonly<Record<string, Kind>> = {
  "load-balancer": "edge",
  app: "compute",
  glue: "compute",
  database: "store",
  cache: "store",
};

/** One picture where both regions are equal, as they should be, else one for each. */
export function groupsGraphs(all: Synthesized): Graph[] {
  const [north, south] = [openingsOf(all, "north"), openingsOf(all, "south")];
  if (JSON.stringify(north) === JSON.stringify(south)) return [groupsGraph(north, "both regions")];
  return [groupsGraph(north, regionOf("north")), groupsGraph(south, regionOf("south"))];
}

function groupsGraph(openings: readonly Opening[], where: string): Graph {
  const names = [...new Set(openings.flatMap(({ from, into }) => [from, into]))];
  const inside = openings.filter(({ from, into }) => from === into);
  const arrows: Arrow[] = openings
    .filter(({ from, into }) => from !== into)
    .map(({ from, into, ports }) => ({ from, to: into, label: ports }));
  return {
    title: `Who reaches whom on which TCP port, in ${where}`,
    boxes: names.map((name) => {
      const own = inside.find(({ from }) => from === name);
      const title = name === "0.0.0.0/0" ? "anywhere" : name;
      const among = own ? [`among its own: ${own.ports}`] : [];
      return { id: name, kind: kinds[name] ?? "outside", title, lines: name === "0.0.0.0/0" ? ["through NAT"] : among };
    }),
    arrows,
  };
}
