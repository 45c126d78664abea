import { spawnSync } from "node:child_process";
import { createWriteStream, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { PlainError } from "../../app/local/plain-error.ts";
import { cacheControlOf, contentTypeOf } from "../../app/web/page-headers.ts";
import type { Target } from "./target.ts";

/**
 * The web apps and the guide of an artifact, in the bucket that the edge reads. Files with a hash in their name go first, when the
 * artifact is published: they disturb nobody, and those of earlier releases stay for the pages that are open. Pages and workers go
 * last, when the machines run it: a page never asks for what no machine knows.
 */
export type WebPart = "hashed" | "pages";

export interface WebFile {
  readonly file: string;
  readonly key: string;
  readonly contentType: string;
  readonly cacheControl: string;
}

const atOnce = 8;

type Bucketed = Pick<Target, "s3" | "webBucket" | "place">;

/** What an unpacked artifact has for the bucket: the student's app at its root, the others below their names. */
export function webFilesOf(folder: string, part: WebPart): WebFile[] {
  return globSync("web/**/*", { cwd: folder, withFileTypes: true, exclude: (entry) => entry.name.startsWith(".") })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => {
      const key = path
        .relative(path.join(folder, "web"), file)
        .split(path.sep)
        .join("/")
        .replace(/^student\//, "");
      return { file, key, contentType: contentTypeOf(file), cacheControl: cacheControlOf(`/${key}`) };
    })
    .filter(({ cacheControl }) => (cacheControl === "no-cache") === (part === "pages"))
    .sort((one, other) => Number(isPage(one)) - Number(isPage(other)) || (one.key < other.key ? -1 : 1));
}

/** After what it needs. */
const isPage = ({ key }: WebFile) => /\.html$|(^|\/)sw\.js$/.test(key);

export async function putWebFiles(
  target: Bucketed,
  archive: string,
  parts: readonly WebPart[],
  say: (line: string) => void,
): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "campus-web-"));
  try {
    const { status, stderr } = spawnSync("tar", ["-xzf", archive, "-C", folder], { encoding: "utf8" });
    if (status !== 0) throw new PlainError(`${archive} could not be unpacked: ${stderr.trim().split("\n")[0]}`);
    if (!existsSync(path.join(folder, "web/student/index.html")))
      throw new PlainError(`${archive} holds no web apps: npm run build makes one that does.`);
    for (const part of parts) {
      const files = webFilesOf(folder, part);
      for (const several of [files.filter((file) => !isPage(file)), files.filter(isPage)]) await putAll(target, several);
      say(
        `${target.place}: ${files.length} ${part === "pages" ? "pages and other files that change" : "files that never change"} put to ${target.webBucket}`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function putAll({ s3, webBucket }: Bucketed, files: readonly WebFile[]): Promise<void> {
  const waiting = [...files];
  const putNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift())
      await s3.send(
        new PutObjectCommand({
          Bucket: webBucket,
          Key: next.key,
          Body: readFileSync(next.file),
          ContentType: next.contentType,
          CacheControl: next.cacheControl,
        }),
      );
  };
  await Promise.all(Array.from({ length: atOnce }, putNext));
}

/** The pages of what a region runs now, from the archive that its machines took. */
export async function putPages(
  target: Bucketed & Pick<Target, "artifactsBucket">,
  artifact: string,
  say: (line: string) => void,
): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "campus-artifact-"));
  try {
    const file = path.join(folder, `${artifact}.tar.gz`);
    const { Body } = await target.s3.send(new GetObjectCommand({ Bucket: target.artifactsBucket, Key: `releases/${artifact}.tar.gz` }));
    await pipeline(Body as Readable, createWriteStream(file));
    // Also what has a hash in its name: no page goes where what it asks for is not, whoever published it, or forgot to.
    await putWebFiles(target, file, ["hashed", "pages"], say);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
