import { plainAmount } from "./money-text.ts";

export const csvType = "text/csv; charset=utf-8; header=present";

/** In which unit a file has its amounts: as the API has them, or as people and their spreadsheets do. */
export const amountUnits = ["minor", "major"] as const;
export type AmountUnit = (typeof amountUnits)[number];

type Cell = string | number | null;

interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  readonly unit: AmountUnit;
  readonly currency: string;
}

/** A whole file. In major units a column such as `fee_minor` is `fee`, and 5900 in it is 59. */
export function csvTable({ columns, rows, unit, currency }: Table): string {
  const isAmount = columns.map((name) => unit === "major" && name.endsWith("_minor"));
  const head = columns.map((name, place) => (isAmount[place] ? name.slice(0, -"_minor".length) : name));
  const cellOf = (cell: Cell, place: number) => (isAmount[place] && typeof cell === "number" ? Number(plainAmount(cell, currency)) : cell);
  return csvRow(head) + rows.map((row) => csvRow(row.map(cellOf))).join("");
}

/** One line of a CSV file (RFC 4180). */
export const csvRow = (cells: readonly (string | number | null)[]): string => `${cells.map(csvCell).join(",")}\r\n`;

/**
 * A text that a spreadsheet would run as a formula is given an apostrophe, also behind a semicolon or a tab: a spreadsheet that takes
 * those for the separator begins a cell there, whatever the quotes say. A number stays a number, also a negative one.
 */
function csvCell(cell: string | number | null): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  const text = cell.replace(/^(?=[=+\-@\t\r])/, "'").replaceAll(/([;\t\n]\s*["']?\s*)(?=[=+\-@])/g, "$1'");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
