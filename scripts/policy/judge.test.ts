import { expect, test } from "vitest";
import { type FailedCheck, judge } from "./judge.ts";
import { type Waiver, waivers } from "./waivers.ts";

const failed: FailedCheck = {
  check: "CKV_AWS_18",
  name: "access logs",
  resource: "aws_s3_bucket.state_bucket_803B4E61",
  stack: "pilot-bootstrap",
};
const waiver: Waiver = { check: "CKV_AWS_18", on: "aws_s3_bucket.state", reason: "stands before any log bucket", until: "2027-05-31" };
const today = "2026-11-21";

test("a failed check with a waiver passes and is counted", () => {
  expect(judge([failed], [waiver], today)).toEqual({ lines: [], waived: 1 });
});

test("a failed check that nobody answered for is named with stack, resource and check", () => {
  const { lines } = judge([failed], [], today);
  expect(lines).toEqual([
    expect.stringMatching(/^pilot-bootstrap: aws_s3_bucket\.state_bucket_803B4E61 fails CKV_AWS_18 \(access logs\); mend it, or waive it/),
  ]);
});

test("a waiver of another check or another resource excuses nothing", () => {
  expect(judge([failed], [{ ...waiver, check: "CKV_AWS_19" }], today).lines).toHaveLength(2);
  expect(judge([failed], [{ ...waiver, on: "aws_s3_bucket.logs" }], today).lines).toHaveLength(2);
});

test("a waiver of one kind of stack excuses nothing in another", () => {
  expect(judge([failed], [{ ...waiver, stacks: /-bootstrap$/ }], today).lines).toEqual([]);
  expect(judge([failed], [{ ...waiver, stacks: /^production-/ }], today).lines).toHaveLength(2);
});

test("a waiver holds through its last day and fails the run on the next", () => {
  expect(judge([failed], [waiver], "2027-05-31").lines).toEqual([]);
  expect(judge([failed], [waiver], "2027-06-01").lines).toEqual([expect.stringContaining("ended on 2027-05-31")]);
});

test("a waiver that excuses nothing any more fails the run", () => {
  expect(judge([], [waiver], today).lines).toEqual([expect.stringContaining("excuses nothing any more; remove it")]);
});

test("every waiver has a reason one can argue with and an end within a year", () => {
  const inAYear = new Date(Date.now() + 366 * 86_400_000).toISOString().slice(0, 10);
  for (const { reason, until } of waivers) {
    expect(reason.length).toBeGreaterThan(20);
    expect(until).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect(until <= inAYear).toBe(true);
  }
});
