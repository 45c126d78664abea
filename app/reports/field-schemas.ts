import { z } from "@hono/zod-openapi";

export const count = z.int().nonnegative();
export const minor = z.int();
export const day = z.iso.date();

/** Of which café a report speaks. */
export const cafeFields = {
  cafe_id: z.uuid(),
  cafe_name: z.string(),
  time_zone: z.string().openapi({ description: "Of the café: its days and hours are these" }),
  currency: z.string(),
};
