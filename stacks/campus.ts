import type { App } from "cdktf";
import type { Environment } from "../regions/index.ts";
import { AnalyticsStack } from "./analytics.ts";
import { ApiStack } from "./api.ts";
import { BootstrapStack } from "./bootstrap.ts";
import { DataStack } from "./data.ts";
import { GlobalStack } from "./global.ts";
import { MessagingStack } from "./messaging.ts";
import { NetworkStack } from "./network.ts";
import { ObservabilityStack } from "./observability.ts";
import { refuseWhatRegionsLack } from "./region-limits.ts";
import { PrimarySecurityStack, type RegionKeys, StandbySecurityStack } from "./security.ts";
import { StorageStack } from "./storage.ts";

/** Every stack of one environment, in the order in which they are deployed. */
export function addCampus(app: App, environment: Environment): void {
  refuseWhatRegionsLack(environment);
  const { primary, standby } = environment;
  new BootstrapStack(app, { environment });
  const global = new GlobalStack(app, { environment });
  const edge = { environment, distributionArn: global.distribution.arn };

  const security = new PrimarySecurityStack(app, { environment, plan: primary });
  const standbySecurity = new StandbySecurityStack(app, { environment, plan: standby, primary: security });
  const keys: Readonly<Record<"primary" | "standby", RegionKeys>> = { primary: security.keys, standby: standbySecurity.keys };

  const network = new NetworkStack(app, { environment, plan: primary, logsKey: keys.primary.logs });
  const standbyNetwork = new NetworkStack(app, { environment, plan: standby, logsKey: keys.standby.logs });

  const standbyStorage = new StorageStack(app, { ...edge, plan: standby, keys: keys.standby });
  const storage = new StorageStack(app, { ...edge, plan: primary, keys: keys.primary, copyTo: standbyStorage });

  const data = new DataStack(app, {
    environment,
    plan: primary,
    keys: keys.primary,
    network,
    database: {
      masterSecret: security.databaseMaster,
      backupTo: { vault: storage.vault, copyVault: standbyStorage.vault },
    },
  });
  const standbyData = new DataStack(app, {
    environment,
    plan: standby,
    keys: keys.standby,
    network: standbyNetwork,
    database: { replicaOf: data },
  });

  const places = [
    { environment, plan: primary, keys: keys.primary, network, storage, data },
    { environment, plan: standby, keys: keys.standby, network: standbyNetwork, storage: standbyStorage, data: standbyData },
  ];
  for (const place of places) {
    const messaging = new MessagingStack(app, { environment, plan: place.plan, key: place.keys.messaging });
    const api = new ApiStack(app, {
      ...place,
      messaging,
      secrets: security.secrets,
      databaseSecrets: [security.databaseMaster, security.analyticsDatabase],
      zoneId: global.zone.zoneId,
      originKey: global.originKey,
    });
    new ObservabilityStack(app, { ...place, messaging, api });
    new AnalyticsStack(app, { ...place, messaging, databaseSecret: security.analyticsDatabase });
  }
}
