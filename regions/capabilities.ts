/** What each region offers, as read from AWS. Synth refuses a plan that asks for more; preflight asks the account itself. */
export type Region = "eu-north-1" | "eu-south-1";
export type Place = "north" | "south";

export type Capability = {
  readonly place: Place;
  readonly city: string;
  readonly zones: readonly [string, string, string];
  /** An opt-in region is off until the account switches it on, and takes only regional STS tokens. */
  readonly optIn: boolean;
  /** The account of AWS that writes access logs of load balancers here. */
  readonly loadBalancerLogAccount: string;
  readonly instanceFamilies: readonly string[];
  readonly databaseFamilies: readonly string[];
  readonly cacheFamilies: readonly string[];
  readonly services: readonly string[];
  readonly missing: readonly string[];
};

const familiesOfBoth = ["t4g", "m6g", "m8g", "c7g", "c8g", "r7g", "r8g"] as const;
const servicesOfBoth = [
  "athena",
  "backup",
  "config",
  "glue",
  "guardduty",
  "kinesis",
  "lambda",
  "quicksight",
  "synthetics",
  "wafv2",
] as const;

export const capabilities: Readonly<Record<Region, Capability>> = {
  "eu-north-1": {
    place: "north",
    city: "Stockholm",
    zones: ["eu-north-1a", "eu-north-1b", "eu-north-1c"],
    loadBalancerLogAccount: "897822967062",
    optIn: false,
    instanceFamilies: [...familiesOfBoth, "m7g", "m7a", "c7a", "r7a"],
    databaseFamilies: ["db.t4g", "db.m6g", "db.r7g", "db.m7g"],
    cacheFamilies: ["cache.t4g", "cache.m6g", "cache.r7g", "cache.m7g"],
    services: [...servicesOfBoth, "ssm-incidents", "ssm-contacts", "devops-guru"],
    missing: [],
  },
  "eu-south-1": {
    place: "south",
    city: "Milan",
    zones: ["eu-south-1a", "eu-south-1b", "eu-south-1c"],
    loadBalancerLogAccount: "635631232127",
    optIn: true,
    instanceFamilies: familiesOfBoth,
    databaseFamilies: ["db.t4g", "db.m6g", "db.r7g"],
    cacheFamilies: ["cache.t4g", "cache.m6g", "cache.r7g"],
    services: servicesOfBoth,
    missing: ["m7g", "m7a", "c7a", "r7a", "db.m7g", "cache.m7g", "ssm-incidents", "ssm-contacts", "devops-guru"],
  },
};
