import { expect, test } from "vitest";
import { readCsv } from "./csv.ts";

const read = (text: string, delimiter = ",") =>
  [...readCsv(text, delimiter)].map(({ line, cells, problem }) => problem ?? [line, ...cells]);

test.each([
  [
    "CRLF, LF and a last line without an end",
    "a,b\r\nc,d\ne,f",
    [
      [1, "a", "b"],
      [2, "c", "d"],
      [3, "e", "f"],
    ],
  ],
  [
    "quoted commas, doubled quotes and line feeds",
    '"a,1","say ""hi""","x\r\ny"\r\nb,c,d',
    [
      [1, "a,1", 'say "hi"', "x\r\ny"],
      [3, "b", "c", "d"],
    ],
  ],
  [
    "empty lines and lines of empty cells",
    "a,b\n\n,\n  \nc,d\n",
    [
      [1, "a", "b"],
      [5, "c", "d"],
    ],
  ],
  ["empty cells at both ends", ",a,\n", [[1, "", "a", ""]]],
  ["an empty quoted cell", '"",a\n', [[1, "", "a"]]],
  ["a quote within a plain cell, as it is", 'C "q" d,4\n', [[1, 'C "q" d', "4"]]],
  ["nothing", "", []],
])("%s are read", (_, text, records) => {
  expect(read(text)).toEqual(records);
});

test("semicolons separate where they are asked for", () => {
  expect(read("a;b,c\n", ";")).toEqual([[1, "a", "b,c"]]);
});

test.each([
  ["is never closed", '"x,1\nb,2\nc,3\n', "a quote is opened and never closed"],
  ["is closed by another line's", '"x,1\n"b",2\nc,3\n', "text follows a closing quote"],
  ["is followed by text", '"x"y,1\nb,2\nc,3\n', "text follows a closing quote"],
])("a quote that %s costs its own line and no other", (_, text, problem) => {
  expect(read(text)).toEqual([problem, [2, "b", "2"], [3, "c", "3"]]);
});

test("ten thousand quotes that are never closed are read in a moment", () => {
  const startedAtMs = performance.now();
  expect(read('"x,1\n'.repeat(10_000))).toHaveLength(10_000);
  expect(performance.now() - startedAtMs).toBeLessThan(2_000);
});
