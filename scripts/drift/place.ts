import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { EC2Client } from "@aws-sdk/client-ec2";
import { clientSettings } from "../preflight/client-settings.ts";
import { isLoopback } from "../rehearse/credentials.ts";
import { cacheFolder, root } from "../rehearse/places.ts";
import { pinnedProvider, provideProvider, siteOf } from "../rehearse/site.ts";
import type { Site } from "../rehearse/terraform.ts";

/** What we compare the code with: an account, or the rehearsal's world when AWS_ENDPOINT_URL is on loopback. */
export type Place = { readonly site: Site; readonly isRehearsal: boolean; readonly ec2In: (region: string) => EC2Client };

export const placeOf = async (folder: string): Promise<Place> => {
  const endpoint = process.env.AWS_ENDPOINT_URL;
  if (endpoint && isLoopback(endpoint)) return rehearsal(folder, endpoint);
  return { site: account(folder), isRehearsal: false, ec2In: (region) => new EC2Client(clientSettings(region)) };
};

const rehearsal = async (folder: string, endpoint: string): Promise<Place> => {
  const site = siteOf(folder, endpoint, await provideProvider(folder));
  const credentials = { accessKeyId: site.env.AWS_ACCESS_KEY_ID ?? "", secretAccessKey: site.env.AWS_SECRET_ACCESS_KEY ?? "" };
  const accountId = site.env.CAMPUS_ACCOUNT_ID ?? "";
  const ec2In = (region: string) => new EC2Client({ ...clientSettings(region), endpoint, credentials: { ...credentials, accountId } });
  return { site, isRehearsal: true, ec2In };
};

/** The caller's own environment: credentials, region settings and Terraform's configuration are theirs. */
const account = (folder: string): Site => {
  const plugins = process.env.TF_PLUGIN_CACHE_DIR ?? join(cacheFolder, "terraform-plugins");
  mkdirSync(plugins, { recursive: true });
  const inherited = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
  return {
    root,
    outFolder: join(folder, "out"),
    logFolder: join(folder, "logs"),
    providerVersion: pinnedProvider(),
    env: {
      ...inherited,
      PATH: [dirname(process.execPath), join(root, "node_modules", ".bin"), inherited.PATH].join(":"),
      TF_PLUGIN_CACHE_DIR: plugins,
      TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE: "true", // the folder is made anew for each check and has no lock file
      TF_IN_AUTOMATION: "true",
      CHECKPOINT_DISABLE: "1",
      DISABLE_VERSION_CHECK: "true",
      CI: "true",
    },
  };
};
