const outsideWesternEurope = /[^\x20-\x7e\u00a0-\u00ff€…–—‘’“”•™Œœ\u0160\u0161Žž]/gu;

/**
 * What PDF readers have letters for without a font in the file: those of western Europe. A minus sign becomes a hyphen, a narrow
 * space a space; whatever else becomes a "?".
 */
export const printable = (text: string): string =>
  text.normalize("NFC").replaceAll("\u2212", "-").replaceAll("\u202f", "\u00a0").replaceAll(outsideWesternEurope, "?");

/** The whole file, once it was drawn and ended. To be asked for before it is drawn. */
export function bytesOf(pdf: PDFKit.PDFDocument): Promise<Buffer> {
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    pdf.on("data", (chunk: Buffer) => chunks.push(chunk));
    pdf.on("end", () => resolve(Buffer.concat(chunks)));
    pdf.on("error", reject);
  });
}
