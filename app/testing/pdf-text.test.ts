import { deflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { drawnOn } from "./pdf-text.ts";

const carriageReturn = 0x0d;

test("a stream is read whole, also where its last byte looks like the end of a line", () => {
  const drawings = Array.from({ length: 256 }, (_, length) => "!".repeat(length));
  const drawing = drawings.find((text) => deflateSync(text).at(-1) === carriageReturn) ?? "";
  const body = deflateSync(drawing);
  const pdf = Buffer.concat([
    Buffer.from(`5 0 obj\n<<\n/Length ${body.length}\n/Filter /FlateDecode\n>>\nstream\n`),
    body,
    Buffer.from("\nendstream\nendobj\n"),
  ]);
  expect(drawing).not.toBe("");
  expect(drawnOn(pdf)).toBe(drawing);
});
