import { z } from "@hono/zod-openapi";
import { nameField } from "../identity/field-schemas.ts";

/** A time as a clock on the wall reads it. */
export const clockTime = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be a time such as 07:30")
  .openapi({ example: "12:00" });

const endTime = z
  .string()
  .regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, "must be a time such as 15:00, or 24:00")
  .openapi({ example: "15:00" });

export interface Interval {
  readonly from: string;
  readonly to: string;
}

export const intervalFields = { from: clockTime, to: endTime };
export const isInterval = ({ from, to }: Interval): boolean => from !== to;
export const emptyInterval = "must end at another time than it begins (a whole day is 00:00 to 24:00)";

const minutesPerDay = 1_440;
const minuteOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

/** Two intervals of a day overlap where one begins inside the other. */
export const overlap = (intervals: readonly Interval[]): boolean =>
  intervals.some((one, index) => intervals.some((other, place) => index !== place && begins(other, one)));

function begins({ from: start }: Interval, { from, to }: Interval): boolean {
  const length = (minuteOf(to) - minuteOf(from) + minutesPerDay) % minutesPerDay || minutesPerDay;
  return (minuteOf(start) - minuteOf(from) + minutesPerDay) % minutesPerDay < length;
}

export const weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
const maxIntervalsPerDay = 6;

const day = z
  .array(z.strictObject(intervalFields).refine(isInterval, emptyInterval))
  .max(maxIntervalsPerDay)
  .refine((intervals) => !overlap(intervals), "must not overlap")
  .optional();

/** One list of intervals a weekday; a day that is left out is closed. */
export const openingHours = z
  .strictObject({ monday: day, tuesday: day, wednesday: day, thursday: day, friday: day, saturday: day, sunday: day })
  .openapi("OpeningHours", {
    description: "An interval that ends at or before the time at which it begins ends on the next day. null: open always.",
  });

export type OpeningHours = z.output<typeof openingHours>;

const date = z.iso.date().regex(/^20\d\d-/, "must be a day of this century such as 2026-12-24");
const maxHolidays = 100;

export const holidays = z
  .array(
    z
      .strictObject({ from: date, to: date, name: nameField(100).optional() })
      .refine(({ from, to }) => from <= to, "must not end before it begins"),
  )
  .max(maxHolidays)
  .openapi({ description: "Closed from the first to the last of these days, both included." });

export type Holidays = z.output<typeof holidays>;

export const timeZone = z
  .string()
  .max(40)
  .refine((zone) => Intl.supportedValuesOf("timeZone").includes(zone), "must be an IANA time zone such as Europe/Stockholm")
  .openapi({ example: "Europe/Stockholm" });

export const cafeName = nameField(100);
export const cafeAddress = nameField(500);
