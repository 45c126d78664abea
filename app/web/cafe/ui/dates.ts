import { now } from "../../shared/clock.ts";
import { calendarDay, clock, dayAndTime, lastDay, since } from "../../shared/money/dates.ts";
import { useTimeZone } from "../cafe-choice.tsx";

/** Moments as the café's own clock tells them, wherever the browser is: its reports and its opening hours are of that clock. */
export function useDates() {
  const timeZone = useTimeZone();
  return {
    /** The day so many days from today. */
    calendarDayIn: (days: number) => calendarDay(calendarDate(now() + days * dayMs, timeZone)),
    clock: (at: string | Date) => clock(at, timeZone),
    dayAndTime: (at: string | Date) => dayAndTime(at, timeZone),
    lastDay: (end: string) => lastDay(end, timeZone),
    since: (at: string | Date) => since(at, timeZone),
  };
}

const dayMs = 86_400_000;

/** A day as the café's own calendar has it, as "2026-11-29": at midnight the browser's may be another one. */
export const calendarDate = (at: number, timeZone: string): string => new Intl.DateTimeFormat("sv-SE", { timeZone }).format(at);
