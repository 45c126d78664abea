import { capabilities, type RegionPlan } from "../../regions/index.ts";
import { hoursAMonth, monthly, monthlyOf } from "./prices.ts";
import { watchingCost } from "./watching.ts";

export const sizedParts = ["network", "database", "cache", "api", "watching"] as const;
export type SizedPart = (typeof sizedParts)[number];

/** From half past ten until ten in the evening, when what lunch added goes, on 22 days. */
const lunchHoursAMonth = 253;
const diskGibOfAMachine = 20;
/** Requests and bytes through the load balancer, beside its price for standing there. */
const loadBalancerUse = 5;
const webAclRules = 4;
export const firstDashboards = 3;

/** What the sizes of a region cost by the price table; undefined where the table does not know a size. */
export const estimate = (plan: RegionPlan, part: SizedPart): number | undefined => estimates[part](plan);

/** The standby's dashboards come after the primary's three free ones. */
const estimates: Readonly<Record<SizedPart, (plan: RegionPlan) => number | undefined>> = {
  network: ({ network, region }) => {
    const zones = capabilities[region].zones.length;
    const gateways = network.nat === "one" ? 1 : zones;
    return gateways * (monthly.nat + monthly.publicAddress) + network.interfaceEndpoints.length * zones * monthly.interfaceEndpointPerZone;
  },
  database: ({ database, region }) => {
    const price = monthlyOf(database.instanceClass, capabilities[region].place);
    const copies = database.multiAz.on ? 2 : 1;
    return price && copies * (price + database.storageGib * monthly.databaseGib);
  },
  cache: ({ cache, region }) => {
    const price = monthlyOf(cache.nodeType, capabilities[region].place);
    return price && cache.nodes * price;
  },
  watching: (plan) => watchingCost(plan, plan.role === "primary" ? 0 : firstDashboards).monthlyUsd,
  api: (plan) => {
    const price = monthlyOf(plan.api.instanceType, capabilities[plan.region].place);
    const machines = machinesOf(plan);
    const zones = capabilities[plan.region].zones.length;
    const door = monthly.loadBalancer + loadBalancerUse + zones * monthly.publicAddress + monthly.webAcl + webAclRules * monthly.webAclRule;
    return price && machines * (price + diskGibOfAMachine * monthly.diskGib) + door;
  },
};

/** At an average over the month: more at lunch on the days of lectures. */
export const machinesOf = ({ api }: RegionPlan): number =>
  api.fleets.reduce((sum, { minInstances, lunchMinInstances }) => {
    const atLunch = Math.max(0, lunchMinInstances - minInstances) * (lunchHoursAMonth / hoursAMonth);
    return sum + minInstances + atLunch;
  }, 0);
