import { spawn } from "node:child_process";
import path from "node:path";
import { CodedError, unavailable } from "../platform/errors.ts";
import type { SizedImage } from "./make-sizes.ts";
import { childLimits, maxPixels, maxSide } from "./picture-limits.ts";

/** The exit code of resize-child.ts. */
const tooLarge = 3;
const maxWaiting = 8;
/** Of these from one café, so that no other waits behind all of its pictures. */
const maxWaitingOfOne = 2;

const waiting = new Map<string, number>();
let last: Promise<unknown> = Promise.resolve();

/**
 * The sizes that the apps use, as WebP, upright, and without what the camera wrote about place and time. One picture at a time, each
 * decoded by a process of its own that may take so much memory and so many seconds of a processor, and no more.
 */
export async function resizeImage(bytes: Buffer, cafeId: string): Promise<SizedImage[]> {
  const own = waiting.get(cafeId) ?? 0;
  const all = [...waiting.values()].reduce((sum, count) => sum + count, 0);
  if (own >= maxWaitingOfOne || all >= maxWaiting)
    throw unavailable("Many pictures are being worked on: try again in a moment.", undefined, 5);
  waiting.set(cafeId, own + 1);
  const turn = last.then(() => runChild(bytes));
  last = turn.catch(() => undefined);
  try {
    return await turn;
  } finally {
    const left = (waiting.get(cafeId) ?? 1) - 1;
    if (left === 0) waiting.delete(cafeId);
    else waiting.set(cafeId, left);
  }
}

/** Beside this file in the sources, and beside the bundle in the artifact. */
const program = path.join(import.meta.dirname, `resize-child${path.extname(import.meta.filename)}`);

/** The limits are the kernel's, set by the shell before it becomes the program: not even a fault in the decoder passes them. */
export function runChild(bytes: Buffer, { memoryKib, seconds } = childLimits): Promise<SizedImage[]> {
  const limits = `ulimit -d ${memoryKib} && ulimit -t ${seconds} && exec "$0" --max-old-space-size=128 "$1"`;
  const child = spawn("/bin/sh", ["-c", limits, process.execPath, program], {
    stdio: ["pipe", "pipe", "ignore"],
    env: { PATH: process.env.PATH ?? "", MALLOC_ARENA_MAX: "2" },
  });
  const parts: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => parts.push(part));
  // It may end before it has read all: the exit code says why.
  child.stdin.on("error", () => undefined);
  child.stdin.end(bytes);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(sizesIn(Buffer.concat(parts)));
      else reject(refusalOf(code, signal));
    });
  });
}

function sizesIn(written: Buffer): SizedImage[] {
  const sizes: SizedImage[] = [];
  for (let at = 0; at < written.length; ) {
    const length = written.readUInt32BE(at + 4);
    sizes.push({ width: written.readUInt32BE(at), bytes: written.subarray(at + 8, at + 8 + length) });
    at += 8 + length;
  }
  return sizes;
}

function refusalOf(code: number | null, signal: NodeJS.Signals | null): CodedError {
  if (code === tooLarge)
    return new CodedError("PAYLOAD_TOO_LARGE", `The picture has more than ${maxPixels} pixels, or a side longer than ${maxSide}.`, {
      details: { max_pixels: maxPixels, max_side: maxSide },
    });
  const because = signal === null ? "it is broken or cut off" : "to read it takes more memory or time than a picture may";
  return new CodedError("VALIDATION_ERROR", `The picture cannot be read: ${because}.`);
}
