import { join } from "node:path";
import { expect, test } from "vitest";
import { findTests, requirementsOf } from "./asvs-page.ts";
import { chapters } from "./asvs-requirements.ts";

const find = findTests(join(import.meta.dirname, "../.."));
const all = chapters.flatMap(({ lines }) => requirementsOf(lines));

test("every requirement of the ASVS page has a test that is there, or a reason", () => {
  expect(all.length).toBeGreaterThan(90);
  const bare = all.filter(({ test: name, reason }) => (name === undefined) === (reason === undefined) || reason === "");
  expect(bare).toEqual([]);
  const gone = all.filter(({ test: name }) => name !== undefined && find(name) === undefined);
  expect(gone.map(({ ids, test: name }) => `${ids} ${name}`)).toEqual([]);
  expect(find("a test that nobody ever wrote about doors and windows".slice(1))).toBeUndefined();
});

test("every chapter of levels 1 and 2 is there", () => {
  expect(chapters.map(({ title }) => title.split(" ")[0])).toEqual(Array.from({ length: 14 }, (_, index) => `V${index + 1}`));
});
