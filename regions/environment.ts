import { capabilities, type Place, type Region } from "./capabilities.ts";

/** A protection is on, or off for a stated reason until a day (YYYY-MM-DD) past which the build fails. */
export type Safeguard = { readonly on: true } | { readonly on: false; readonly reason: string; readonly until: string };

export type Costed = { readonly monthlyUsd: number };

/** How production-like campuses differ is written here, never as a condition in a stack. */
export type Environment = {
  readonly name: string;
  /** The only account that the provider may touch. */
  readonly accountId: string;
  readonly owner: string;
  readonly costCentre: string;
  readonly domain: string;
  readonly repository: { readonly owner: string; readonly name: string };
  /**
   * Where those things are at home that stand once and cannot move: Terraform's state, the first of each pair of keys, the secrets.
   * Never changes. Who writes (`primary`) and who serves may.
   */
  readonly home: Place;
  /** Only for a run while home is lost: CAMPUS_STATE=copy. Nobody writes it here. */
  readonly stateFrom?: "copy";
  /** The human's switch: the region that Route 53 sends money to. scripts flip it at once, this line makes it last. */
  readonly serving: Place;
  /** That of the first day; receipts carry it. From then on the parameter counts that the first deploy makes of it: each failover raises it. */
  readonly epoch: number;
  readonly protection: Safeguard;
  readonly monthlyBudgetUsd: number;
  readonly onCallEmails: readonly string[];
  /** A pager's own address for SNS (PagerDuty, Opsgenie, …), where there is one: it wakes, and goes on to the next person. */
  readonly pager?: { readonly webhook: `https://${string}` };
  /** Who sends one-time passwords, and the Firebase project of the pushes; their tokens are secrets. */
  readonly providers: {
    readonly sms: "twilio" | "msg91";
    readonly smsAccount: string;
    readonly fcmProjectId: string;
    /** The Firebase project's web app with the public key of its web push certificates; without it browsers get no pushes. None of it is secret. */
    readonly fcmWebApp?: { readonly apiKey: string; readonly appId: string; readonly messagingSenderId: string; readonly vapidKey: string };
    /** Names the account at the payment gateway; its secret stands in Secrets Manager. */
    readonly gatewayKeyId: string;
  };
  /** Whose account at the bank pays cafés and students who leave; without it there are no payment files (docs/treasury.md). */
  readonly bank?: { readonly holder: string; readonly iban: string; readonly bic?: string };
  /** By choice: receipts by e-mail to students who gave an address. SES must know the sender in both regions: preflight asks. */
  readonly receiptMail?: { readonly from: string };
  readonly edge: Costed & {
    readonly priceClass: "PriceClass_100" | "PriceClass_200" | "PriceClass_All";
    readonly requestsPer5MinutesPerAddress: number;
    /** Shield Standard is on by itself. Advanced costs 3,000 USD a month for a year and needs the account's subscription first. */
    readonly shieldAdvanced: boolean;
  };
  /** Locks of receipts and backups: "for good" nobody lifts before their time, not the account's owner; "liftable" lets a trial end. */
  readonly locks: "for good" | "liftable";
  /** By choice: a vault of another account, in the writer's region, that gets a copy of each daily backup (docs/platform/README.md). */
  readonly offsiteVault?: { readonly accountId: string; readonly arn: string };
  /** The region whose database writes. */
  readonly primary: RegionPlan;
  readonly standby: RegionPlan;
};

export type RegionPlan = {
  readonly region: Region;
  readonly role: "primary" | "standby";
  readonly network: NetworkPlan;
  readonly security: SecurityPlan;
  readonly database: DatabasePlan;
  readonly cache: CachePlan;
  readonly api: ApiPlan;
  readonly analytics: AnalyticsPlan;
  readonly canary: CanaryPlan;
  readonly watching: WatchingPlan;
  readonly logs: Costed & { readonly retentionDays: LogRetentionDays };
};

/** A visitor that never sleeps: asks for the public pages, from this region. */
export type CanaryPlan = Costed & { readonly everyMinutes: 5 | 15 | 60 };

/** Dashboards by their names in dashboards/boards.ts; alarms, series of metrics and the log lines that carry them are everywhere the same. */
export type WatchingPlan = Costed & { readonly dashboards: "all" | readonly string[] };

export type LogRetentionDays = 30 | 60 | 90 | 180 | 365 | 400 | 731;

export type NetworkPlan = Costed & {
  readonly cidr: string;
  readonly nat: "one" | "one per zone";
  readonly interfaceEndpoints: readonly ("kms" | "logs" | "secretsmanager" | "sqs")[];
};

export type SecurityPlan = Costed & { readonly guardDuty: boolean; readonly configRecorder: boolean };

export type DatabasePlan = Costed & {
  readonly instanceClass: string;
  readonly storageGib: number;
  readonly maxStorageGib: number;
  readonly multiAz: Safeguard;
  readonly backupRetentionDays: number;
  /** The master user gets a new password every so many days; in a standby nothing happens before it is promoted. */
  readonly masterPasswordDays: number;
  readonly storageLowGib: number;
  /** max_connections: above what all processes of the most machines may open while a release doubles half of them. */
  readonly maxConnections: number;
  readonly replicaLagSeconds: number;
};

export type CachePlan = Costed & { readonly engine: "redis" | "valkey"; readonly nodeType: string; readonly nodes: number };

export type FleetPlan = {
  readonly colour: "blue" | "green";
  readonly weightPercent: number;
  readonly minInstances: number;
  readonly maxInstances: number;
  readonly lunchMinInstances: number;
  /** Names the artifact in the artifacts bucket; machines refuse one whose bytes do not match. */
  readonly artifactSha256: string;
};

export type ApiPlan = Costed & {
  readonly instanceType: string;
  readonly workersPerInstance: number;
  readonly fleets: readonly FleetPlan[];
  readonly requestsPerTargetPerMinute: number;
  /** Machines for lunch stand from its start; what lunch and load have added goes when the day ends. */
  readonly lunch: { readonly timeZone: string; readonly start: string; readonly dayEnds: string };
};

export type AnalyticsPlan = Costed & {
  readonly glueWorkers: number;
  readonly quickSight: false | { readonly userArn: string };
};

/** The part of an address that SES must know. */
export const mailDomain = (address: string): string => address.slice(address.indexOf("@") + 1);

/** Home first, whoever writes. */
export const regionPlans = (environment: Environment): readonly [RegionPlan, RegionPlan] => {
  const { primary, standby, home } = environment;
  return capabilities[primary.region].place === home ? [primary, standby] : [standby, primary];
};

/** The same campus with this artifact in every fleet. */
export function withArtifact(environment: Environment, artifactSha256: string): Environment {
  const inPlan = (plan: RegionPlan): RegionPlan => ({
    ...plan,
    api: { ...plan.api, fleets: plan.api.fleets.map((fleet) => ({ ...fleet, artifactSha256 })) },
  });
  return { ...environment, primary: inPlan(environment.primary), standby: inPlan(environment.standby) };
}
