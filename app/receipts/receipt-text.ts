import { plainAmount } from "../platform/money-text.ts";
import { centred, localTime, pair, percent, rule, wrap } from "./paper.ts";
import type { PrintedReceipt } from "./printed-receipt.ts";

const methodNames = { cash: "Cash", wallet: "Campus card", upi: "UPI" } as const;
const shownOfSignature = 24;

/** A receipt for the till's printer, 42 columns wide. */
export function receiptText(receipt: PrintedReceipt): string {
  const money = (minor: number) => plainAmount(minor, receipt.currency);
  const lines = [
    ...centred(receipt.cafeName),
    ...(receipt.cafeAddress === null ? [] : centred(receipt.cafeAddress)),
    rule,
    ...wrap(receipt.printedNumber),
    localTime(receipt.paidAt, receipt.timeZone),
    rule,
    ...receipt.lines.flatMap(({ name, quantity, options, totalMinor }) => [
      ...pair(`${quantity} ${name}`, money(totalMinor)),
      ...options.flatMap((option) => wrap(option, 38).map((line) => `  ${line}`)),
    ]),
    ...(receipt.deliveryChargeMinor === 0 ? [] : pair("Delivery", money(receipt.deliveryChargeMinor))),
    rule,
    ...pair(`TOTAL ${receipt.currency}`, money(receipt.totalMinor)),
    ...receipt.vat.flatMap((vat) => pair(`VAT ${percent(vat.vat_basis_points)} in ${money(vat.gross_minor)}`, money(vat.vat_minor), "  ")),
    ...pair(methodNames[receipt.paymentMethod], money(receipt.tenderedMinor ?? receipt.totalMinor)),
    ...(receipt.tenderedMinor === null ? [] : pair("Change", money(receipt.tenderedMinor - receipt.totalMinor))),
    ...(receipt.refundedMinor === 0 ? [] : pair("Given back", money(receipt.refundedMinor))),
    rule,
    ...(receipt.receiptId === null ? ["Transaction", receipt.transactionId] : ["Receipt", receipt.receiptId]),
    ...(receipt.jws === null ? [] : [`Signed …${receipt.jws.slice(-shownOfSignature)}`]),
    ...centred("This is not a fiscal receipt."),
  ];
  return `${lines.join("\n")}\n`;
}
