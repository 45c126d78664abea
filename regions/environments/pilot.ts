import { artifacts } from "../artifacts.ts";
import type { Environment, RegionPlan } from "../environment.ts";

const lunch = { timeZone: "Europe/Stockholm", start: "30 10 * * MON-FRI", dayEnds: "0 22 * * *" };

const north: RegionPlan = {
  region: "eu-north-1",
  role: "primary",
  network: { cidr: "10.40.0.0/16", nat: "one", interfaceEndpoints: [], monthlyUsd: 38 },
  security: { guardDuty: false, configRecorder: false, monthlyUsd: 15 },
  database: {
    instanceClass: "db.t4g.small",
    storageGib: 30,
    maxStorageGib: 100,
    multiAz: { on: true },
    backupRetentionDays: 7,
    masterPasswordDays: 90,
    storageLowGib: 2,
    maxConnections: 350,
    replicaLagSeconds: 300,
    monthlyUsd: 62,
  },
  cache: { engine: "redis", nodeType: "cache.t4g.micro", nodes: 2, monthlyUsd: 26 },
  api: {
    instanceType: "t4g.small",
    workersPerInstance: 2,
    fleets: [
      {
        colour: "blue",
        weightPercent: 100,
        minInstances: 2,
        maxInstances: 4,
        lunchMinInstances: 3,
        artifactSha256: artifacts.pilot.sha256,
      },
    ],
    requestsPerTargetPerMinute: 3_000,
    lunch,
    monthlyUsd: 76,
  },
  analytics: { glueWorkers: 2, quickSight: false, monthlyUsd: 10 },
  canary: { everyMinutes: 5, monthlyUsd: 11 },
  watching: { dashboards: ["campus-now", "money", "scan-to-paid"], monthlyUsd: 66 },
  logs: { retentionDays: 90, monthlyUsd: 10 },
};

const south: RegionPlan = {
  ...north,
  region: "eu-south-1",
  role: "standby",
  network: { ...north.network, cidr: "10.41.0.0/16" },
  database: {
    ...north.database,
    multiAz: { on: false, reason: "a replica of a Multi-AZ primary; made Multi-AZ when it is promoted", until: "2027-11-30" },
    monthlyUsd: 33,
  },
  cache: { ...north.cache, nodes: 2 },
  api: {
    ...north.api,
    fleets: [
      {
        colour: "blue",
        weightPercent: 100,
        minInstances: 1,
        maxInstances: 4,
        lunchMinInstances: 1,
        artifactSha256: artifacts.pilot.sha256,
      },
    ],
    monthlyUsd: 58,
  },
  analytics: { ...north.analytics, monthlyUsd: 1 },
  watching: { dashboards: [], monthlyUsd: 34 },
};

export const pilot: Environment = {
  name: "pilot",
  accountId: "111122223333",
  owner: "campus-pay-team",
  costCentre: "student-services",
  domain: "pilot.pay.campus.example",
  repository: { owner: "campus-university", name: "campus-pay" },
  home: "north",
  serving: "north",
  epoch: 1,
  protection: { on: true },
  locks: "liftable",
  monthlyBudgetUsd: 600,
  onCallEmails: ["campus-pay-oncall@campus.example"],
  providers: { sms: "msg91", smsAccount: "campus-pay-otp", fcmProjectId: "campus-pay-pilot", gatewayKeyId: "rzp_test_campuspilot" },
  edge: { priceClass: "PriceClass_100", requestsPer5MinutesPerAddress: 20_000, shieldAdvanced: false, monthlyUsd: 14 },
  primary: north,
  standby: south,
};
