import { makeSizes, PictureTooLarge } from "./make-sizes.ts";

// A program of its own: what decodes bytes of strangers has its own memory and processor time, set by whoever starts it, and ends with
// the picture. Standard input: the picture. Standard output: for each size its width and length (4 bytes each) and its bytes.
const tooLarge = 3;
const unreadable = 4;

const parts: Buffer[] = [];
for await (const part of process.stdin) parts.push(part as Buffer);
try {
  for (const { width, bytes } of await makeSizes(Buffer.concat(parts))) {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(width, 0);
    head.writeUInt32BE(bytes.length, 4);
    process.stdout.write(Buffer.concat([head, bytes]));
  }
} catch (error) {
  process.exitCode = error instanceof PictureTooLarge ? tooLarge : unreadable;
}
