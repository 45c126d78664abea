import { expect, test } from "vitest";
import { drill } from "./drill.ts";

test("I18, row 7: a region lost under load with a tail that its replica never got: every lost receipt is found, none is false, and the books balance at every step", async () => {
  const outcome = await drill({ seed: 7, students: 6, shopMs: 800 });
  expect(outcome.problems).toEqual([]);
  expect(outcome.lost).toBeGreaterThan(0);
  expect(outcome.found).toBe(outcome.lost);
  expect(outcome.falseCases).toBe(0);
  // The old disk may also hold a debit whose answer no phone heard.
  expect(outcome.reposted + outcome.paidAgain).toBeGreaterThanOrEqual(outcome.lost);
  expect(outcome.foundOnDisk).toBeGreaterThan(0);
  expect(outcome.rpoMs).toBeGreaterThan(0);
}, 120_000);
