import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

export type Artifact = { readonly file: string; readonly sha256: string };

/** Releases that a team may make of this artifact: each is the same but for a few lines before its API's program. */
const variants = {
  "v2, which is well": "",
  "v3, whose processes find no database": `process.env.DATABASE_URL = "postgres://campus_app@127.0.0.1:1/campus";`,
  // Asked on the machine itself or by the load balancer's checks it is quick, so that it is let in. Slower than a release waits here.
  "v4, which is slow behind the load balancer": `
import http from "node:http";
const emit = http.Server.prototype.emit;
http.Server.prototype.emit = function (what, request, ...rest) {
  if (what !== "request" || request.url === "/ready" || !request.headers["x-forwarded-for"]) return emit.call(this, what, request, ...rest);
  setTimeout(() => emit.call(this, what, request, ...rest), 12_000);
  return true;
};`,
} as const;
export type Variant = keyof typeof variants;

const run = promisify(execFile);

const pack = async (stage: string, folder: string, variant: Variant): Promise<Artifact> => {
  const packed = join(folder, `${variant.slice(0, 2)}.tar.gz`);
  await run("tar", ["--use-compress-program=gzip -1", "-cf", packed, "-C", stage, "."]);
  const sha256 = createHash("sha256").update(readFileSync(packed)).digest("hex");
  const file = join(folder, `${sha256}.tar.gz`);
  renameSync(packed, file);
  return { file, sha256 };
};

export const makeVariants = async (folder: string, artifact: Artifact): Promise<Readonly<Record<Variant, Artifact>>> => {
  const stage = join(folder, "variants");
  mkdirSync(stage);
  await run("tar", ["-xzf", artifact.file, "-C", stage]);
  const program = join(stage, "app/api.mjs");
  const original = readFileSync(program, "utf8");
  const made = {} as Record<Variant, Artifact>;
  for (const variant of Object.keys(variants) as Variant[]) {
    writeFileSync(program, `// ${variant}\n${variants[variant]}\n${original}`);
    made[variant] = await pack(stage, folder, variant);
  }
  return made;
};
