import { tmpdir } from "node:os";
import path from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { findPython, startWorld, virtualEnvironment, worldPackages } from "../local/aws-world.ts";

/** A stand-in of S3 (moto) with one bucket, for tests of what is kept there. */
export interface S3World {
  /** The variables that point an API process at it. */
  readonly env: Readonly<Record<"S3_URL" | "MENU_IMAGES_BUCKET" | "AWS_REGION", string>>;
  stop(): void;
}

const region = "eu-north-1";
const bucket = "campus-test-menu-images";
const cacheFolder = path.join(import.meta.dirname, "../../.cache");

/** Undefined, with the reason on standard error, where there is no Python for it. */
export async function startS3World(): Promise<S3World | undefined> {
  const python = findPython();
  if (python === undefined) return skipped("Python 3.10 or newer with its venv module is missing");
  let programs: string;
  try {
    programs = virtualEnvironment(python, worldPackages, cacheFolder);
  } catch (error) {
    return skipped((error as Error).message);
  }
  // The SDK of this process finds its keys here; the stand-in takes any.
  process.env.AWS_ACCESS_KEY_ID = "test";
  process.env.AWS_SECRET_ACCESS_KEY = "test";
  const world = await startWorld(path.join(programs, "python"), path.join(tmpdir(), `campus-s3-${process.pid}.log`));
  const client = new S3Client({ region, endpoint: world.url, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration: { LocationConstraint: region } }));
  client.destroy();
  return { env: { S3_URL: world.url, MENU_IMAGES_BUCKET: bucket, AWS_REGION: region }, stop: world.stop };
}

/** The stand-in gives a queue the address that AWS gives; a process of a test has no resolver that leads it back here. */
export const queueAt = (world: S3World, queueUrl: string | undefined): string =>
  new URL(new URL(queueUrl ?? "").pathname, world.env.S3_URL).href;

function skipped(reason: string): undefined {
  console.error(`Skipped: what is kept in S3, because ${reason}.`);
  return undefined;
}
