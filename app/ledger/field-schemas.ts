import { z } from "@hono/zod-openapi";

/** No amount on a campus is larger; far below where a sum of them would leave the safe integers. */
export const largestMinor = 1_000_000_000;

export const minorUnits = z.number().int().min(0).max(largestMinor);

export const reasonField = (minLength: number) =>
  z
    .string()
    .trim()
    .min(minLength)
    .max(500)
    .regex(/^\P{Cc}*$/u, "must not contain control characters");
