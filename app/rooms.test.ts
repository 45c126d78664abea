import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (file: string) => readFileSync(new URL(file, import.meta.url), "utf8");

test("the page of the rooms names each of them, and no other", () => {
  const rooms = readdirSync(import.meta.dirname, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const named = [...read("README.md").matchAll(/^\| `([a-z]+)` \|/gm)].map(([, name]) => name);
  expect(named.toSorted()).toEqual(rooms.map(({ name }) => name).toSorted());
});
