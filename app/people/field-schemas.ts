import { z } from "@hono/zod-openapi";
import { nameField, phoneField } from "../identity/field-schemas.ts";
import { lineOfText } from "../platform/http/text.ts";

export const emailField = z.email("must be an e-mail address").max(254).openapi({ example: "a@b.example" });
export const addressField = nameField(500);
export const studentNumberField = nameField(40);

/** A student's phone as a person writes it: `phoneOf` makes of it what is kept, or refuses it. */
const writtenPhoneField = z
  .string()
  .regex(/^[+\d\s().-]{8,40}$/, "must be an E.164 phone number such as +46700000001")
  .openapi({
    example: "+46700000001",
    description: "E.164; blanks, hyphens and brackets, 00 for + and a single 0 for the first of OTP_COUNTRY_CODES are taken too",
  });

/** What is kept of a student beside the phone's own settings. `null` is nothing. */
export const studentFields = {
  phone: writtenPhoneField,
  name: nameField(100).nullable().default(null),
  email: emailField.nullable().default(null),
  address: addressField.nullable().default(null),
  student_number: studentNumberField.nullable().default(null),
};

/** One line of the register, cell by cell; an empty cell is left out before. */
export const registerCells = {
  phone: phoneField,
  name: nameField(100),
  email: emailField,
  address: addressField,
  student_number: studentNumberField,
};

export const versionField = z.int().min(0).openapi({ description: "As it was read: another one in between is refused with CONFLICT." });
export const searchField = lineOfText(100);
