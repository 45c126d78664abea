export type SubnetCidrs = {
  readonly public: readonly [string, string, string];
  readonly app: readonly [string, string, string];
  readonly data: readonly [string, string, string];
};

/**
 * Cuts a /16 in three tiers over three zones. The app tier is wide (4,091 addresses a zone: machines and Glue workers),
 * public holds load balancer and NAT, data holds databases; 10.x.64.0 and up stay free.
 */
export function subnetCidrs(vpcCidr: string): SubnetCidrs {
  const prefix = /^10\.(\d{1,3})\.0\.0\/16$/.exec(vpcCidr)?.[1];
  if (prefix === undefined || Number(prefix) > 255) {
    throw new Error(`the network "${vpcCidr}" is not a 10.N.0.0/16; choose one that no other region uses, such as 10.42.0.0/16.`);
  }
  const at = (third: number, bits: number) => `10.${prefix}.${third}.0/${bits}`;
  return {
    public: [at(0, 24), at(1, 24), at(2, 24)],
    data: [at(8, 24), at(9, 24), at(10, 24)],
    app: [at(16, 20), at(32, 20), at(48, 20)],
  };
}
