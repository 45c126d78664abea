import { execFileSync } from "node:child_process";
import { Resolver } from "node:dns/promises";
import { realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Ask } from "./ask.ts";
import { awsOfNoRegion, edge, nameServer, type Place } from "./places.ts";
import { standing } from "./standing.ts";
import { until } from "./telling.ts";

type RecordSet = {
  readonly Name: string;
  readonly Type: string;
  readonly Failover?: string;
  readonly HealthCheckId?: string;
  readonly AliasTarget?: { readonly DNSName: string };
  readonly ResourceRecords?: readonly { readonly Value: string }[];
};

/** The names of what stands at an address by itself, as the world tells them. */
export type Endpoints = ReadonlyMap<string, string>;

export const readEndpoints = async (ask: Ask, places: readonly Place[]): Promise<Endpoints> => {
  const endpoints = new Map<string, string>();
  for (const { region, balancer, database, cache } of places) {
    const balancers = await ask<{ LoadBalancers: { DNSName: string }[] }>("elbv2", region, "describe_load_balancers");
    for (const { DNSName } of balancers.LoadBalancers) endpoints.set(DNSName, balancer);
    const databases = await ask<{ DBInstances: { Endpoint: { Address: string } }[] }>("rds", region, "describe_db_instances");
    for (const { Endpoint } of databases.DBInstances) endpoints.set(Endpoint.Address, database);
    const caches = await ask<{ ReplicationGroups: { NodeGroups: { PrimaryEndpoint: { Address: string } }[] }[] }>(
      "elasticache",
      region,
      "describe_replication_groups",
    );
    for (const { NodeGroups } of caches.ReplicationGroups)
      for (const { PrimaryEndpoint } of NodeGroups) endpoints.set(PrimaryEndpoint.Address, cache);
  }
  const distributions = await ask<{ DistributionList: { Items?: { DomainName: string }[] } }>(
    "cloudfront",
    "us-east-1",
    "list_distributions",
  );
  for (const { DomainName } of distributions.DistributionList.Items ?? []) endpoints.set(DomainName, edge);
  return endpoints;
};

/** Health checks that count as unhealthy. Nobody makes them here: one that is switched off is healthy, and inverted it is not. */
const readUnhealthy = async (ask: Ask): Promise<ReadonlySet<string>> => {
  type Check = { readonly Id: string; readonly HealthCheckConfig: { readonly Disabled?: boolean; readonly Inverted?: boolean } };
  const { HealthChecks } = await ask<{ HealthChecks: Check[] }>("route53", "us-east-1", "list_health_checks");
  return new Set(HealthChecks.filter(({ HealthCheckConfig: { Disabled, Inverted } }) => Disabled && Inverted).map(({ Id }) => Id));
};

/** What the zones answer: of a pair that fails over, not the one that is unhealthy. */
export const readRecords = async (ask: Ask): Promise<readonly RecordSet[]> => {
  const unhealthy = await readUnhealthy(ask);
  const { HostedZones } = await ask<{ HostedZones: { Id: string }[] }>("route53", "us-east-1", "list_hosted_zones");
  const sets = await Promise.all(
    HostedZones.map(({ Id }) =>
      ask<{ ResourceRecordSets: RecordSet[] }>("route53", "us-east-1", "list_resource_record_sets", { HostedZoneId: Id }),
    ),
  );
  return sets.flatMap((set) => set.ResourceRecordSets).filter(({ HealthCheckId = "" }) => !unhealthy.has(HealthCheckId));
};

const bare = (name: string) => name.replace(/\.$/, "");

/** Follows aliases and CNAMEs to an address; of a pair that fails over, the primary comes first. */
export const addressesOf = (records: readonly RecordSet[], endpoints: Endpoints): ReadonlyMap<string, string> => {
  const resolve = (name: string, depth = 0): string | undefined => {
    if (depth > 8) return undefined;
    const known = endpoints.get(name);
    if (known) return known;
    const sets = records.filter((record) => bare(record.Name) === name && ["A", "CNAME"].includes(record.Type));
    const targets = [...sets]
      .sort((one, other) => (one.Failover ?? "").localeCompare(other.Failover ?? ""))
      .flatMap((record) => [record.AliasTarget?.DNSName, ...(record.ResourceRecords ?? []).map(({ Value }) => Value)])
      .flatMap((target) => (target ? [resolve(bare(target), depth + 1) ?? []].flat() : []));
    return targets[0];
  };
  const names = new Set([...endpoints.keys(), ...records.map(({ Name }) => bare(Name))]);
  return new Map(
    [...names].flatMap((name) => {
      const address = resolve(name);
      return address ? [[name, address] as const] : [];
    }),
  );
};

const answersWithinMs = 60_000;

/**
 * dnsmasq, for AWS's own names by region and for ours one by one. Nothing else has an address: no machine asks outside. It answers when this
 * returns: before it is up, the signal to read names anew would end it.
 */
export const startNameServer = async (
  folder: string,
  places: readonly Pick<Place, "region" | "aws">[],
  { address, port } = { address: nameServer, port: 53 },
): Promise<{ readonly publish: (names: ReadonlyMap<string, string>) => void; readonly stop: () => void }> => {
  const hosts = join(folder, "hosts");
  writeFileSync(hosts, "");
  const wildcards = places.map(({ region, aws }) => `--address=/${region}.amazonaws.com/${aws}`);
  const words = ["--keep-in-foreground", "--no-resolv", "--no-hosts", "--bind-interfaces", "--pid-file=", "--user=root"];
  const listen = [`--listen-address=${address}`, `--port=${port}`];
  const child = standing("dnsmasq", [
    ...words,
    ...listen,
    `--addn-hosts=${hosts}`,
    ...wildcards,
    `--address=/amazonaws.com/${awsOfNoRegion}`,
  ]);
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([`${address}:${port}`]);
  await until("the name server's first answer", answersWithinMs, async () => (await resolver.resolve4("amazonaws.com")).length > 0);
  return {
    publish: (names) => {
      writeFileSync(hosts, [...names].map(([name, at]) => `${at} ${name}\n`).join(""));
      child.kill("SIGHUP");
    },
    stop: () => void child.removeAllListeners("exit").kill(),
  };
};

/** What runs in this namespace asks it too: nothing here reaches another one. */
export const useNameServer = (folder: string): void => {
  const file = join(folder, "resolv.conf");
  writeFileSync(file, `nameserver ${nameServer}\n`);
  execFileSync("mount", ["--bind", file, realpathSync("/etc/resolv.conf")]);
};
