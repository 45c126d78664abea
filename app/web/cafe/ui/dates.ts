import { clock, dayAndTime, lastDay, since } from "../../shared/money/dates.ts";
import { useTimeZone } from "../cafe-choice.tsx";

/** Moments as the café's own clock tells them, wherever the browser is: its reports and its opening hours are of that clock. */
export function useDates() {
  const timeZone = useTimeZone();
  return {
    clock: (at: string | Date) => clock(at, timeZone),
    dayAndTime: (at: string | Date) => dayAndTime(at, timeZone),
    lastDay: (end: string) => lastDay(end, timeZone),
    since: (at: string | Date) => since(at, timeZone),
  };
}
