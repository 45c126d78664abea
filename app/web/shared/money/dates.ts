import { currentLanguage } from "../words/language.ts";

const locales = { sv: "sv-SE", it: "it-IT", en: "en-GB" } as const;
/** Without a zone the browser's own counts. */
const format = (options: Intl.DateTimeFormatOptions, timeZone?: string) =>
  new Intl.DateTimeFormat(locales[currentLanguage()], { ...options, ...(timeZone === undefined ? {} : { timeZone }) });

export const clock = (at: string | Date, timeZone?: string): string =>
  format({ hour: "2-digit", minute: "2-digit" }, timeZone).format(new Date(at));

/** "Sun 29 Nov" of the calendar's "2026-11-29", with its year where that is not this one. */
export const calendarDay = (date: string): string =>
  format(
    {
      weekday: "short",
      day: "numeric",
      month: "short",
      ...(date.startsWith(`${new Date().getFullYear()}-`) ? {} : { year: "numeric" }),
    },
    "UTC",
  )
    .format(new Date(date))
    .replaceAll(" ", "\u00a0");

/** The same below a bar, where there is little room. */
export const shortDay = (date: string): string => format({ day: "numeric", month: "short" }, "UTC").format(new Date(date));

export const day = (at: string | Date): string => format({ weekday: "long", day: "numeric", month: "long" }).format(new Date(at));

/** "November 2026" of the calendar's "2026-11". */
export const monthAndYear = (month: string): string => format({ month: "long", year: "numeric" }, "UTC").format(new Date(`${month}-01`));

export const month = (at: Date): string => format({ month: "long" }).format(at);

/** In one piece: a table's column does not break it into a day and a time. */
export const dayAndTime = (at: string | Date, timeZone?: string): string =>
  format({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }, timeZone).format(new Date(at)).replaceAll(" ", "\u00a0");

/** Of an end that is a day's last moment, that day: money until 31 May ends as 1 June begins. */
export const lastDay = (end: string, timeZone?: string): string =>
  format({ day: "numeric", month: "short", year: "numeric" }, timeZone).format(new Date(new Date(end).getTime() - 1));

/** "just now", "3 minutes ago": from a few minutes on the clock says more. */
export function since(at: string | Date, timeZone?: string): string {
  const minutes = Math.round((new Date(at).getTime() - Date.now()) / 60_000);
  const relative = new Intl.RelativeTimeFormat(locales[currentLanguage()], { numeric: "auto" });
  if (minutes > -60) return relative.format(Math.min(0, minutes), "minute");
  return dayAndTime(at, timeZone);
}
