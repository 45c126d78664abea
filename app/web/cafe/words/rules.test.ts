import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { accountPlan } from "../../../ledger/account-plan.ts";
import { invariants } from "../../../ledger/invariants.ts";
import { notExplained } from "../features/university/not-explained.ts";
import { en } from "./university-en.ts";
import { it } from "./university-it.ts";
import { sv } from "./university-sv.ts";

test("each rule of the books has its words on the page that checks them", () => {
  expect(Object.keys(en.ledger.rules).toSorted()).toEqual(invariants.map(({ id }) => id).toSorted());
});

test("each kind of account has its words in every language", () => {
  for (const { ledger } of [en, sv, it]) expect(Object.keys(ledger.kinds).toSorted()).toEqual(Object.keys(accountPlan).toSorted());
});

test("each thing that is not explained has its words in the languages that the API does not speak", () => {
  const source = readFileSync(new URL("../../../reconciliation/explained.ts", import.meta.url), "utf8");
  const told = [...source.matchAll(/(?:then|else|select) '([a-z](?:[^']|'')* (?:[^']|'')*)'/g)].map(([, text = ""]) =>
    text.replaceAll("''", "'"),
  );
  expect(told.length).toBeGreaterThan(15);
  for (const words of Object.values(notExplained)) expect(Object.keys(words).toSorted()).toEqual([...new Set(told)].toSorted());
});
