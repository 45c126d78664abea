import type { App } from "cdktf";
import { type Environment, type RegionPlan, regionPlans } from "../regions/index.ts";
import { AnalyticsStack } from "./analytics.ts";
import { ApiStack } from "./api.ts";
import { BootstrapStack } from "./bootstrap.ts";
import { DataStack } from "./data.ts";
import { GlobalStack } from "./global.ts";
import { MessagingStack } from "./messaging.ts";
import { NetworkStack } from "./network.ts";
import { ObservabilityStack } from "./observability.ts";
import { refuseWhatRegionsLack } from "./region-limits.ts";
import { AwaySecurityStack, HomeSecurityStack } from "./security.ts";
import { StorageStack } from "./storage.ts";

/**
 * Every stack of one environment, in the order in which they are deployed. What cannot move (state, first keys, secrets, names) follows
 * `home`; the database alone follows `primary`: to swap the regions changes who writes and nothing else.
 */
export function addCampus(app: App, environment: Environment): void {
  refuseWhatRegionsLack(environment);
  const [home, away] = regionPlans(environment);
  new BootstrapStack(app, { environment });
  const global = new GlobalStack(app, { environment });
  const edge = { environment, distributionArn: global.distribution.arn };

  const security = new HomeSecurityStack(app, { environment, plan: home });
  const { keys: awayKeys } = new AwaySecurityStack(app, { environment, plan: away, home: security });

  const awayStorage = new StorageStack(app, { ...edge, plan: away, keys: awayKeys });
  const homeStorage = new StorageStack(app, { ...edge, plan: home, keys: security.keys, other: awayStorage });

  const base = (plan: RegionPlan) => {
    const keys = plan === home ? security.keys : awayKeys;
    const network = new NetworkStack(app, { environment, plan, logsKey: keys.logs });
    const messaging = new MessagingStack(app, { environment, plan, key: keys.messaging });
    return { environment, plan, keys, network, messaging, storage: plan === home ? homeStorage : awayStorage };
  };
  const places = { home: base(home), away: base(away) };
  const [writing, following] = environment.primary === home ? [places.home, places.away] : [places.away, places.home];

  const rotated = (plan: RegionPlan) => (plan === home ? { masterSecret: security.databaseMaster } : {});
  const vaults = { vault: writing.storage.vault, copyVault: following.storage.vault };
  const writer = new DataStack(app, { ...writing, ...rotated(writing.plan), database: { backupTo: vaults } });
  const replica = new DataStack(app, { ...following, ...rotated(following.plan), database: { replicaOf: writer } });

  for (const place of [
    { ...writing, data: writer },
    { ...following, data: replica },
  ]) {
    const api = new ApiStack(app, {
      ...place,
      secrets: security.secrets,
      databaseSecrets: [security.databaseMaster, security.analyticsDatabase],
      zoneId: global.zone.zoneId,
      originKey: global.originKey,
    });
    new ObservabilityStack(app, { ...place, api });
    new AnalyticsStack(app, { ...place, databaseSecret: security.analyticsDatabase });
  }
}
