import { plainMoney } from "../platform/money-text.ts";
import { bytesOf, printable } from "../platform/pdf.ts";
import { percent } from "../receipts/paper.ts";
import type { Settlement } from "./settlement.ts";
import { type StatementRow, statementRows, totalOf } from "./statement-lines.ts";

const marginPoints = 56;
const rowPoints = 20;
const amountColumnPoints = 130;

/**
 * The statement on one A4 page. PDF readers bring Helvetica, which has the letters of western Europe; what else a café's
 * name holds becomes a "?". The same settlement gives the same bytes.
 */
export async function settlementPdf(settlement: Settlement): Promise<Buffer> {
  const { default: PdfDocument } = await import("pdfkit");
  const { cafeName, day, createdAt, currency, vat } = settlement;
  const pdf = new PdfDocument({
    size: "A4",
    margin: marginPoints,
    info: { Title: `Settlement ${printable(cafeName)} ${day}`, CreationDate: createdAt, ModDate: createdAt },
  });
  const whole = bytesOf(pdf);
  const drawRow = ({ label, amountMinor }: StatementRow, font = "Helvetica") => {
    const top = pdf.y;
    pdf.font(font).text(printable(label), marginPoints, top, { lineBreak: false });
    pdf.text(plainMoney(amountMinor, currency), pdf.page.width - marginPoints - amountColumnPoints, top, {
      width: amountColumnPoints,
      align: "right",
      lineBreak: false,
    });
    pdf.y = top + rowPoints;
  };
  const heading = (text: string, points: number) => {
    pdf.font("Helvetica-Bold").fontSize(points).text(printable(text), marginPoints, pdf.y);
    pdf.fontSize(11).moveDown();
  };
  heading(`Settlement of ${cafeName}`, 18);
  pdf.font("Helvetica").text(`Business day ${day} (${settlement.timeZone}), ${settlement.salesCount} sales`);
  pdf.text(`Statement ${settlement.id}`).moveDown();
  for (const row of statementRows(settlement)) drawRow(row);
  drawRow(totalOf(settlement), "Helvetica-Bold");
  pdf.moveDown();
  if (vat.length > 0) heading("VAT in the café's own prices, refunds taken off", 12);
  for (const { vatBasisPoints, grossMinor, vatMinor } of vat)
    drawRow({ label: `${percent(vatBasisPoints)} in ${plainMoney(grossMinor, currency)}`, amountMinor: vatMinor });
  if (settlement.paidAt !== null)
    pdf
      .moveDown()
      .font("Helvetica")
      .text(printable(`Paid ${settlement.paidAt.toISOString().slice(0, 10)}, reference ${settlement.bankReference}`), marginPoints, pdf.y);
  pdf.end();
  return whole;
}
