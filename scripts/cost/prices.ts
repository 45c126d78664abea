import type { Place } from "../../regions/index.ts";

/**
 * Rounded on-demand prices in USD, to plan with and not to promise: AWS's calculator and the bill say what is paid.
 * One table for the check that each size and the cost beside it agree, and for the review of plans.
 */
export const hoursAMonth = 730;

type ByPlace = Readonly<Record<Place, number>>;

/** USD an hour of a machine, a database in one zone, a node of a cache. */
const hourly: Readonly<Record<string, ByPlace>> = {
  "t4g.small": { north: 0.0172, south: 0.0188 },
  "t4g.medium": { north: 0.0344, south: 0.0376 },
  "m6g.large": { north: 0.082, south: 0.0895 },
  "c7g.large": { north: 0.0773, south: 0.084 },
  "c7g.xlarge": { north: 0.1546, south: 0.168 },
  "db.t4g.small": { north: 0.034, south: 0.037 },
  "db.t4g.medium": { north: 0.069, south: 0.075 },
  "db.m6g.large": { north: 0.169, south: 0.187 },
  "db.m6g.xlarge": { north: 0.338, south: 0.374 },
  "db.r7g.large": { north: 0.254, south: 0.28 },
  "cache.t4g.micro": { north: 0.0168, south: 0.018 },
  "cache.t4g.small": { north: 0.033, south: 0.035 },
  "cache.t4g.medium": { north: 0.067, south: 0.071 },
  "cache.m6g.large": { north: 0.154, south: 0.165 },
  "cache.r7g.large": { north: 0.226, south: 0.243 },
};

/** USD a month of one. */
export const monthly = {
  alarm: 0.1, // for each metric that it reads
  compositeAlarm: 0.5,
  dashboard: 3,
  databaseGib: 0.127,
  diskGib: 0.088,
  healthCheck: 0.75,
  interfaceEndpointPerZone: 8.03,
  key: 1,
  loadBalancer: 17.5,
  logGib: 0.54,
  nat: 33.6,
  publicAddress: 3.65,
  secretCopy: 0.4,
  series: 0.3, // of our own metrics
  stream: 29.2,
  webAcl: 5,
  webAclRule: 1,
  zone: 0.5,
} as const;

/** A month of one that runs all the time, or undefined for what the table does not know. */
export const monthlyOf = (size: string, place: Place): number | undefined => {
  const price = hourly[size]?.[place];
  return price === undefined ? undefined : price * hoursAMonth;
};
