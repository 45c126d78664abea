import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { findPython, startWorld, virtualEnvironment, worldPackages } from "../../../app/local/aws-world.ts";
import { cacheFolder } from "../places.ts";
import { askWorld } from "./ask.ts";
import { publishPictures } from "./first-deploy.ts";
import type { Place } from "./places.ts";

const found = findPython();
const python = found && join(virtualEnvironment(found, worldPackages, cacheFolder), "python");
const world = python === undefined ? undefined : await startWorld(python, "/dev/null");
const folder = mkdtempSync(join(tmpdir(), "campus-pictures-"));
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await world?.stop();
});

test.skipIf(world === undefined)("the demo's pictures lie in the bucket under the keys that pages ask for, as pictures", async () => {
  const ask = askWorld(python as string, (world as { url: string }).url);
  const s3 = <T>(operation: string, args: Record<string, unknown>) => ask<T>("s3", "eu-north-1", operation, args);
  const Bucket = "campus-pilot-north-menu-images-000000000042";
  await s3("create_bucket", { Bucket, CreateBucketConfiguration: { LocationConstraint: "eu-north-1" } });
  const Key = "images/cafe/dish/hash/480.webp";
  mkdirSync(join(folder, "images/cafe/dish/hash"), { recursive: true });
  writeFileSync(join(folder, Key), "a picture");
  writeFileSync(join(folder, "images/cafe/dish/original"), "what was uploaded");
  await publishPictures(ask, { region: "eu-north-1", place: "north" } as Place, "pilot", folder);
  const { Contents } = await s3<{ Contents: { Key: string }[] }>("list_objects_v2", { Bucket });
  expect(Contents.map((object) => object.Key)).toEqual([Key]);
  expect(await s3("head_object", { Bucket, Key })).toMatchObject({ ContentType: "image/webp" });
});
