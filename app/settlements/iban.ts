// Letters and digits of an IBAN by country (the registry of ISO 13616); what is not here is not paid to.
const lengths: Readonly<Record<string, number>> = {
  ...{ AT: 20, BE: 16, BG: 22, CH: 21, CY: 28, CZ: 24, DE: 22, DK: 18, EE: 20, ES: 24, FI: 18, FR: 27, GB: 22, GR: 27, HR: 21, HU: 28 },
  ...{ IE: 22, IS: 26, IT: 27, LI: 21, LT: 20, LU: 20, LV: 21, MC: 27, MT: 31, NL: 18, NO: 15, PL: 28, PT: 25, RO: 24, SE: 24, SI: 19 },
  ...{ SK: 24, SM: 27 },
};

/** The account in groups of four, or what is wrong with it. */
export function readIban(text: string, countries: readonly string[]): { readonly iban: string } | { readonly problem: string } {
  const plain = text.replaceAll(/[\s-]/g, "").toUpperCase();
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(plain)) return { problem: "must be an IBAN such as SE45 5000 0000 0583 9825 7466" };
  const country = plain.slice(0, 2);
  if (!countries.includes(country)) return { problem: `must be an account in ${countries.join(", ")}` };
  if (plain.length !== lengths[country] || !hasGoodCheckDigits(plain)) return { problem: "is no IBAN: one of its characters is wrong" };
  return { iban: (plain.match(/.{1,4}/g) ?? []).join(" ") };
}

/** ISO 7064: the country and check digits moved to the end, letters as 10 to 35, the number leaves 1 when divided by 97. */
const hasGoodCheckDigits = (plain: string): boolean =>
  [...plain.slice(4), ...plain.slice(0, 4)].reduce((rest, sign) => Number(`${rest}${Number.parseInt(sign, 36)}`) % 97, 0) === 1;
