import { artifacts } from "../artifacts.ts";
import type { Environment, RegionPlan } from "../environment.ts";

const artifactSha256 = artifacts.production.sha256;
const lunch = { timeZone: "Europe/Stockholm", start: "30 10 * * MON-FRI", dayEnds: "0 22 * * *" };

/** Sized for 20,000 students and 25 scans a second at lunch. */
const north: RegionPlan = {
  region: "eu-north-1",
  role: "primary",
  network: { cidr: "10.60.0.0/16", nat: "one per zone", interfaceEndpoints: ["kms", "logs", "secretsmanager"], monthlyUsd: 180 },
  security: { guardDuty: true, configRecorder: true, monthlyUsd: 60 },
  database: {
    instanceClass: "db.m6g.large",
    storageGib: 100,
    maxStorageGib: 500,
    multiAz: { on: true },
    backupRetentionDays: 35,
    masterPasswordDays: 30,
    storageLowGib: 5,
    maxConnections: 800,
    replicaLagSeconds: 300,
    monthlyUsd: 290,
  },
  cache: { engine: "redis", nodeType: "cache.m6g.large", nodes: 2, monthlyUsd: 230 },
  api: {
    instanceType: "c7g.large",
    workersPerInstance: 2,
    fleets: [
      { colour: "blue", weightPercent: 100, minInstances: 3, maxInstances: 9, lunchMinInstances: 6, artifactSha256 },
      { colour: "green", weightPercent: 0, minInstances: 0, maxInstances: 9, lunchMinInstances: 0, artifactSha256 },
    ],
    requestsPerTargetPerMinute: 6_000,
    lunch,
    monthlyUsd: 278,
  },
  analytics: { glueWorkers: 4, quickSight: false, monthlyUsd: 60 },
  canary: { everyMinutes: 5, monthlyUsd: 11 },
  watching: { dashboards: "all", monthlyUsd: 88 },
  logs: { retentionDays: 400, monthlyUsd: 80 },
};

const south: RegionPlan = {
  ...north,
  region: "eu-south-1",
  role: "standby",
  network: { ...north.network, cidr: "10.61.0.0/16", nat: "one", interfaceEndpoints: [], monthlyUsd: 40 },
  database: {
    ...north.database,
    multiAz: { on: false, reason: "a replica of a Multi-AZ primary; made Multi-AZ when it is promoted", until: "2027-11-30" },
    monthlyUsd: 150,
  },
  cache: { ...north.cache, nodeType: "cache.t4g.small", monthlyUsd: 52 },
  api: {
    ...north.api,
    fleets: [{ colour: "blue", weightPercent: 100, minInstances: 2, maxInstances: 9, lunchMinInstances: 2, artifactSha256 }],
    monthlyUsd: 169,
  },
  analytics: { ...north.analytics, monthlyUsd: 1 },
  watching: { dashboards: ["campus-now", "disaster-recovery"], monthlyUsd: 40 },
  logs: { retentionDays: 400, monthlyUsd: 20 },
};

export const production: Environment = {
  name: "production",
  accountId: "333344445555",
  owner: "campus-pay-team",
  costCentre: "student-services",
  domain: "pay.campus.example",
  repository: { owner: "campus-university", name: "campus-pay" },
  home: "north",
  serving: "north",
  epoch: 1,
  protection: { on: true },
  locks: "for good",
  monthlyBudgetUsd: 2_000,
  onCallEmails: ["campus-pay-oncall@campus.example"],
  providers: {
    sms: "msg91",
    smsAccount: "campus-pay-otp",
    fcmProjectId: "campus-pay-production",
    // As Firebase's console shows it, project settings → your apps → web, and → cloud messaging → web push certificates.
    fcmWebApp: {
      apiKey: "the-web-key-of-campus-pay-production",
      appId: "1:123456789012:web:0123456789abcdef012345",
      messagingSenderId: "123456789012",
      vapidKey: "BCampusPayProductionWebPushCertificateExample0123456789abcdefghijklmnopqrstuvwxyz012345",
    },
    gatewayKeyId: "rzp_live_campuspay",
  },
  bank: { holder: "Campus University", iban: "SE4550000000058398257466", bic: "ESSESESS" },
  receiptMail: { from: "receipts@pay.campus.example" },
  edge: { priceClass: "PriceClass_100", requestsPer5MinutesPerAddress: 100_000, shieldAdvanced: false, monthlyUsd: 60 },
  primary: north,
  standby: south,
};
