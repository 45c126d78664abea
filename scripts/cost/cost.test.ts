import { expect, test } from "vitest";
import { environments, regionPlans } from "../../regions/index.ts";
import { estimate, firstDashboards, sizedParts } from "./estimate.ts";
import { ceilingOf, watchingCost } from "./watching.ts";

const tolerance = 0.2;

const sized = Object.values(environments).flatMap((environment) =>
  regionPlans(environment).flatMap((plan) =>
    sizedParts.map((part) => ({
      name: `${environment.name} ${plan.region} ${part}`,
      stated: plan[part].monthlyUsd,
      priced: estimate(plan, part),
    })),
  ),
);

test.each(sized)("$name costs what the price table says, within a fifth", ({ stated, priced }) => {
  expect(priced, "the price table does not know this size: add it to scripts/cost/prices.ts").toBeDefined();
  expect(Math.abs(stated - (priced ?? 0)) / (priced ?? 1), `regions/ says ${stated}, the price table ${priced?.toFixed(0)}`).toBeLessThan(
    tolerance,
  );
});

test("a bigger database with its old cost is found", () => {
  const { primary } = environments.pilot as (typeof environments)[string];
  const bigger = { ...primary, database: { ...primary.database, instanceClass: "db.m6g.large" } };
  expect(Math.abs(bigger.database.monthlyUsd - (estimate(bigger, "database") ?? 0)) / (estimate(bigger, "database") ?? 1)).toBeGreaterThan(
    tolerance,
  );
});

const watched = Object.values(environments).flatMap(({ name, ...environment }) =>
  regionPlans({ name, ...environment }).map((plan) => ({ name, region: plan.region, plan })),
);

test.each(watched)("watching $name $region stays below its ceiling, and forty dashboards more would not", ({ plan }) => {
  const before = plan.role === "primary" ? 0 : firstDashboards;
  expect(watchingCost(plan, before).monthlyUsd).toBeLessThanOrEqual(ceilingOf(plan));
  const dashboards = Array.from({ length: 40 }, () => "campus-now");
  expect(watchingCost({ ...plan, watching: { ...plan.watching, dashboards } }, before).monthlyUsd).toBeGreaterThan(ceilingOf(plan));
});
