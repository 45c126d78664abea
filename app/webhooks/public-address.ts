import { lookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/**
 * Where a webhook must never lead: into our own network, to the machine itself, or to the cloud's metadata. Judged is the
 * address that is connected to, at each connection, so a name that points elsewhere the second time changes nothing.
 */
const inner = new BlockList();
for (const [network, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const)
  inner.addSubnet(network, bits, "ipv4");

// Of IPv6 only 2000::/3 is the public internet, and in it not these: Teredo and its like, documentation, 6to4.
const global6 = new BlockList();
global6.addSubnet("2000::", 3, "ipv6");
for (const [network, bits] of [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
] as const)
  inner.addSubnet(network, bits, "ipv6");

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

export class ForbiddenAddress extends Error {
  constructor(host: string) {
    super(`${host} is not an address on the public internet.`);
    this.name = "ForbiddenAddress";
  }
}

export function isAllowedAddress(address: string, allowsLoopback: boolean): boolean {
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  if (allowsLoopback && loopback.check(address, family)) return true;
  return !inner.check(address, family) && (family === "ipv4" || global6.check(address, family));
}

/** As dns.lookup, but a name of which any address is forbidden leads nowhere. */
export const guardedLookup =
  (allowsLoopback: boolean): LookupFunction =>
  (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const first = addresses?.[0];
      if (error || !first) return callback(error ?? new Error(`${hostname} has no address.`), []);
      if (!addresses.every(({ address }) => isAllowedAddress(address, allowsLoopback))) return callback(new ForbiddenAddress(hostname), []);
      if (options.all) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };
