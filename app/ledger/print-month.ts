import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { validationError } from "../platform/http/router.ts";
import type { Language } from "../platform/languages.ts";
import { sql } from "../platform/postgres.ts";
import { readMonth } from "./statement.ts";
import { statementPdf } from "./statement-pdf.ts";

/** Other requests wait while they are drawn: twice as many took 50 ms (measured). */
export const mostLines = 500;

interface Holder {
  readonly name: string | null;
  readonly language: Language;
  readonly currency: string | null;
  readonly isToCome: boolean;
}

/** A student's month as PDF; `month` is "2026-11". */
export async function printMonth({ db, config }: Platform, studentId: string, month: string): Promise<Buffer> {
  const { CAMPUS_TIME_ZONE: timeZone, CAMPUS_CURRENCY } = config;
  const from = `${month}-01`;
  const holder = await db.row<Holder>(sql`
    select s.name, s.language, w.currency, ${from}::date > (now() at time zone ${timeZone})::date as is_to_come
    from students s left join wallets w on w.student_id = s.id where s.id = ${studentId}`);
  if (!holder) throw new Error("The student is not there any more.");
  if (holder.isToCome) throw validationError("query", [{ path: ["month"], message: "must be a month that has begun" }]);
  const read = await readMonth(db, studentId, { from, timeZone, mostLines });
  if (!read) throw new CodedError("CONFLICT", `This month has more than ${mostLines} entries: take the statement as CSV.`);
  const { name, language, currency } = holder;
  return statementPdf({ ...read, from, timeZone, currency: currency ?? CAMPUS_CURRENCY, language, name });
}
