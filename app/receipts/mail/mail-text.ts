import type { Language } from "../../platform/languages.ts";
import { moneyText } from "../../platform/money-text.ts";
import { localTime } from "../paper.ts";
import type { PrintedReceipt } from "../printed-receipt.ts";

interface Words {
  readonly receipt: string;
  readonly opening: string;
  readonly number: string;
  readonly cafe: string;
  readonly paid: string;
  readonly delivery: string;
  readonly total: string;
  readonly receiptId: string;
  readonly ending: string;
}

const words: Record<Language, Words> = {
  sv: {
    receipt: "Kvitto",
    opening: "Här är ditt kvitto.",
    number: "Nummer",
    cafe: "Kafé",
    paid: "Betalt",
    delivery: "Leverans",
    total: "Totalt",
    receiptId: "Kvittots id",
    ending: "Kvittot är bifogat som PDF. Det är inget kassakvitto.",
  },
  it: {
    receipt: "Ricevuta",
    opening: "Ecco la tua ricevuta.",
    number: "Numero",
    cafe: "Caffetteria",
    paid: "Pagato",
    delivery: "Consegna",
    total: "Totale",
    receiptId: "Id della ricevuta",
    ending: "La ricevuta è allegata in PDF. Non è un documento fiscale.",
  },
  en: {
    receipt: "Receipt",
    opening: "Here is your receipt.",
    number: "Number",
    cafe: "Café",
    paid: "Paid",
    delivery: "Delivery",
    total: "Total",
    receiptId: "Receipt id",
    ending: "The receipt is attached as a PDF. It is not a fiscal receipt.",
  },
};

/** What the student reads without opening the PDF. The subject holds the order's number and nothing else: it shows on lock screens. */
export function mailText(language: Language, receipt: PrintedReceipt, receiptId: string): { subject: string; text: string } {
  const say = words[language];
  const money = (minor: number) => moneyText(language, minor, receipt.currency);
  const lines = [
    say.opening,
    "",
    `${say.number}: ${receipt.printedNumber}`,
    `${say.cafe}: ${receipt.cafeName}`,
    `${say.paid}: ${localTime(receipt.paidAt, receipt.timeZone)}`,
    "",
    ...receipt.lines.flatMap(({ name, quantity, options, totalMinor }) => [
      `${quantity} × ${name}: ${money(totalMinor)}`,
      ...options.map((option) => `    ${option}`),
    ]),
    ...(receipt.deliveryChargeMinor === 0 ? [] : [`${say.delivery}: ${money(receipt.deliveryChargeMinor)}`]),
    `${say.total}: ${money(receipt.totalMinor)}`,
    "",
    `${say.receiptId}: ${receiptId}`,
    say.ending,
  ];
  return { subject: `${say.receipt} ${receipt.printedNumber}`, text: `${lines.map(onOneLine).join("\n")}\n` };
}

/** A name with a line end in it must not look like a line of ours. */
const onOneLine = (line: string): string => line.replaceAll(/[\p{Cc}\u2028\u2029]/gu, " ");
