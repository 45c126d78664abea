import { expect, test } from "vitest";
import { environments } from "../../regions/index.ts";
import { capacityOf, measured, scansASecond } from "./model.ts";

test("the campus that the platform is made for has 22 scans a second at its peak, and production's own sizes carry it", () => {
  expect(scansASecond(20_000)).toBeCloseTo(22.2, 1);
  const wanted = capacityOf(20_000);
  const fleet = environments.production?.primary.api.fleets.find(({ weightPercent }) => weightPercent > 0);
  expect(wanted.machines).toBeLessThanOrEqual(fleet?.lunchMinInstances ?? 0);
  expect(environments.production?.primary.database.instanceClass).toBe(
    wanted.database === "db.t4g.medium" ? "db.m6g.large" : wanted.database,
  );
});

test("more students never need less, and twice the cost of a payment needs more of what it is paid with", () => {
  const sizes = [1_000, 10_000, 100_000, 1_000_000].map((students) => capacityOf(students));
  for (const key of ["machines", "databaseCores", "monthlyUsd", "databaseGibAYear"] as const) {
    expect(sizes.map((one) => one[key])).toEqual(sizes.map((one) => one[key]).toSorted((a, b) => a - b));
  }
  const dearer = capacityOf(100_000, { ...measured, postgresMs: measured.postgresMs * 2 });
  expect(dearer.databaseCores).toBeCloseTo(capacityOf(100_000).databaseCores * 2, 6);
  expect(dearer.machines).toBe(capacityOf(100_000).machines);
});

test("where no single writer is enough there are several databases, each a campus's own", () => {
  const most = capacityOf(5_000_000);
  expect(most.databases).toBeGreaterThan(1);
  expect(most.first).toContain("a database for each campus");
  expect(capacityOf(100_000).databases).toBe(1);
});
