import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DeleteObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type S3World, startS3World } from "../../app/testing/s3-world.ts";
import { putPages, putWebFiles, webFilesOf } from "./web-files.ts";

const folder = mkdtempSync(path.join(tmpdir(), "campus-web-files-"));
const archive = path.join(folder, "artifact.tar.gz");
const files = [
  "student/index.html",
  "student/sw.js",
  "student/manifest.webmanifest",
  "student/.vite/manifest.json",
  "student/assets/main-Ab12Cd34.js",
  "cafe/index.html",
  "cafe/assets/main-Zz98Yy76.css",
  "guide/flow.html",
  "guide/assets/flow.md.Ab12Cd34.js",
];
let world: S3World | undefined;

beforeAll(async () => {
  for (const file of files) {
    const full = path.join(folder, "stage/web", file);
    mkdirSync(path.dirname(full), { recursive: true });
    writeFileSync(full, file);
  }
  execFileSync("tar", ["-czf", archive, "-C", path.join(folder, "stage"), "."]);
  world = await startS3World();
}, 300_000);
afterAll(() => {
  world?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("what has a hash in its name goes ahead, pages and workers come last, and a build's own notes stay at home", () => {
  expect(webFilesOf(path.join(folder, "stage"), "hashed").map(({ key }) => key)).toEqual([
    "assets/main-Ab12Cd34.js",
    "cafe/assets/main-Zz98Yy76.css",
  ]);
  expect(webFilesOf(path.join(folder, "stage"), "pages").map(({ key }) => key)).toEqual([
    "guide/assets/flow.md.Ab12Cd34.js",
    "manifest.webmanifest",
    "cafe/index.html",
    "guide/flow.html",
    "index.html",
    "sw.js",
  ]);
});

test("the web bucket holds the student's app at its root, each file with its type and its time in caches", async ({ skip }) => {
  if (!world) return skip();
  const webBucket = world.env.MENU_IMAGES_BUCKET;
  const s3 = new S3Client({ region: world.env.AWS_REGION, endpoint: world.env.S3_URL, forcePathStyle: true });
  const target = { s3, webBucket, artifactsBucket: webBucket, place: "north" };
  const said: string[] = [];
  await putWebFiles(target, archive, ["hashed"], (line) => said.push(line));
  const keys = async () => (await s3.send(new ListObjectsV2Command({ Bucket: webBucket }))).Contents?.map(({ Key }) => Key);
  expect(await keys()).toEqual(["assets/main-Ab12Cd34.js", "cafe/assets/main-Zz98Yy76.css"]);
  await putWebFiles(target, archive, ["pages"], (line) => said.push(line));
  const about = async (Key: string) => {
    const { ContentType, CacheControl } = await s3.send(new HeadObjectCommand({ Bucket: webBucket, Key }));
    return [ContentType, CacheControl];
  };
  expect(await about("assets/main-Ab12Cd34.js")).toEqual(["text/javascript; charset=utf-8", "public, max-age=31536000, immutable"]);
  expect(await about("index.html")).toEqual(["text/html; charset=utf-8", "no-cache"]);
  expect(await about("cafe/index.html")).toEqual(["text/html; charset=utf-8", "no-cache"]);
  expect(await about("manifest.webmanifest")).toEqual(["application/manifest+json", "no-cache"]);
  expect(said).toEqual([
    `north: 2 files that never change put to ${webBucket}`,
    `north: 6 pages and other files that change put to ${webBucket}`,
  ]);
});

test("a release takes the pages out of the archive that its machines took", async ({ skip }) => {
  if (!world) return skip();
  const bucket = world.env.MENU_IMAGES_BUCKET;
  const s3 = new S3Client({ region: world.env.AWS_REGION, endpoint: world.env.S3_URL, forcePathStyle: true });
  const artifact = "a".repeat(64);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: `releases/${artifact}.tar.gz`, Body: readFileSync(archive) }));
  const said: string[] = [];
  const asset = "assets/main-Ab12Cd34.js";
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: asset }));
  await putPages({ s3, webBucket: bucket, artifactsBucket: bucket, place: "south" }, artifact, (line) => said.push(line));
  expect(said).toEqual([
    `south: 2 files that never change put to ${bucket}`,
    `south: 6 pages and other files that change put to ${bucket}`,
  ]);
  expect(await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: asset }))).toMatchObject({ ContentLength: expect.any(Number) });
  await expect(
    putPages({ s3, webBucket: bucket, artifactsBucket: bucket, place: "south" }, "b".repeat(64), () => undefined),
  ).rejects.toThrow();
});
