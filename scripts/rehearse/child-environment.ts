import { join } from "node:path";
import type { Environment } from "./credentials.ts";

export type Rehearsal = {
  readonly folder: string;
  readonly worldUrl: string;
  readonly cliConfig: string;
  /** Only for a provider that must be fetched from the registry. */
  readonly reachesOut: boolean;
};

const passedOn = ["PATH", "HOME", "LANG", "TERM", "TMPDIR", "SSL_CERT_FILE"] as const;
const proxies = ["HTTPS_PROXY", "https_proxy"] as const;

const taken = (env: Environment, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));

/**
 * Everything that terraform and cdktf see. Built from nothing, so that no key, profile or endpoint of the caller slips through.
 * The world is their proxy too: it answers hosts like <account>.127.0.0.1 (S3 Control), and refuses whatever else would leave this machine.
 */
export const childEnvironment = (rehearsal: Rehearsal, env: Environment): Record<string, string> => ({
  ...taken(env, passedOn),
  ...(rehearsal.reachesOut ? taken(env, proxies) : { HTTPS_PROXY: rehearsal.worldUrl }),
  HTTP_PROXY: rehearsal.worldUrl,
  NO_PROXY: "127.0.0.1,localhost",
  AWS_ENDPOINT_URL: rehearsal.worldUrl,
  AWS_ACCESS_KEY_ID: "rehearsal",
  AWS_SECRET_ACCESS_KEY: "rehearsal",
  AWS_REGION: "eu-north-1",
  AWS_DEFAULT_REGION: "eu-north-1",
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_SHARED_CREDENTIALS_FILE: join(rehearsal.folder, "no-credentials"),
  AWS_CONFIG_FILE: join(rehearsal.folder, "no-config"),
  TF_CLI_CONFIG_FILE: rehearsal.cliConfig,
  TF_IN_AUTOMATION: "true",
  CHECKPOINT_DISABLE: "1",
  DISABLE_VERSION_CHECK: "true",
  CDKTF_DISABLE_PLUGIN_CACHE_ENV: "true",
  CI: "true",
});
