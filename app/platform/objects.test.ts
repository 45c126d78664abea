import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type S3World, startS3World } from "../testing/s3-world.ts";
import type { CodedError } from "./errors.ts";
import { type ObjectStore, openObjectStore } from "./objects.ts";

let folder: string;
let world: S3World | undefined;
let stores: { readonly name: string; readonly store: ObjectStore }[];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "campus-objects-"));
  world = await startS3World();
  const local = openObjectStore({ bucket: undefined, folder: path.join(folder, "objects"), region: "local", s3Url: undefined });
  stores = [{ name: "the folder", store: local }];
  if (!world) return;
  const { MENU_IMAGES_BUCKET, AWS_REGION, S3_URL } = world.env;
  stores.push({ name: "S3", store: openObjectStore({ bucket: MENU_IMAGES_BUCKET, folder, region: AWS_REGION, s3Url: S3_URL }) });
}, 120_000);
afterAll(async () => {
  world?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe.each([0, 1])("store %i", (index) => {
  const about = { contentType: "application/octet-stream" };
  const storeOrSkip = (skip: () => void): ObjectStore => {
    const found = stores[index];
    if (!found) skip();
    return found?.store as ObjectStore;
  };

  test("gives back the bytes that were put, the newest where a key was put twice, and nothing once they are deleted", async ({ skip }) => {
    const store = storeOrSkip(skip);
    const [first, second] = [randomBytes(100_000), randomBytes(10)];
    await store.put("a/b/c.bin", first, about);
    expect((await store.get("a/b/c.bin", 100_000))?.equals(first)).toBe(true);
    await store.put("a/b/c.bin", second, about);
    expect((await store.get("a/b/c.bin", 100_000))?.equals(second)).toBe(true);
    await store.delete("a/b/c.bin");
    await store.delete("a/b/c.bin");
    expect(await store.get("a/b/c.bin", 100_000)).toBeUndefined();
    expect(await store.get("a/b", 100_000)).toBeUndefined();
  });

  test("what is to be written once stays as the first one wrote it, also when several write at once", async ({ skip }) => {
    const store = storeOrSkip(skip);
    const texts = ["one", "two", "three"];
    await Promise.all(texts.map((text) => store.put("once/a.txt", Buffer.from(text), { ...about, once: true })));
    const first = (await store.get("once/a.txt", 100))?.toString();
    expect(texts).toContain(first);
    await store.put("once/a.txt", Buffer.from("later"), { ...about, once: true });
    expect((await store.get("once/a.txt", 100))?.toString()).toBe(first);
  });

  test("gives nothing that is larger than asked for", async ({ skip }) => {
    const store = storeOrSkip(skip);
    await store.put("large.bin", randomBytes(1_001), about);
    await expect(store.get("large.bin", 1_000)).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" } satisfies Partial<CodedError>);
  });

  test.for([
    ["../secrets.json"],
    ["a/../../secrets.json"],
    ["/etc/passwd"],
    [".hidden"],
    ["a//b"],
    ["a/./b"],
    ["a\\b"],
    ["a/b/"],
    [""],
    ["a\0b"],
  ])("refuses the key %j, which could leave its place", async ([key = ""], { skip }) => {
    const store = storeOrSkip(skip);
    await writeFile(path.join(folder, "secrets.json"), "secret");
    for (const use of [() => store.get(key, 100), () => store.put(key, Buffer.from("x"), about), () => store.delete(key)])
      await expect((async () => use())()).rejects.toThrow("cannot be the key");
  });
});

test("an upload address of S3 signs the type and the length, for as long as was asked", async ({ skip }) => {
  const store = stores[1]?.store;
  if (!store?.signPut) return skip();
  const url = new URL(await store.signPut("uploads/one", { contentType: "image/png", sizeBytes: 5, seconds: 600 }));
  expect(url.searchParams.get("X-Amz-SignedHeaders")).toBe("content-length;content-type;host");
  expect(url.searchParams.get("X-Amz-Expires")).toBe("600");
  expect(url.search).not.toMatch(/checksum/i);
});

test("the folder never shows a half-written object nor leaves one behind", async () => {
  const store = stores[0]?.store as ObjectStore;
  await Promise.all(Array.from({ length: 20 }, (_, n) => store.put("busy.bin", Buffer.alloc(50_000, n), { contentType: "x/y" })));
  const bytes = await store.get("busy.bin", 50_000);
  expect([bytes?.length, new Set(bytes).size]).toEqual([50_000, 1]);
  expect((await readdir(path.join(folder, "objects"))).filter((name) => name.endsWith(".new"))).toEqual([]);
});

test("an S3 that does not answer is TEMPORARILY_UNAVAILABLE", async () => {
  process.env.AWS_ACCESS_KEY_ID ??= "test";
  process.env.AWS_SECRET_ACCESS_KEY ??= "test";
  const store = openObjectStore({ bucket: "b", folder, region: "eu-north-1", s3Url: "http://127.0.0.1:9" });
  await expect(store.get("a", 10)).rejects.toMatchObject({ code: "TEMPORARILY_UNAVAILABLE" });
  await expect(store.put("a", Buffer.from("x"), { contentType: "x/y" })).rejects.toMatchObject({ code: "TEMPORARILY_UNAVAILABLE" });
});
