import { expect, test } from "vitest";
import { dirtyAttributes, maxDirtyAttributes } from "./dirty-attributes.ts";
import { changesIn, isTolerated } from "./second-plan.ts";

const shortestReason = 30;

test("every attribute that a second plan may change has a reason, and they are few", () => {
  expect(dirtyAttributes.length).toBeLessThanOrEqual(maxDirtyAttributes);
  for (const { type, attribute, reason } of dirtyAttributes) {
    expect(`${type}.${attribute}: ${reason}`).toMatch(/^aws_\w+\.\w+: /);
    expect(reason.length).toBeGreaterThan(shortestReason);
  }
});

const plan = (actions: string[], before: unknown, after: unknown, unknown: unknown = {}) => ({
  resource_changes: [{ address: "aws_vpc.a", type: "aws_vpc", change: { actions, before, after, after_unknown: unknown } }],
});

test("a changed, an added and a not yet known attribute are all seen", () => {
  const [change] = changesIn(plan(["update"], { a: 1, b: 2 }, { a: 1, b: 3, c: { d: 1 } }, { e: true }));
  expect(change?.attributes).toEqual(["b", "c", "e"]);
});

test("what is only read or left alone is no change", () => {
  expect(changesIn(plan(["no-op"], { a: 1 }, { a: 1 }))).toEqual([]);
  expect(changesIn(plan(["read"], null, { a: 1 }))).toEqual([]);
});

test("only a change in place, of listed attributes alone, is tolerated", () => {
  const list = [{ type: "aws_vpc", attribute: "b", reason: "this test" }];
  const change = { address: "aws_vpc.a", type: "aws_vpc", actions: ["update"], attributes: ["b"] };
  expect(isTolerated(change, list)).toBe(true);
  expect(isTolerated({ ...change, attributes: ["b", "c"] }, list)).toBe(false);
  expect(isTolerated({ ...change, actions: ["delete", "create"] }, list)).toBe(false);
  expect(isTolerated({ ...change, type: "aws_subnet" }, list)).toBe(false);
});
