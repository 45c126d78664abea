import type { Config } from "../platform/config.ts";
import { CodedError } from "../platform/errors.ts";
import { part, type Statement } from "../platform/postgres.ts";

export type PhoneWait = Pick<Config, "NEW_PHONE_WAIT_SECONDS" | "CAMPUS_TIME_ZONE">;

/** When another phone may be entered for a student whose card in use is new; null where it may. */
export const endOfNewCard = ({ NEW_PHONE_WAIT_SECONDS }: Pick<Config, "NEW_PHONE_WAIT_SECONDS">, studentId: Statement): Statement => part`(
  select until from (
    select created_at + make_interval(secs => ${NEW_PHONE_WAIT_SECONDS}) as until from cards where student_id = ${studentId} and status in ('active', 'frozen')) w
  where until > clock_timestamp())`;

/**
 * A card and a phone are together all that pays, so whoever gives the one does not enter the other for some days, in either order: else
 * the own card and the own phone would spend a student's wallet at once.
 */
export const noPhoneYet = (config: PhoneWait, until: Date): CodedError =>
  notYet(
    config,
    until,
    "card_given",
    (day) => `A card was given to this student of late: another phone is entered from ${day} on, or once that card is reported lost.`,
  );

export const noCardYet = (config: PhoneWait, until: Date): CodedError =>
  notYet(
    config,
    until,
    "phone_changed",
    (day) =>
      `Another phone was entered for this student of late: a card is given again on ${day}, so that the old phone's owner can object.`,
  );

function notYet({ CAMPUS_TIME_ZONE: timeZone }: PhoneWait, until: Date, because: string, say: (day: string) => string): CodedError {
  return new CodedError("CONFLICT", say(until.toLocaleDateString("sv-SE", { timeZone })), {
    details: { because, until: until.toISOString() },
  });
}
