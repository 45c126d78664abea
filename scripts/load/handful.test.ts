import { expect, test } from "vitest";
import { handfulOf } from "./handful.ts";
import { scenarios } from "./scenarios.ts";

const dayAfter = (days: number) => new Date(Date.UTC(2026, 10, 29) + days * 86_400_000).toISOString().slice(0, 10);

test("a day has one load and four different failures, the same ones whenever it is asked", () => {
  for (let days = 0; days < 60; days += 1) {
    const chosen = handfulOf(dayAfter(days), scenarios);
    expect(chosen.map(({ kind }) => kind)).toEqual(["load", "failure", "failure", "failure", "failure"]);
    expect(new Set(chosen.map(({ name }) => name)).size).toBe(5);
    expect(handfulOf(dayAfter(days), scenarios)).toEqual(chosen);
  }
});

test("within a fortnight every scenario that may be chosen had its turn", () => {
  const seen = new Set(Array.from({ length: 14 }, (_, days) => handfulOf(dayAfter(days), scenarios).map(({ name }) => name)).flat());
  const choosable = scenarios.filter(({ apart, env }) => !apart && !env).map(({ name }) => name);
  expect(choosable.filter((name) => !seen.has(name))).toEqual([]);
});
