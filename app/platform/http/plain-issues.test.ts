import { z } from "@hono/zod-openapi";
import { expect, test } from "vitest";
import "./plain-issues.ts";

const said = (schema: z.ZodType, value: unknown) => schema.safeParse(value).error?.issues[0]?.message;

test("what does not fit is said in plain words, and a schema's own words stay", () => {
  expect([
    said(z.string().min(12), "short"),
    said(z.string().min(1), ""),
    said(z.string().max(3), "longer"),
    said(z.string().length(6), "1234"),
    said(z.array(z.string()).min(2), ["a"]),
    said(z.int().max(1_000_000_000), 1_000_000_001),
    said(z.number().min(0), -1),
    said(z.number().positive(), 0),
    said(z.int(), 1.5),
    said(z.uuid(), "7"),
    said(z.email(), "nobody"),
    said(z.url(), "nowhere"),
    said(z.iso.datetime(), "yesterday"),
    said(z.object({ name: z.string() }), {}),
    said(z.string(), 7),
    said(z.string().min(12, "is too short"), "short"),
  ]).toEqual([
    "must have at least 12 characters",
    "must have at least 1 character",
    "must have at most 3 characters",
    "must have exactly 6 characters",
    "must have at least 2 items",
    "must be at most 1000000000",
    "must be at least 0",
    "must be more than 0",
    "must be a whole number",
    "must be an id such as 0192f0c1-9b1e-7c3a-8f00-5a1d2c3b4e5f",
    "must be an e-mail address",
    "must be an address such as https://example.org",
    "must be a time such as 2026-05-01T10:00:00Z",
    "is missing",
    "must be text",
    "is too short",
  ]);
});
