import { expect, test } from "vitest";
import { capabilities, environments, regionPlans } from "../regions/index.ts";
import { bucketName, type NameKind, nameOf } from "./names.ts";

const naming = { environment: "pilot", place: "north", part: "api" };

test("a name says campus, environment, place and part", () => expect(nameOf("loadBalancer", naming)).toBe("campus-pilot-north-api"));

test("a bucket's name ends in the account, because all of AWS shares one list of them", () => {
  expect(bucketName(naming, "111122223333")).toBe("campus-pilot-north-api-111122223333");
});

test.each<[NameKind, number]>([
  ["loadBalancer", 32],
  ["targetGroup", 32],
  ["replicationGroup", 40],
  ["role", 64],
  ["bucket", 63],
])("a %s of %i characters passes and one more is refused with both numbers", (kind, limit) => {
  const part = "x".repeat(limit - "campus-pilot-north-".length);
  expect(nameOf(kind, { ...naming, part })).toHaveLength(limit);
  expect(() => nameOf(kind, { ...naming, part: `${part}x` })).toThrow(`has ${limit + 1} characters, AWS allows ${limit}`);
});

test.each(["Api", "a_b", "a--b", "a-", "1.2"])("the part %s is refused, since some service would", (part) => {
  expect(() => nameOf("queue", { ...naming, part })).toThrow("may hold only a-z, 0-9 and single hyphens");
});

test("every environment's longest names fit", () => {
  for (const environment of Object.values(environments)) {
    for (const plan of regionPlans(environment)) {
      const { place } = capabilities[plan.region];
      expect(() => nameOf("targetGroup", { environment: environment.name, place, part: "green" })).not.toThrow();
    }
  }
});
