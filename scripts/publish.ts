// `npm run publish`: the artifact into the buckets that machines read, and its digest into regions/artifacts.ts.
import { createReadStream, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { type Command, refuse, runCommand } from "../app/local/command.ts";
import { projectRoot } from "../app/local/home.ts";
import { type Built, build } from "./build.ts";
import { onlyEnvironment, type Target, targetsOf } from "./release/target.ts";
import { putWebFiles } from "./release/web-files.ts";

export const command = {
  name: "npm run publish",
  for: "platform team",
  what: "Builds the artifact for Graviton, puts it into the artifact bucket of each region under its sha256, the web apps' files with a hash in their name into the web bucket, and writes the digest into regions/artifacts.ts.",
  touches:
    "S3 objects releases/SHA256.tar.gz and */assets/* of the web buckets, regions/artifacts.ts. Run again with the same commit it finds everything done.",
  takes: { ENVIRONMENT: "pilot, staging or production" },
  options: {
    region: { type: "string", value: "REGION", help: "only there; else both regions" },
    "dry-run": { type: "boolean", help: "build, and say what would be put where" },
    "keep-record": { type: "boolean", help: "leave regions/artifacts.ts as it is" },
    file: { type: "string", value: "FILE", help: "an archive of npm run build instead of a new one; its name is its sha256" },
  },
  exits: { 1: "not published: the line above says why" },
} as const satisfies Command;

const say = (line: string) => void process.stdout.write(`${line}\n`);
const digestsFile = path.join(projectRoot, "regions/artifacts.ts");

const given = (file: string): Built => {
  const sha256 = path.basename(file).replace(/\.tar\.gz$/, "");
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw refuse(command, `--file is "${file}", and an archive of npm run build is named by its sha256.`);
  return { file, sha256, bytes: statSync(file).size };
};

async function put({ s3, artifactsBucket: Bucket, place }: Target, { file, sha256, bytes }: Built): Promise<void> {
  const object = { Bucket, Key: `releases/${sha256}.tar.gz` };
  const there = await s3.send(new HeadObjectCommand(object)).catch(() => undefined);
  if (there?.ContentLength === bytes) return say(`${place}: ${object.Key} is there`);
  // S3 refuses bytes that do not have this sha256.
  const ChecksumSHA256 = Buffer.from(sha256, "hex").toString("base64");
  await s3.send(new PutObjectCommand({ ...object, Body: createReadStream(file), ContentLength: bytes, ChecksumSHA256 }));
  say(`${place}: ${(bytes / 1_048_576).toFixed(1)} MiB put to ${Bucket}/${object.Key}`);
}

export const withDigest = (text: string, environment: string, sha256: string): string =>
  text.replace(new RegExp(`(\\b${environment}: \\{ sha256: )[^}]+( \\})`), `$1"${sha256}"$2`);

await runCommand(import.meta, command, async ({ values, positionals }) => {
  const environment = onlyEnvironment(command, positionals);
  const built = values.file
    ? given(path.resolve(values.file))
    : await build({ arch: "arm64", out: path.join(projectRoot, "dist/releases") }, say);
  const targets = targetsOf(environment, values.region);
  if (values["dry-run"]) {
    for (const { artifactsBucket } of targets) say(`would put ${built.sha256} into ${artifactsBucket}`);
    return;
  }
  for (const target of targets) {
    await put(target, built);
    await putWebFiles(target, built.file, ["hashed"], say);
  }
  if (values["keep-record"]) return say(built.sha256);
  const before = readFileSync(digestsFile, "utf8");
  const after = withDigest(before, environment.name, built.sha256);
  if (after !== before) writeFileSync(digestsFile, after);
  say(`${built.sha256}\nregions/artifacts.ts names it: commit that, then npm run release -- ${environment.name} ${built.sha256}`);
});
