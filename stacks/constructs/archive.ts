import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import type { ISynthesisSession } from "cdktf";
import type { CampusStack } from "./campus-stack.ts";

/** The files of a function as it will be unpacked, by their path. */
export type ArchiveFiles = Readonly<Record<string, string>>;

/** Reads a file of stacks/functions. */
export const functionSource = (path: string): string => readFileSync(new URL(`../functions/${path}`, import.meta.url), "utf8");

/**
 * Writes a ZIP beside the stack's JSON and hands back its path there. The path holds a digest of the bytes: a function is deployed
 * anew when its code has changed, and only then. cdktf's own TerraformAsset would keep the files' times, which differ by checkout.
 */
export function writeArchive(stack: CampusStack, name: string, files: ArchiveFiles): string {
  const bytes = zip(files);
  const path = `functions/${name}-${createHash("sha256").update(bytes).digest("hex").slice(0, 12)}.zip`;
  const { synthesizer } = stack;
  stack.synthesizer = {
    synthesize(session: ISynthesisSession) {
      synthesizer.synthesize(session);
      const file = join(session.outdir, session.manifest.forStack(stack).workingDirectory, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes);
    },
  };
  return path;
}

const localSignature = 0x04034b50;
const centralSignature = 0x02014b50;
const endSignature = 0x06054b50;
const version = 20;
const firstOfJanuary1980 = 0x21;
const utf8Names = 0x800;
const regularFileReadableByAll = 0o100644;
const unix = 3 << 8;

/** The same files give the same bytes on every machine: sorted, not compressed, all from 1980, which is where ZIP's time begins. */
export function zip(files: ArchiveFiles): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const [path, text] of Object.entries(files).sort(([one], [other]) => (one < other ? -1 : 1))) {
    const name = Buffer.from(path);
    const content = Buffer.from(text);
    const common = commonHeader(name, content);
    const local = Buffer.concat([uint32(localSignature), common, name, content]);
    locals.push(local);
    centrals.push(centralEntry(common, name, offset));
    offset += local.length;
  }
  return Buffer.concat([...locals, ...centrals, endOf(centrals, offset)]);
}

const uint16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
};

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

/** From "version needed" to "length of the extra field": the same in both places where a file is listed. */
function commonHeader(name: Buffer, content: Buffer): Buffer {
  const stored = 0;
  return Buffer.concat([
    ...[version, utf8Names, stored, 0, firstOfJanuary1980].map(uint16),
    ...[crc32(content), content.length, content.length].map(uint32),
    ...[name.length, 0].map(uint16),
  ]);
}

function centralEntry(common: Buffer, name: Buffer, offset: number): Buffer {
  return Buffer.concat([
    uint32(centralSignature),
    uint16(unix | version),
    common,
    ...[0, 0, 0].map(uint16), // no comment, first disk, no internal attributes
    uint32((regularFileReadableByAll << 16) >>> 0),
    uint32(offset),
    name,
  ]);
}

function endOf(centrals: readonly Buffer[], offset: number): Buffer {
  const length = centrals.reduce((sum, one) => sum + one.length, 0);
  return Buffer.concat([
    uint32(endSignature),
    ...[0, 0, centrals.length, centrals.length].map(uint16),
    ...[length, offset].map(uint32),
    uint16(0),
  ]);
}
