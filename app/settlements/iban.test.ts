import { expect, test } from "vitest";
import { readIban } from "./iban.ts";

const countries = ["SE", "IT"];

test.each([
  ["SE45 5000 0000 0583 9825 7466", "SE45 5000 0000 0583 9825 7466"],
  ["se4550000000058398257466", "SE45 5000 0000 0583 9825 7466"],
  ["IT60X0542811101000000123456", "IT60 X054 2811 1010 0000 0123 456"],
])("%s is taken", (text, iban) => {
  expect(readIban(text, countries)).toEqual({ iban });
});

test.each([
  "hello",
  "SE46 5000 0000 0583 9825 7466",
  "SE45 5000 0000 0583 9825 7464",
  "SE45 5000 0000 0583 9825 746",
  "SE45 5000 0000 0538 9825 7466",
  "DE89 3704 0044 0532 0130 00",
  "",
])("%j is refused", (text) => {
  expect(readIban(text, countries)).toHaveProperty("problem");
});
