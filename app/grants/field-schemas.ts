import { z } from "@hono/zod-openapi";
import { cardUidField } from "../cards/field-schemas.ts";
import { phoneField } from "../identity/field-schemas.ts";
import { largestMinor } from "../ledger/field-schemas.ts";
import { emailField, studentNumberField } from "../people/field-schemas.ts";
import { lineOfText } from "../platform/http/text.ts";

/** One line of a file of grants, cell by cell; an empty cell is left out before. */
export const grantCells = {
  student_id: z.uuid("must be a student's id"),
  student_number: studentNumberField,
  email: emailField,
  phone: phoneField,
  card_uid: cardUidField,
  amount_minor: z
    .string()
    .regex(/^\d{1,10}$/, "must be a whole number of minor units (46000 is 460.00)")
    .refine((text) => Number(text) > 0 && Number(text) <= largestMinor, `must be from 1 to ${largestMinor}`),
  reference: lineOfText(64),
  expires_on: z.iso.date("must be a day as 2027-01-31"),
};
