import { expect, test } from "vitest";
import { refuseWhatRegionsLack } from "../stacks/region-limits.ts";
import { refuseExpiredSafeguards } from "../stacks/safeguards.ts";
import { capabilities, environments, regionPlans } from "./index.ts";

const all = Object.values(environments).map((environment) => ({ name: environment.name, environment }));

test.each(all)("$name asks no region for what it lacks", ({ environment }) =>
  expect(() => refuseWhatRegionsLack(environment)).not.toThrow(),
);

test.each(all)("$name has no protection that is off past its day", ({ environment }) => {
  expect(() => refuseExpiredSafeguards(environment, new Date().toISOString().slice(0, 10))).not.toThrow();
});

test("no region offers what it is known to lack", () => {
  for (const { missing, ...capability } of Object.values(capabilities)) {
    const offered = [...capability.instanceFamilies, ...capability.databaseFamilies, ...capability.cacheFamilies, ...capability.services];
    expect(offered.filter((one) => missing.includes(one))).toEqual([]);
  }
});

test("every region has three zones of its own", () => {
  for (const [region, { zones }] of Object.entries(capabilities)) {
    expect(new Set(zones).size).toBe(3);
    expect(zones.every((zone) => zone.startsWith(region))).toBe(true);
  }
});

test("no two networks overlap, so that any two can be joined later", () => {
  const cidrs = all.flatMap(({ environment }) => regionPlans(environment).map((plan) => plan.network.cidr));
  expect(new Set(cidrs).size).toBe(cidrs.length);
});

test("every account and every domain belongs to one environment", () => {
  expect(new Set(all.map(({ environment }) => environment.accountId)).size).toBe(all.length);
  expect(new Set(all.map(({ environment }) => environment.domain)).size).toBe(all.length);
});

test.each(all)("$name costs no more than its budget", ({ environment }) => {
  const sum = (value: unknown): number =>
    typeof value === "object" && value !== null
      ? Object.entries(value).reduce((total, [key, one]) => total + (key === "monthlyUsd" ? Number(one) : sum(one)), 0)
      : 0;
  const cost = sum(environment);
  expect(cost).toBeGreaterThan(environment.monthlyBudgetUsd / 3);
  expect(cost).toBeLessThanOrEqual(environment.monthlyBudgetUsd);
});

test("production keeps backups 35 days and the pilot 7", () => {
  expect(environments.production?.primary.database.backupRetentionDays).toBe(35);
  expect(environments.pilot?.primary.database.backupRetentionDays).toBe(7);
});
