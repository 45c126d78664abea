import type { Language } from "./languages.ts";

// A formatter takes longer to make than a line to print, and there are a few languages and currencies.
const formats = new Map<string, Intl.NumberFormat>();

function formatOf(language: Language, currency: string): Intl.NumberFormat {
  const key = `${language} ${currency}`;
  const format = formats.get(key) ?? new Intl.NumberFormat(language, { style: "currency", currency });
  formats.set(key, format);
  return format;
}

const decimalsOf = (format: Intl.NumberFormat): number => format.resolvedOptions().maximumFractionDigits ?? 2;

/** As people of this language write it: 5900 is "59,00 kr". */
export function moneyText(language: Language, minor: number, currency: string): string {
  const format = formatOf(language, currency);
  return format.format(minor / 10 ** decimalsOf(format));
}

/** For tables and paper, where the currency stands elsewhere: 5900 is "59.00"; as many decimals as the currency has. */
export function plainAmount(minor: number, currency: string): string {
  const decimals = decimalsOf(formatOf("en", currency));
  return (minor / 10 ** decimals).toFixed(decimals);
}

/** The same with the currency's code, where nobody's language is known: 5900 is "59.00 SEK". */
export const plainMoney = (minor: number, currency: string): string => `${plainAmount(minor, currency)} ${currency}`;
