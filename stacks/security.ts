import type { Construct } from "constructs";
import { capabilities, type Environment, type RegionPlan, regionPlans } from "../regions/index.ts";
import { type AppSecret, appSecrets, secretSlug } from "./app-secrets.ts";
import { GuarddutyDetector } from "./aws.ts";
import { CampusStack } from "./constructs/campus-stack.ts";
import { Key, type KeyRef, type KeyUser } from "./constructs/key.ts";
import { Secret } from "./constructs/secret.ts";

export type RegionKeys = Readonly<Record<"data" | "storage" | "secrets" | "messaging" | "logs", KeyRef>>;

export type SecurityStackProps = { readonly environment: Environment; readonly plan: RegionPlan };

/** Keys of one region and, at home, the secrets with their copies. The other region takes its copied keys from home's stack. */
export class SecurityStack extends CampusStack {
  protected createRegionalKeys(): { messaging: Key; logs: Key } {
    return {
      messaging: new Key(this, "messaging-key", {
        part: "messaging",
        purpose: "topics and queues",
        services: ["cloudwatch", "sns", "sqs", "events"].map((service) => this.forThisAccount(`${service}.amazonaws.com`)),
      }),
      logs: new Key(this, "logs-key", {
        part: "logs",
        purpose: "log groups and the trail",
        services: [this.logGroupsOf(this.region), this.trail()],
      }),
    };
  }

  protected watch(plan: RegionPlan): void {
    if (plan.security.guardDuty) new GuarddutyDetector(this, "guardduty", { enable: true, findingPublishingFrequency: "FIFTEEN_MINUTES" });
  }

  protected forThisAccount(service: string): KeyUser {
    return { service, conditions: { StringEquals: { "aws:SourceAccount": this.environment.accountId } } };
  }

  private logGroupsOf(region: string): KeyUser {
    return logGroupsUser(region, this.environment.accountId);
  }

  private trail(): KeyUser {
    const trails = `arn:aws:cloudtrail:*:${this.environment.accountId}:trail/*`;
    return { service: "cloudtrail.amazonaws.com", conditions: { ArnLike: { "aws:SourceArn": trails } } };
  }
}

export const logGroupsUser = (region: string, accountId: string): KeyUser => ({
  service: `logs.${region}.amazonaws.com`,
  conditions: { ArnLike: { "kms:EncryptionContext:aws:logs:arn": `arn:aws:logs:${region}:${accountId}:*` } },
});

export class HomeSecurityStack extends SecurityStack {
  readonly keys: RegionKeys;
  readonly awayKeys: Pick<RegionKeys, "data" | "storage" | "secrets">;
  readonly secrets: Readonly<Record<AppSecret, Secret>>;
  readonly databaseMaster: Secret;
  readonly analyticsDatabase: Secret;

  constructor(scope: Construct, props: SecurityStackProps) {
    super(scope, { ...props, part: "security" });
    const shared = this.createSharedKeys();
    this.keys = { ...shared, ...this.createRegionalKeys() };
    this.awayKeys = this.copyKeys(shared);
    this.secrets = this.createAppSecrets();
    this.databaseMaster = this.createSecret(
      "database-master",
      "password of PostgreSQL's master user, set by its rotation, read by nobody but a person in need",
    );
    this.analyticsDatabase = this.createSecret(
      "analytics-database",
      "user name and password of the database role that only reads, for Glue",
    );
    this.watch(props.plan);
  }

  private createSharedKeys() {
    const distributions = `arn:aws:cloudfront::${this.environment.accountId}:distribution/*`;
    const key = (part: string, purpose: string, services: readonly KeyUser[]) =>
      new Key(this, `${part}-key`, { part, purpose, services, multiRegion: true });
    return {
      data: new Key(this, "data-key", {
        part: "data",
        purpose: "database, Redis and backups",
        accounts: this.environment.offsiteVault ? [this.environment.offsiteVault.accountId] : [],
        multiRegion: true,
      }),
      storage: key("storage", "buckets", [
        { service: "cloudfront.amazonaws.com", conditions: { ArnLike: { "aws:SourceArn": distributions } } },
      ]),
      secrets: key("secrets", "secrets", []),
    };
  }

  private copyKeys(shared: Readonly<Record<"data" | "storage" | "secrets", Key>>) {
    const [, { region }] = regionPlans(this.environment);
    const { place } = capabilities[region];
    const provider = this.providerIn(region, place);
    return {
      data: shared.data.replicateTo(provider, place),
      storage: shared.storage.replicateTo(provider, place),
      secrets: shared.secrets.replicateTo(provider, place),
    };
  }

  private createAppSecrets(): Record<AppSecret, Secret> {
    const made = Object.entries(appSecrets).map(([name, { purpose }]) => [name, this.createSecret(secretSlug(name as AppSecret), purpose)]);
    return Object.fromEntries(made) as Record<AppSecret, Secret>;
  }

  private createSecret(name: string, purpose: string): Secret {
    const copyTo = { region: regionPlans(this.environment)[1].region, key: this.awayKeys.secrets };
    return new Secret(this, name, { name, purpose, key: this.keys.secrets, copyTo });
  }
}

export class AwaySecurityStack extends SecurityStack {
  readonly keys: RegionKeys;

  constructor(scope: Construct, props: SecurityStackProps & { readonly home: HomeSecurityStack }) {
    super(scope, { ...props, part: "security" });
    this.keys = { ...props.home.awayKeys, ...this.createRegionalKeys() };
    this.watch(props.plan);
  }
}
