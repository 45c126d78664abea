import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, statSync } from "node:fs";
import path from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { PlainError } from "../../local/plain-error.ts";
import type { BackupPlace } from "./places.ts";

/** An S3-compatible bucket beside the folder: what is in it survives the machine. */
export interface Bucket {
  /** Puts a file and reads it back; what comes back must be what went there. */
  put(file: string, sha256: string): Promise<void>;
  fetch(name: string, into: string): Promise<void>;
  readonly name: string;
}

const bucketName = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,62})(?:\/(.*?))?\/?$/;

export function parseBucket(text: string): { readonly bucket: string; readonly prefix: string } {
  const [, bucket, prefix = ""] = bucketName.exec(text) ?? [];
  if (bucket === undefined) throw new PlainError(`"${text}" is no bucket: s3://NAME or s3://NAME/FOLDER is needed.`);
  return { bucket, prefix: prefix === "" ? "" : `${prefix}/` };
}

export function openBucket({ bucket: named, url, region, keys }: BackupPlace): Bucket | undefined {
  if (named === undefined) return undefined;
  const { bucket, prefix } = parseBucket(named);
  const client = new S3Client({
    region,
    maxAttempts: 4,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    ...(keys === undefined ? {} : { credentials: { accessKeyId: keys.id, secretAccessKey: keys.secret } }),
    ...(url === undefined ? {} : { endpoint: url, forcePathStyle: true }),
  });
  const read = async (name: string): Promise<Readable> => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: `${prefix}${name}` }));
    return Body as Readable;
  };
  const explain = (what: string) => (error: Error) => {
    throw new PlainError(`${what} ${named}${url === undefined ? "" : ` at ${url}`} failed: ${error.name}: ${error.message}`);
  };
  return {
    name: named,
    async put(file, sha256) {
      const object = { Bucket: bucket, Key: `${prefix}${path.basename(file)}` };
      const body = { Body: createReadStream(file), ContentLength: statSync(file).size };
      await client.send(new PutObjectCommand({ ...object, ...body })).catch(explain("Putting the backup into"));
      const hash = createHash("sha256");
      await read(path.basename(file))
        .then((stream) => pipeline(stream, hash))
        .catch(explain("Reading the backup back from"));
      if (hash.digest("hex") !== sha256) throw new PlainError(`${named} gave back other bytes than were put: this backup does not count.`);
    },
    fetch: (name, into) =>
      read(name)
        .then((stream) => pipeline(stream, createWriteStream(into)))
        .catch(explain(`Fetching ${name} from`)),
  };
}
