import type { Language } from "../platform/languages.ts";
import { moneyText, plainMoney } from "../platform/money-text.ts";
import { bytesOf, printable } from "../platform/pdf.ts";
import type { MonthOfStatement } from "./statement.ts";
import { statementWords } from "./statement-words.ts";

const marginPoints = 56;
const rowPoints = 18;
const columns = [
  { widthPoints: 60, align: "left" },
  { widthPoints: 223, align: "left" },
  { widthPoints: 100, align: "right" },
  { widthPoints: 100, align: "right" },
] as const;

interface PrintedMonth extends MonthOfStatement {
  /** Its first day. */
  readonly from: string;
  readonly timeZone: string;
  readonly currency: string;
  readonly language: Language;
  readonly name: string | null;
}

/** A student's month on A4 pages, each with the names of the columns. The same month gives the same bytes. */
export async function statementPdf({
  from,
  timeZone,
  currency,
  language,
  name,
  openingMinor,
  closingMinor,
  lines,
}: PrintedMonth): Promise<Buffer> {
  const { default: PdfDocument } = await import("pdfkit");
  const words = statementWords[language];
  const begins = new Date(`${from}T00:00:00Z`);
  const title = `${words.title} ${new Intl.DateTimeFormat(language, { month: "long", year: "numeric", timeZone: "UTC" }).format(begins)}`;
  const pdf = new PdfDocument({
    size: "A4",
    margin: marginPoints,
    info: { Title: printable(title), CreationDate: begins, ModDate: begins },
  });
  const whole = bytesOf(pdf);
  const amount = (minor: number) => amountText(language, minor, currency);
  const day = new Intl.DateTimeFormat("sv", { timeZone });

  const row = (cells: readonly string[], font = "Helvetica") => {
    if (pdf.y + rowPoints > pdf.page.height - marginPoints) {
      pdf.addPage();
      head();
    }
    const top = pdf.y;
    let left = marginPoints;
    for (const [place, { widthPoints: width, align }] of columns.entries()) {
      const text = printable(cells[place] ?? "");
      pdf.font(font).text(text, left, top, { width, align, lineBreak: false });
      left += width;
    }
    pdf.y = top + rowPoints;
  };
  const head = () => row([words.date, words.what, words.amount, words.balance], "Helvetica-Bold");

  pdf.font("Helvetica-Bold").fontSize(18).text(printable(title));
  pdf
    .font("Helvetica")
    .fontSize(10)
    .text(printable(name ?? " "))
    .moveDown();
  head();
  row(["", words.opening, "", amount(openingMinor)]);
  if (lines.length === 0) row(["", words.none]);
  for (const { at, kind, orderNumber, amountMinor, balanceMinorAfter } of lines) {
    const what = [words.kinds[kind] ?? kind, ...(orderNumber === null ? [] : [orderNumber])].join(" ");
    row([day.format(at), what, amount(amountMinor), amount(balanceMinorAfter)]);
  }
  row(["", words.closing, "", amount(closingMinor)], "Helvetica-Bold");
  pdf.end();
  return whole;
}

/** As the language writes it; where its sign is not among the letters, with the currency's code. */
function amountText(language: Language, minor: number, currency: string): string {
  const text = printable(moneyText(language, minor, currency));
  return text.includes("?") ? plainMoney(minor, currency) : text;
}
