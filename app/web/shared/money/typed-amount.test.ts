import { expect, test } from "vitest";
import { amountOf, amountPattern, minorOf } from "./typed-amount.ts";

test("an amount is read as people type it, and what is none is never zero, null or another amount", () => {
  const read = ["12,50", "12.5", "12", " 1 000 ", "1\u00a0000,05", "0", "-3,10"].map((typed) => minorOf(typed));
  expect(read).toEqual([1_250, 1_250, 1_200, 100_000, 100_005, 0, -310]);
  for (const typed of ["", " ", null, undefined, "abc", "12kr", "1,2,3", "1.234", "1e3", "Infinity", "0x10"])
    expect(minorOf(typed)).toBeUndefined();
});

test("what stands in a field is read back as the same amount, and its pattern lets it through", () => {
  for (const minor of [0, 5, 10, 99, 100, 1_250, 123_456_789]) {
    expect(minorOf(amountOf(minor))).toBe(minor);
    expect(amountOf(minor)).toMatch(new RegExp(`^(?:${amountPattern})$`, "v"));
  }
  expect(amountOf(null)).toBe("");
});
