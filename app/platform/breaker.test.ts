import { expect, test } from "vitest";
import { BreakerOpen, createBreaker } from "./breaker.ts";

const fail = () => Promise.reject(new Error("away"));
const work = () => Promise.resolve("done");

function breakerAt() {
  const clock = { ms: 0 };
  const changes: boolean[] = [];
  const breaker = createBreaker({ name: "Redis", failures: 3, restMs: 1_000, now: () => clock.ms, onChange: (open) => changes.push(open) });
  const failTimes = async (times: number) => {
    for (let turn = 0; turn < times; turn += 1) await expect(breaker.run(fail)).rejects.toThrow("away");
  };
  return { breaker, clock, changes, failTimes };
}

test("it opens after the given failures in a row and then refuses without asking", async () => {
  const { breaker, failTimes } = breakerAt();
  await failTimes(3);
  let asked = 0;
  await expect(breaker.run(async () => (asked += 1))).rejects.toBeInstanceOf(BreakerOpen);
  expect([breaker.isOpen(), asked]).toEqual([true, 0]);
});

test("a success in between begins the count again", async () => {
  const { breaker, failTimes } = breakerAt();
  await failTimes(2);
  expect(await breaker.run(work)).toBe("done");
  await failTimes(2);
  expect(breaker.isOpen()).toBe(false);
});

test("after its rest it lets exactly one call try, and closes when that one succeeds", async () => {
  const { breaker, clock, changes, failTimes } = breakerAt();
  await failTimes(3);
  clock.ms = 1_000;
  const gate = Promise.withResolvers<string>();
  const trial = breaker.run(() => gate.promise);
  await expect(breaker.run(work)).rejects.toBeInstanceOf(BreakerOpen);
  gate.resolve("back");
  expect(await trial).toBe("back");
  expect(await breaker.run(work)).toBe("done");
  expect(changes).toEqual([true, false]);
});

test("a failed trial opens it for another rest, and the change is told once", async () => {
  const { breaker, clock, changes, failTimes } = breakerAt();
  await failTimes(3);
  clock.ms = 1_000;
  await failTimes(1);
  expect(breaker.isOpen()).toBe(true);
  clock.ms = 1_999;
  expect(breaker.isOpen()).toBe(true);
  clock.ms = 2_000;
  expect(breaker.isOpen()).toBe(false);
  expect(changes).toEqual([true]);
});
