import { execFileSync } from "node:child_process";
import type { Ask } from "./ask.ts";

/** One region as it stands on this machine: a network of its own, and addresses of what AWS runs there. */
export type Place = {
  readonly region: string;
  /** As it stands in the names of things: north or south. */
  readonly place: string;
  readonly bridge: string;
  /** Of the machines' network: the VPC's own range. */
  readonly gateway: string;
  readonly prefix: number;
  readonly aws: string;
  readonly balancer: string;
  readonly database: string;
  readonly cache: string;
};

export const metadataAddress = "169.254.169.254";
/** Of what stands in no region: the edge, the names. */
export const edge = "10.200.0.1";
export const nameServer = "10.200.0.53";
/** Of companies that are not AWS. */
export const others = "10.200.0.80";
/** Of the payment gateway. */
export const gateway = "10.200.0.81";
/** Of AWS's services that stand in no region of ours: Route 53, IAM, CloudFront. */
export const awsOfNoRegion = "10.200.0.90";

const ip = (...words: readonly string[]): void => void execFileSync("ip", [...words], { stdio: ["ignore", "ignore", "inherit"] });

const placeNames = ["north", "south"] as const;

type Vpcs = { readonly Vpcs: readonly { readonly CidrBlock: string; readonly IsDefault: boolean }[] };

/** The regions with a VPC of ours. */
export const readPlaces = async (ask: Ask, regions: readonly string[]): Promise<readonly Place[]> => {
  const places: Place[] = [];
  for (const region of regions) {
    const { Vpcs } = await ask<Vpcs>("ec2", region, "describe_vpcs");
    const vpc = Vpcs.find((one) => !one.IsDefault);
    if (!vpc) continue;
    const [network = "", prefix] = vpc.CidrBlock.split("/");
    const number = places.length + 1;
    const service = (last: number) => `10.200.${number}.${last}`;
    places.push({
      region,
      place: placeNames[regions.indexOf(region)] ?? region,
      bridge: `vpc${number}`,
      gateway: network.replace(/\.0$/, ".1"),
      prefix: Number(prefix),
      aws: service(1),
      balancer: service(2),
      database: service(3),
      cache: service(4),
    });
  }
  return places;
};

export const bringUpLoopback = (): void => ip("link", "set", "lo", "up");

/** All in the namespace that we run in: it ends with us, and everything in it. */
export const buildNetworks = (places: readonly Place[]): void => {
  ip("link", "add", "global", "type", "bridge");
  for (const address of [edge, nameServer, others, gateway, awsOfNoRegion]) ip("addr", "add", `${address}/32`, "dev", "global");
  ip("link", "set", "global", "up");
  ip("addr", "add", `${metadataAddress}/32`, "dev", "lo");
  for (const place of places) {
    const { bridge, gateway, prefix } = place;
    ip("link", "add", bridge, "type", "bridge");
    ip("addr", "add", `${gateway}/${prefix}`, "dev", bridge);
    for (const address of servicesOf(place)) ip("addr", "add", `${address}/32`, "dev", bridge);
    ip("link", "set", bridge, "up");
  }
};

const servicesOf = ({ aws, balancer, database, cache }: Place): readonly string[] => [aws, balancer, database, cache];

/**
 * A region without a network: its machines, its database, its load balancer and its part of AWS reach nobody, and nobody reaches them. Whoever
 * is on the same machine would reach an address of an interface that is down, so the addresses go too.
 */
export const cutOff = (place: Place): void => {
  for (const address of servicesOf(place)) ip("addr", "del", `${address}/32`, "dev", place.bridge);
  ip("link", "set", place.bridge, "down");
};
export const bringBack = (place: Place): void => {
  for (const address of servicesOf(place)) ip("addr", "add", `${address}/32`, "dev", place.bridge);
  ip("link", "set", place.bridge, "up");
};
