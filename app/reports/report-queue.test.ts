import { expect, test } from "vitest";
import { CodedError } from "../platform/errors.ts";
import { createReportQueue } from "./report-queue.ts";

test("two reports are made at once, twenty wait in order, one more is refused, and one that fails gives up its turn", async () => {
  const inTurn = createReportQueue();
  const begun: number[] = [];
  const ends: ((outcome: "done" | "failed") => void)[] = [];
  const make = (number: number) =>
    inTurn(`café ${number >> 1}`, async () => {
      begun.push(number);
      const outcome = await new Promise<"done" | "failed">((end) => ends.push(end));
      if (outcome === "failed") throw new Error(`report ${number}`);
      return number;
    });
  const reports = Array.from({ length: 22 }, (_, number) => make(number));
  const settled = Promise.allSettled(reports);
  expect(begun).toEqual([0, 1]);
  await expect(make(22)).rejects.toThrow(CodedError);
  for (let ended = 0; ended < reports.length; ended += 1) {
    expect(begun.length).toBe(Math.min(ended + 2, reports.length));
    ends[ended]?.(ended % 5 === 0 ? "failed" : "done");
    await reports[ended]?.catch(() => undefined);
  }
  expect(begun).toEqual(reports.map((_, number) => number));
  expect((await settled).map(({ status }) => status)).toEqual(reports.map((_, number) => (number % 5 === 0 ? "rejected" : "fulfilled")));
});

test("of one café two wait at most, so that all of its reports shut out nobody else", async () => {
  const inTurn = createReportQueue();
  const ends: (() => void)[] = [];
  const make = (cafeId: string) => inTurn(cafeId, () => new Promise<void>((end) => ends.push(end)));
  const own = Array.from({ length: 4 }, () => make("one"));
  await expect(make("one")).rejects.toThrow(CodedError);
  const other = make("another");
  for (const [place, report] of [...own, other].entries()) {
    await expect.poll(() => ends.length).toBeGreaterThan(place);
    ends[place]?.();
    await report;
  }
  const again = make("one");
  await expect.poll(() => ends.length).toBe(6);
  ends[5]?.();
  await again;
});
