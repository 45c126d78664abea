import { z } from "@hono/zod-openapi";
import { lineOfText } from "../platform/http/text.ts";

// Shapes that several routes of identity take.
export const phoneField = z
  .string()
  .regex(/^\+[1-9]\d{7,14}$/, "must be an E.164 phone number such as +46700000001")
  .openapi({ example: "+46700000001" });

export const otpField = z
  .string()
  .regex(/^\d{6}$/, "must be six digits")
  .openapi({ example: "123456" });

export const nameField = (most: number) => lineOfText(most);

export const cafeQuery = z.strictObject({
  cafe_id: z
    .uuid()
    .optional()
    .openapi({ description: "Which café; needed from finance and admin; a café's own staff may only name their own." }),
});
