import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import type { Cluster } from "../../../app/local/cluster.ts";
import { databaseAccess } from "../../../app/local/roles.ts";
import type { LocalSecrets } from "../../../app/local/secrets.ts";
import { migrate } from "../../../app/migrate.ts";
import { type AppSecret, appSecrets, secretSlug } from "../../../stacks/app-secrets.ts";
import type { Ask } from "./ask.ts";
import type { Operator } from "./operator.ts";
import type { Place } from "./places.ts";

/** What Google's console gives out as a service account's key. */
const serviceAccount = (environment: string): string =>
  JSON.stringify({
    type: "service_account",
    project_id: `campus-pay-${environment}`,
    client_email: `push@campus-pay-${environment}.iam.gserviceaccount.com`,
    private_key: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" }),
    token_uri: "https://oauth2.googleapis.com/token",
  });

export const setSecrets = async (ask: Ask, region: string, environment: string, secrets: LocalSecrets): Promise<void> => {
  const values: Record<AppSecret, string> = {
    ...secrets.app,
    DATABASE_PASSWORD: secrets.appPassword,
    MIGRATION_DATABASE_PASSWORD: secrets.ownerPassword,
    REDIS_PASSWORD: secrets.redisPassword,
    FCM_SERVICE_ACCOUNT: serviceAccount(environment),
    SMS_PROVIDER_TOKEN: randomBytes(24).toString("base64url"),
  };
  for (const name of Object.keys(appSecrets) as AppSecret[]) {
    const SecretId = `campus-${environment}/${secretSlug(name)}`;
    await ask("secretsmanager", region, "put_secret_value", { SecretId, SecretString: values[name] });
  }
};

export const migrateDatabase = async (cluster: Cluster, secrets: LocalSecrets): Promise<void> => {
  await migrate(databaseAccess(cluster, "campus").ownerUrl, secrets.ownerPassword);
};

const bucketOf = async (ask: Ask, { region, place }: Place, environment: string, part: string): Promise<string> => {
  const { Buckets } = await ask<{ Buckets: { Name: string }[] }>("s3", region, "list_buckets");
  const bucket = Buckets.find(({ Name }) => Name.startsWith(`campus-${environment}-${place}-${part}-`));
  if (!bucket) throw new Error(`there is no bucket for ${part} in ${region}: the stack ${environment}-${place}-storage was not deployed.`);
  return bucket.Name;
};

/** Into the bucket that the region's machines read their artifact from. */
export const publishArtifact = async (
  ask: Ask,
  place: Place,
  environment: string,
  artifact: { readonly file: string; readonly sha256: string },
): Promise<void> => {
  const Bucket = await bucketOf(ask, place, environment, "artifacts");
  await ask("s3", place.region, "upload_file", { Filename: artifact.file, Bucket, Key: `releases/${artifact.sha256}.tar.gz` });
};

/** The demo's dishes: their pictures were made on this machine, and the edge looks for them in the bucket. */
export const publishPictures = async (ask: Ask, place: Place, environment: string, folder: string): Promise<void> => {
  const Bucket = await bucketOf(ask, place, environment, "menu-images");
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(".webp")) continue;
    const Filename = join(entry.parentPath, entry.name);
    await ask("s3", place.region, "upload_file", {
      ...{ Filename, Bucket, Key: relative(folder, Filename) },
      ExtraArgs: { ContentType: "image/webp" },
    });
  }
};

/** As the guide's step 8: machines run it already, and the pages take the place of the one that says that nothing is published yet. */
export const firstRelease = async (
  operator: Operator,
  places: readonly Place[],
  environment: string,
  artifact: { readonly file: string; readonly sha256: string },
): Promise<void> => {
  for (const { region } of places) {
    await operator.must("publish", environment, "--region", region, "--file", artifact.file, "--keep-record");
    await operator.must("release", environment, artifact.sha256, "--region", region);
  }
};
