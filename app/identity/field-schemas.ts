import { z } from "@hono/zod-openapi";

// Shapes that several routes of identity take. Control characters are refused: PostgreSQL cannot store U+0000.
const printable = /^\P{Cc}*$/u;

export const phoneField = z
  .string()
  .regex(/^\+[1-9]\d{7,14}$/, "must be an E.164 phone number such as +46700000001")
  .openapi({ example: "+46700000001" });

export const otpField = z
  .string()
  .regex(/^\d{6}$/, "must be six digits")
  .openapi({ example: "123456" });

export const nameField = (maxLength: number) =>
  z.string().trim().min(1).max(maxLength).regex(printable, "must not contain control characters");

export const cafeQuery = z.strictObject({
  cafe_id: z.uuid().optional().openapi({ description: "Which café; needed from finance and admin, ignored from a café's own staff." }),
});
