import { randomUUID } from "node:crypto";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { S3Client } from "@aws-sdk/client-s3";
import { CodedError, unavailable } from "./errors.ts";

/** Where bytes are kept that do not belong into the database. A key names them for good: `images/…/480.webp`. */
export interface ObjectStore {
  put(key: string, bytes: Uint8Array, about: ObjectAbout): Promise<void>;
  /** Undefined where there is none; PAYLOAD_TOO_LARGE where it is larger than asked for. */
  get(key: string, maxBytes: number): Promise<Buffer | undefined>;
  delete(key: string): Promise<void>;
  /** Where a client may put these bytes itself for a while; undefined where only we can write. */
  readonly signPut: ((key: string, upload: SignedUpload) => Promise<string>) | undefined;
}

export interface ObjectAbout {
  readonly contentType: string;
  /** For whoever fetches it straight from the store. */
  readonly cacheControl?: string;
  /** Kept beside the bytes in S3; a folder keeps bytes only. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** What is there already stays as it is. */
  readonly once?: true;
}

export interface SignedUpload {
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly seconds: number;
}

export interface ObjectStoreOptions {
  /** Of S3; undefined keeps the objects in `folder`. */
  readonly bucket: string | undefined;
  readonly folder: string;
  readonly region: string;
  /** Another address of S3 than AWS's own. */
  readonly s3Url: string | undefined;
}

export const openObjectStore = ({ bucket, folder, region, s3Url }: ObjectStoreOptions): ObjectStore =>
  bucket === undefined ? folderStore(folder) : s3Store(bucket, region, s3Url);

const keyPattern = /^[a-zA-Z0-9][\w.=-]*(\/[a-zA-Z0-9][\w.=-]*)*$/;

/** No part of a key begins with a dot, so a key never leaves its folder. */
function checkedKey(key: string): string {
  if (!keyPattern.test(key)) throw new Error(`"${key}" cannot be the key of an object.`);
  return key;
}

const tooLarge = (maxBytes: number) =>
  new CodedError("PAYLOAD_TOO_LARGE", `This is larger than ${maxBytes} bytes.`, { details: { max_bytes: maxBytes } });

function folderStore(folder: string): ObjectStore {
  const fileOf = (key: string) => path.join(folder, checkedKey(key));
  return {
    signPut: undefined,
    async put(key, bytes, { once }) {
      const file = fileOf(key);
      // Written aside and moved: a reader finds the whole object or none.
      const unfinished = `${file}.${randomUUID()}.new`;
      await writeFile(unfinished, bytes).catch(async (error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error;
        await mkdir(path.dirname(file), { recursive: true });
        await writeFile(unfinished, bytes);
      });
      if (!once) return rename(unfinished, file);
      await link(unfinished, file).catch(unlessThere);
      await rm(unfinished);
    },
    async get(key, maxBytes) {
      const bytes = await readFile(fileOf(key)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT" || error.code === "ENOTDIR" || error.code === "EISDIR") return undefined;
        throw error;
      });
      if (bytes && bytes.length > maxBytes) throw tooLarge(maxBytes);
      return bytes;
    },
    delete: (key) => rm(fileOf(key), { force: true }),
  };
}

const unlessThere = (error: NodeJS.ErrnoException): void => {
  if (error.code !== "EEXIST") throw error;
};

const connectTimeoutMs = 1_000;
const requestTimeoutMs = 5_000;

/** The SDK is loaded at the first use: a process that stores nothing never pays for it. Every call has a time-out. */
function s3Store(bucket: string, region: string, s3Url: string | undefined): ObjectStore {
  let opened: Promise<{ sdk: typeof import("@aws-sdk/client-s3"); client: S3Client }> | undefined;
  const open = async () => {
    const sdk = await import("@aws-sdk/client-s3");
    const client = new sdk.S3Client({
      region,
      maxAttempts: 2,
      requestHandler: { connectionTimeout: connectTimeoutMs, requestTimeout: requestTimeoutMs, throwOnRequestTimeout: true },
      // A checksum of our own is not asked of a browser that uploads.
      requestChecksumCalculation: "WHEN_REQUIRED",
      ...(s3Url === undefined ? {} : { endpoint: s3Url, forcePathStyle: true }),
    });
    return { sdk, client };
  };
  const s3 = () => {
    opened ??= open();
    return opened;
  };
  return {
    async put(key, bytes, { contentType, cacheControl, metadata, once }) {
      const { sdk, client } = await s3();
      const named = { Bucket: bucket, Key: checkedKey(key), Body: bytes, ContentType: contentType, CacheControl: cacheControl };
      // A bucket that locks what it holds asks for a checksum.
      const more = {
        ...(metadata && { Metadata: { ...metadata } }),
        ...(once && { IfNoneMatch: "*", ChecksumAlgorithm: "SHA256" as const }),
      };
      await client.send(new sdk.PutObjectCommand({ ...named, ...more })).catch((error: unknown) => {
        if (once && isThere(error)) return;
        asUnavailable(error);
      });
    },
    async get(key, maxBytes) {
      const { sdk, client } = await s3();
      const command = new sdk.GetObjectCommand({ Bucket: bucket, Key: checkedKey(key) });
      try {
        const { Body, ContentLength = 0 } = await client.send(command);
        if (ContentLength > maxBytes) {
          (Body as { destroy?: () => void } | undefined)?.destroy?.();
          throw tooLarge(maxBytes);
        }
        return Buffer.from((await Body?.transformToByteArray()) ?? []);
      } catch (error) {
        if (error instanceof sdk.NoSuchKey) return undefined;
        throw error instanceof CodedError ? error : asUnavailable(error);
      }
    },
    async delete(key) {
      const { sdk, client } = await s3();
      await client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key: checkedKey(key) })).catch(asUnavailable);
    },
    async signPut(key, { contentType, sizeBytes, seconds }) {
      const { sdk, client } = await s3();
      const { getSignedUrl } = await import("@aws-sdk/s3-request-presigner");
      const command = new sdk.PutObjectCommand({
        Bucket: bucket,
        Key: checkedKey(key),
        ContentType: contentType,
        ContentLength: sizeBytes,
      });
      // Type and length are signed: S3 itself refuses anything else than what was announced.
      const signableHeaders = new Set(["content-type", "content-length", "host"]);
      return getSignedUrl(client, command, { expiresIn: seconds, signableHeaders }).catch(asUnavailable);
    },
  };
}

function asUnavailable(error: unknown): never {
  throw unavailable("The object store does not answer at the moment.", error);
}

/** What S3 answers to a write that was to make the object and found one. */
const isThere = (error: unknown): boolean => (error as { name?: string }).name === "PreconditionFailed";
