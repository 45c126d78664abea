import { create } from "qrcode";
import { bytesOf, printable } from "../platform/pdf.ts";
import { paperColumns } from "./paper.ts";
import type { PrintedReceipt } from "./printed-receipt.ts";
import { receiptText } from "./receipt-text.ts";

const pointsPerMm = 72 / 25.4;
const widthPoints = 80 * pointsPerMm;
const marginPoints = 5 * pointsPerMm;
// Courier's letters are 0.6 of its size wide.
const fontPoints = (widthPoints - 2 * marginPoints) / paperColumns / 0.6;
const linePoints = fontPoints * 1.25;
const qrPoints = 60 * pointsPerMm;
const quietModules = 4;

/**
 * The same receipt on a page as wide as a till's paper, with the signed receipt as a QR code below it. PDF readers bring
 * Courier, so the file holds no font; it has the letters of western Europe, and what else a name holds becomes a "?".
 * The same receipt gives the same bytes.
 */
export async function receiptPdf(receipt: PrintedReceipt): Promise<Buffer> {
  const { default: PdfDocument } = await import("pdfkit");
  const lines = receiptText(receipt).trimEnd().split("\n").map(printable);
  const textHeight = lines.length * linePoints;
  const height = 2 * marginPoints + textHeight + (receipt.jws === null ? 0 : qrPoints + linePoints);
  const pdf = new PdfDocument({
    size: [widthPoints, height],
    margin: 0,
    compress: true,
    info: { Title: `Receipt ${receipt.printedNumber}`, CreationDate: receipt.paidAt, ModDate: receipt.paidAt },
  });
  const whole = bytesOf(pdf);
  pdf.fontSize(fontPoints);
  lines.forEach((line, place) => {
    pdf.font(line.startsWith("TOTAL") || place === 0 ? "Courier-Bold" : "Courier");
    pdf.text(line, marginPoints, marginPoints + place * linePoints, { lineBreak: false });
  });
  if (receipt.jws !== null) drawQr(pdf, receipt.jws, marginPoints + textHeight + linePoints);
  pdf.end();
  return whole;
}

/**
 * A signed receipt is as good as random, so no mask is better than another, and a split into digits and letters would save nothing: to look for
 * both took half of a receipt's time.
 */
const maskPattern = 3;

function drawQr(pdf: PDFKit.PDFDocument, text: string, top: number): void {
  const { modules } = create([{ data: Buffer.from(text), mode: "byte" }], { errorCorrectionLevel: "L", maskPattern });
  const side = qrPoints / (modules.size + 2 * quietModules);
  const left = (widthPoints - qrPoints) / 2;
  // Dark modules that touch are one rectangle: half as many to write.
  for (let row = 0; row < modules.size; row += 1)
    for (let column = 0, from = 0; column <= modules.size; column += 1) {
      if (column < modules.size && modules.get(row, column)) continue;
      if (column > from) pdf.rect(left + (from + quietModules) * side, top + (row + quietModules) * side, (column - from) * side, side);
      from = column + 1;
    }
  pdf.fill("black");
}
