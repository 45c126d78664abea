import { expect, test } from "vitest";
import { again, violatedBy } from "./broken-campus.ts";
import { canaries } from "./canaries.ts";

test("the unbroken product passes the workload of the canaries", async () => {
  expect(await violatedBy(async () => undefined), again("unbroken")).toEqual([]);
});

test.each(canaries)("canary: $name is caught by exactly $caughtBy", async ({ name, caughtBy, break: breakIt }) => {
  expect(await violatedBy(breakIt), again(name)).toEqual(caughtBy);
});
