import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

// One TypeScript program knows one router's addresses: the portal's are strings.
const excused = [path.join("cafe", "link.tsx")];

test("what a page asks of the API is checked by its types: none is told to be silent", () => {
  const silenced = ["student", "pos", "cafe"].flatMap((app) =>
    readdirSync(path.join(import.meta.dirname, app), { recursive: true, encoding: "utf8" })
      .filter((file) => /\.tsx?$/.test(file))
      .map((file) => path.join(app, file))
      .filter((file) => / as (never|any)\b/.test(readFileSync(path.join(import.meta.dirname, file), "utf8"))),
  );
  expect(silenced).toEqual(excused);
});
