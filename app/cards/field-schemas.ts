import { z } from "@hono/zod-openapi";

/** A card's number as readers and people write it. */
export const cardUidField = z
  .string()
  .max(64)
  .transform((uid) => uid.replaceAll(/[\s:.-]/g, ""))
  .pipe(z.string().regex(/^[0-9a-fA-F]{8,20}$/, "must be 8 to 20 hexadecimal digits"))
  .openapi({ type: "string", example: "04:A2:2F:1B" });
