import { z } from "@hono/zod-openapi";
import { amountUnits } from "../platform/csv.ts";
import { lineOfText } from "../platform/http/text.ts";

/** No amount on a campus is larger; far below where a sum of them would leave the safe integers. */
export const largestMinor = 1_000_000_000;

export const minorUnits = z.number().int().min(0).max(largestMinor);

export const amountsField = z
  .enum(amountUnits)
  .default("minor")
  .openapi({ description: "Of a CSV file: minor units in columns `…_minor`, or major ones (kronor) in columns without it" });

export const reasonField = (fewest: number) => lineOfText(500, fewest);
