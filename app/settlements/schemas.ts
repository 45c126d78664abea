import { z } from "@hono/zod-openapi";
import { dayField as anyDay } from "../platform/http/days.ts";
import { lineOfText } from "../platform/http/text.ts";

export const bankReferenceField = lineOfText(140, 3).openapi({
  description: "What the bank calls the transfer",
  example: "SEB-20261121-0007",
});

export const dayField = anyDay.openapi({ example: "2026-11-20" });

export const basisPoints = z.int().min(0).max(10_000);

export const payToField = lineOfText(140, 5).openapi({
  description: "The bank account that gets the rest: an IBAN of a country in CLOSE_OUT_COUNTRIES",
  example: "SE45 5000 0000 0583 9825 7466",
});
