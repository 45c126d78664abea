import { expect, test } from "vitest";
import { judgeKnee, kneeOf, type Moment } from "./knee.ts";

/** A machine of two processors on which each payment takes 8 ms, four of them the API's, beside others who take half a processor. */
function climb(most: number, othersMs = 500): Moment[] {
  const costMs = 8;
  const moments: Moment[] = [];
  let [paid, ours, others] = [0, 0, 0];
  for (let second = 0; second <= 80; second += 1) {
    moments.push({
      atMs: second * 1_000,
      paid,
      busyMs: ours + others,
      oursMs: { api: ours / 2, worker: 0, later: 0, postgres: ours / 4, redis: 0, load: ours / 4 },
    });
    if (second < 2) continue;
    const wanted = second < 32 ? 40 : 40 + (second - 32) * 10;
    const done = Math.min(wanted, most);
    paid += done;
    ours += done * costMs;
    others += othersMs;
  }
  return moments;
}

test("where the processors are full the model predicts the knee from the calm part, also beside other work", () => {
  const knee = kneeOf(climb(187), 2);
  expect(knee.perSecond).toBeCloseTo(187, 0);
  expect(knee.predictedPerSecond).toBeCloseTo(187.5, 0);
  expect(knee.full).toContain("the processors (api the most");
  expect(judgeKnee(knee).holds).toBe(true);
});

test("a knee that comes from waiting is named so, and the model does not hold", () => {
  const knee = kneeOf(climb(90), 2);
  expect(knee.full).toContain("something waits");
  expect(judgeKnee(knee).holds).toBe(false);
  expect(judgeKnee(knee).lines[1]).toContain("NOT within 20 %");
});

test("a knee on a machine that others had is not judged", () => {
  const { holds, lines } = judgeKnee(kneeOf(climb(62, 1_500), 2));
  expect(holds).toBe(false);
  expect(lines).toContain("not judged: others had more than half of the machine");
});
