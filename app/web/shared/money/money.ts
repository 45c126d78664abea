import { currentLanguage } from "../words/language.ts";

/** A currency has one sign in every language; how a number is written is the reader's. */
const localeOf = (currency: string): string => {
  const language = currentLanguage();
  if (language === "sv") return "sv-SE";
  if (language === "it") return "it-IT";
  return currency === "EUR" ? "en-IT" : "en-SE";
};

const formats = new Map<string, Intl.NumberFormat>();

function formatOf(currency: string, isWhole: boolean): Intl.NumberFormat {
  const key = `${localeOf(currency)} ${currency} ${isWhole}`;
  const known = formats.get(key);
  if (known) return known;
  const digits = isWhole ? { minimumFractionDigits: 0, maximumFractionDigits: 0 } : {};
  const made = new Intl.NumberFormat(localeOf(currency), {
    style: "currency",
    currency,
    currencyDisplay: "narrowSymbol",
    // Italian leaves four digits whole: in a column 3258,00 then stands above 12.300,00.
    useGrouping: "always",
    ...digits,
  });
  formats.set(key, made);
  return made;
}

/** `5900` in SEK is "59,00 kr". */
export const money = (minor: number, currency: string): string => formatOf(currency, false).format(minor / 100);

/** For menus and buttons: "59 kr" where there are no öre. */
export const price = (minor: number, currency: string): string => formatOf(currency, minor % 100 === 0).format(minor / 100);

/** With its sign, for statements. */
export const signed = (minor: number, currency: string): string => `${minor < 0 ? "−" : "+"}${money(Math.abs(minor), currency)}`;
