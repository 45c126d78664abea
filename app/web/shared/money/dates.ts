import { currentLanguage } from "../words/language.ts";

const locales = { sv: "sv-SE", it: "it-IT", en: "en-GB" } as const;
const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locales[currentLanguage()], options);

export const clock = (at: string | Date, timeZone?: string): string =>
  format({ hour: "2-digit", minute: "2-digit", ...(timeZone === undefined ? {} : { timeZone }) }).format(new Date(at));

export const day = (at: string | Date): string => format({ weekday: "long", day: "numeric", month: "long" }).format(new Date(at));

export const month = (at: Date): string => format({ month: "long" }).format(at);

/** In one piece: a table's column does not break it into a day and a time. */
export const dayAndTime = (at: string | Date): string =>
  format({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }).format(new Date(at)).replaceAll(" ", "\u00a0");

/** Of an end that is a day's last moment, that day: money until 31 May ends as 1 June begins. */
export const lastDay = (end: string): string =>
  format({ day: "numeric", month: "short", year: "numeric" }).format(new Date(new Date(end).getTime() - 1));

/** "just now", "3 minutes ago": from a few minutes on the clock says more. */
export function since(at: string | Date): string {
  const minutes = Math.round((new Date(at).getTime() - Date.now()) / 60_000);
  const relative = new Intl.RelativeTimeFormat(locales[currentLanguage()], { numeric: "auto" });
  if (minutes > -60) return relative.format(Math.min(0, minutes), "minute");
  return dayAndTime(at);
}
