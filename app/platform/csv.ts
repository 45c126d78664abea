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
