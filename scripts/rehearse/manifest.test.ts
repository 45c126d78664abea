import { expect, test } from "vitest";
import { type Stack, withDependencies } from "./manifest.ts";
import { downwards, upwards } from "./schedule.ts";

const stack = (name: string, ...dependencies: readonly string[]): Stack => ({ name, folder: `/out/${name}`, dependencies });
const stacks = [stack("api", "data", "network"), stack("data", "network"), stack("global"), stack("network")];

const follow = async (walk: typeof upwards, parallelism: number, failing: readonly string[] = []) => {
  const events: string[] = [];
  let most = 0;
  let now = 0;
  const ok = await walk(stacks, parallelism, async ({ name }) => {
    most = Math.max(most, ++now);
    events.push(name);
    await Promise.resolve();
    now--;
    return !failing.includes(name);
  });
  return { ok, events, most };
};

test("deploys a stack after all that it stands on", async () => {
  const { ok, events } = await follow(upwards, 1);
  expect(ok).toBe(true);
  expect(events.indexOf("network")).toBeLessThan(events.indexOf("data"));
  expect(events.indexOf("data")).toBeLessThan(events.indexOf("api"));
});

test("destroys a stack after all that stand on it", async () => {
  const { events } = await follow(downwards, 1);
  expect(events.indexOf("api")).toBeLessThan(events.indexOf("data"));
  expect(events.indexOf("data")).toBeLessThan(events.indexOf("network"));
});

test("begins with the stack that the longest chain waits for", async () => {
  expect((await follow(upwards, 1)).events).toEqual(["network", "data", "api", "global"]);
  expect((await follow(downwards, 1)).events).toEqual(["api", "data", "global", "network"]);
});

test("never runs more stacks at a time than it was told", async () => {
  expect((await follow(upwards, 2)).most).toBe(2);
});

test("a stack that fails keeps back those that stand on it, and no other", async () => {
  const { ok, events } = await follow(upwards, 2, ["data"]);
  expect(ok).toBe(false);
  expect(events.toSorted()).toEqual(["data", "global", "network"]);
});

test("a named stack brings what it stands on, however deep", () => {
  expect(withDependencies(stacks, ["api"]).map((one) => one.name)).toEqual(["api", "data", "network"]);
});

test("an unknown stack is named together with those there are", () => {
  expect(() => withDependencies(stacks, ["dta"])).toThrow("There is no stack dta. There are: api, data, global, network.");
});
