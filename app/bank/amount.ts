const digitsOf = (currency: string): number =>
  new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;

/** 1234 of SEK is "12.34". */
export function amountText(minor: number, currency: string): string {
  const digits = digitsOf(currency);
  const text = String(minor).padStart(digits + 1, "0");
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** "12.3" of SEK is 1230; undefined for what is no amount of that currency. */
export function amountOf(text: string, currency: string): number | undefined {
  const found = /^(\d{1,13})(?:\.(\d{0,5}))?$/.exec(text);
  if (!found || !/^[A-Z]{3}$/.test(currency)) return undefined;
  const digits = digitsOf(currency);
  const decimals = (found[2] ?? "").padEnd(5, "0");
  if (/[1-9]/.test(decimals.slice(digits))) return undefined;
  return Number(`${found[1]}${decimals.slice(0, digits)}`);
}
