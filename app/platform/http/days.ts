import { z } from "@hono/zod-openapi";

/** Years that PostgreSQL, the ids that carry a time and JavaScript write alike: a year 0000 is none to the database. */
const [first, last] = ["1970-01-02", "9999-12-30"];
const problem = `must be from ${first} to ${last}`;

export const dayField = z.iso.date().refine((day) => day >= first && day <= last, problem);

export const momentField = z.iso
  .datetime({ offset: true })
  .refine((text) => new Date(text) >= new Date(first) && new Date(text) <= new Date(last), problem);

export const monthField = z
  .string()
  .regex(/^20\d\d-(0[1-9]|1[0-2])$/, "must be a month such as 2026-11")
  .openapi({ example: "2026-11" });
