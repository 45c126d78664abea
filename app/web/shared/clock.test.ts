import { expect, test } from "vitest";
import { hearTime, now } from "./clock.ts";

const answer = (date: string, cache = "no-store") => new Headers({ date, "cache-control": cache });
const nowIs = Date.parse("2026-11-30T12:00:00.400Z");
const off = () => Math.round((now() - Date.now()) / 1_000);

test("a clock that is minutes off is set right by the next answer, also back again", () => {
  hearTime(answer("Mon, 30 Nov 2026 12:07:00 GMT"), nowIs);
  expect(off()).toBe(420);
  hearTime(answer("Mon, 30 Nov 2026 11:30:00 GMT"), nowIs);
  expect(off()).toBe(-1_800);
  hearTime(answer("Mon, 30 Nov 2026 12:00:00 GMT"), nowIs);
  expect(off()).toBe(0);
});

test("the way of an answer, one out of a cache and one without a time change nothing", () => {
  hearTime(answer("Mon, 30 Nov 2026 12:07:00 GMT"), nowIs);
  for (const headers of [answer("Mon, 30 Nov 2026 11:00:00 GMT", "public, max-age=60"), answer("soon"), new Headers()])
    hearTime(headers, nowIs);
  expect(off()).toBe(420);
  hearTime(answer("Mon, 30 Nov 2026 11:59:58 GMT"), nowIs);
  expect(off()).toBe(0);
});
