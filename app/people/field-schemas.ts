import { z } from "@hono/zod-openapi";
import { nameField, phoneField } from "../identity/field-schemas.ts";
import { lineOfText } from "../platform/http/text.ts";

export const emailField = z.email("must be an e-mail address").max(254).openapi({ example: "a@b.example" });
export const addressField = nameField(500);
export const studentNumberField = nameField(40);

/** What is kept of a student beside the phone's own settings. `null` is nothing. */
export const studentFields = {
  phone: phoneField,
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
