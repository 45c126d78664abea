import { z } from "@hono/zod-openapi";
import { lineOfText, withPlainBlanks } from "../platform/http/text.ts";

// Shapes that several routes of identity take.
export const phoneField = z
  .string()
  .regex(/^\+[1-9]\d{7,14}$/, "must be an E.164 phone number such as +46700000001")
  // +460700… would be a second account beside +46700…: no Swedish number begins with a nought behind the country.
  .regex(/^(?!\+460)/, "must have no 0 between +46 and the number")
  .openapi({ example: "+46700000001" });

export const otpField = z
  .string()
  .regex(/^\d{6}$/, "must be six digits")
  .openapi({ example: "123456" });

/** For what a token alone may not do. */
export const stepUpFields = {
  otp: otpField.optional().openapi({ description: "The code of POST /users/me/step-up", example: "123456" }),
  signature: z
    .string()
    .regex(/^[\w-]{1,200}$/, "must be base64url")
    .optional()
    .openapi({ description: "The phone's signature over its challenge, once there is a confirm key" }),
};

export const usernamePattern = /^[a-z0-9._-]{3,50}$/;

// What bcrypt reads: anything behind it would count for nothing.
const maxPasswordBytes = 72;

/** A password that is to last: `refuseCommonPassword` looks at it too. */
export const newPasswordField = z
  .string()
  .min(12)
  .max(maxPasswordBytes)
  .refine((text) => Buffer.byteLength(text) <= maxPasswordBytes, `must be ${maxPasswordBytes} bytes at most`);

/** Two names that look the same are the same. */
export const nameField = (most: number) => lineOfText(most).overwrite(withPlainBlanks);

export const cafeQuery = z.strictObject({
  cafe_id: z
    .uuid()
    .optional()
    .openapi({ description: "Which café; needed from finance and admin; a café's own staff may only name their own." }),
});

export const studentNames = { student_name: z.string().nullable(), student_number: z.string().nullable() };
