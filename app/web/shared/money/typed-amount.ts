/** What a field of an amount takes, as its `pattern`: öre behind a comma or a point, thousands apart or not. */
export const amountPattern = "[0-9\\s]{1,12}([.,][0-9]{1,2})?";

const amount = /^-?\d{1,9}(\.\d{1,2})?$/;

/** `12,50`, `12.50` and `12.5` are 1250; undefined where nothing or no amount was typed, so that neither is ever sent as another. */
export function minorOf(typed: FormDataEntryValue | undefined | null): number | undefined {
  const text = String(typed ?? "")
    .replaceAll(/\s/g, "")
    .replace(",", ".");
  return amount.test(text) ? Math.round(Number(text) * 100) : undefined;
}

/** What stands in the field before anybody types: 1250 is `12.50`, 1200 is `12`. */
export const amountOf = (minor: number | null | undefined): string =>
  minor === null || minor === undefined ? "" : minor % 100 === 0 ? String(minor / 100) : (minor / 100).toFixed(2);
