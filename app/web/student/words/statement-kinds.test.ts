import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { en } from "./en.ts";
import { it } from "./it.ts";
import { sv } from "./sv.ts";

const app = path.join(import.meta.dirname, "../../..");

/** What functions post to a wallet: each is a line of somebody's statement. */
const postedKinds = new Set(
  globSync("*/**/*.sql", { cwd: app }).flatMap((file) =>
    [...readFileSync(path.join(app, file), "utf8").matchAll(/post_to_wallet\('(\w+)'/g)].map(([, kind]) => kind),
  ),
);

test.each([
  ["English", en],
  ["Swedish", sv],
  ["Italian", it],
])("every kind of movement that stands in a statement has its words in %s", (_language, words) => {
  expect(postedKinds.size).toBeGreaterThan(8);
  expect([...postedKinds].filter((kind) => kind !== undefined && words.wallet.kinds[kind] === undefined)).toEqual([]);
});
