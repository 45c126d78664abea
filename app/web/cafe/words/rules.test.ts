import { expect, test } from "vitest";
import { invariants } from "../../../ledger/invariants.ts";
import { en } from "./university-en.ts";

test("each rule of the books has its words on the page that checks them", () => {
  expect(Object.keys(en.ledger.rules).toSorted()).toEqual(invariants.map(({ id }) => id).toSorted());
});
