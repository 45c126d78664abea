import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { statementWords } from "../../../ledger/statement-words.ts";
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

test.each([
  ["English", en, statementWords.en],
  ["Swedish", sv, statementWords.sv],
  ["Italian", it, statementWords.it],
])("on paper every kind of movement is called what the app calls it in %s", (_language, words, { kinds }) => {
  expect([...postedKinds].filter((kind) => kind !== undefined && kinds[kind] === undefined)).toEqual([]);
  for (const [kind, said] of Object.entries(kinds)) expect([kind, said]).toEqual([kind, words.wallet.kinds[kind]]);
});
