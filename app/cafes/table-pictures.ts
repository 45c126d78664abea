import { drawQr } from "./draw-qr.ts";
import { drawText } from "./draw-text.ts";
import { type CafeTable, tableUrl } from "./tables.ts";

// All in millimetres, as they are printed.
const cell = { width: 60, height: 66, qr: 50, labelSize: 6, labelBaseline: 56, codeSize: 3.5, codeBaseline: 62 };
const sheet = { width: 210, height: 297, columns: 3, rows: 4, top: 24, titleBaseline: 16, titleSize: 7, margin: 15 };
const dotsPerInch = 200;

export const tablesPerSheet = sheet.columns * sheet.rows;

interface Drawing {
  readonly publicUrl: string;
  readonly tables: readonly CafeTable[];
}

/** One table's code with its label below, to be printed at any size. */
export async function drawTable(publicUrl: string, table: CafeTable): Promise<string> {
  return svg(cell, millimetres, await drawCell(publicUrl, table));
}

/** A page of A4 with twelve of them, as a picture that every program prints. */
export async function drawSheet(cafeName: string, { publicUrl, tables }: Drawing): Promise<Buffer> {
  const left = (sheet.width - sheet.columns * cell.width) / 2;
  const cells = await Promise.all(
    tables.slice(0, tablesPerSheet).map(async (table, index) => {
      const x = left + (index % sheet.columns) * cell.width;
      const y = sheet.top + Math.floor(index / sheet.columns) * cell.height;
      return `<g transform="translate(${x} ${y})">${await drawCell(publicUrl, table)}</g>`;
    }),
  );
  const title = await drawText(cafeName, {
    centre: sheet.width / 2,
    baseline: sheet.titleBaseline,
    size: sheet.titleSize,
    maxWidth: sheet.width - 2 * sheet.margin,
  });
  const { default: sharp } = await import("sharp");
  return sharp(Buffer.from(svg(sheet, dots, title + cells.join(""))))
    .flatten({ background: "#fff" })
    .greyscale()
    .withMetadata({ density: dotsPerInch })
    .png()
    .toBuffer();
}

async function drawCell(publicUrl: string, { code, label }: CafeTable): Promise<string> {
  const centre = cell.width / 2;
  const maxWidth = cell.width - 4;
  return [
    drawQr(tableUrl(publicUrl, code), { left: (cell.width - cell.qr) / 2, top: 0, side: cell.qr }),
    await drawText(label, { centre, baseline: cell.labelBaseline, size: cell.labelSize, maxWidth }),
    await drawText(code, { centre, baseline: cell.codeBaseline, size: cell.codeSize, maxWidth }),
  ].join("");
}

interface Size {
  readonly width: number;
  readonly height: number;
}

const millimetres = (length: number): string => `${length}mm`;
const dots = (length: number): string => String(Math.round((length / 25.4) * dotsPerInch));

const svg = ({ width, height }: Size, lengthOf: (length: number) => string, content: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${lengthOf(width)}" height="${lengthOf(height)}" viewBox="0 0 ${width} ${height}">` +
  `<rect width="${width}" height="${height}" fill="#fff"/>${content}</svg>\n`;
