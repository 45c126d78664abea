export interface CsvRecord {
  /** The line on which it begins, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
  /** What is wrong with its quotes; then `cells` is empty. */
  readonly problem?: string;
  /** Where the next record begins. */
  readonly end: number;
}

// No column takes more: a quote that is not closed within it was never meant to be.
const longestQuoted = 2_000;

/**
 * RFC 4180 record by record, CRLF or LF, empty lines left out. Ours and not a library's because each bad line must be named
 * and cost no good one: after a broken quote the next line is read as a new record (csv-parse 7 lost the lines behind one).
 */
export function* readCsv(text: string, delimiter: string): Generator<CsvRecord, void, void> {
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const record = readRecord(text, at, line, delimiter);
    if (record.problem !== undefined || record.cells.some((cell) => cell.trim() !== "")) yield record;
    line += countLines(text, at, record.end);
    at = record.end;
  }
}

function readRecord(text: string, start: number, line: number, delimiter: string): CsvRecord {
  const cells: string[] = [];
  for (let at = start; ; ) {
    const cell = text[at] === '"' ? readQuoted(text, at) : readPlain(text, at, delimiter);
    if (cell === undefined) return { line, cells: [], problem: "a quote is opened and never closed", end: afterLine(text, start) };
    cells.push(cell.value);
    const next = text[cell.end];
    if (next === delimiter) at = cell.end + 1;
    else if (next === undefined || next === "\r" || next === "\n") return { line, cells, end: afterLine(text, cell.end) };
    else return { line, cells: [], problem: "text follows a closing quote", end: afterLine(text, start) };
  }
}

interface Cell {
  readonly value: string;
  readonly end: number;
}

function readPlain(text: string, start: number, delimiter: string): Cell {
  let end = start;
  while (end < text.length && text[end] !== delimiter && text[end] !== "\n" && text[end] !== "\r") end += 1;
  return { value: text.slice(start, end), end };
}

function readQuoted(text: string, start: number): Cell | undefined {
  let value = "";
  for (let at = start + 1; at - start <= longestQuoted; ) {
    const quote = text.indexOf('"', at);
    if (quote === -1 || quote - start > longestQuoted) return undefined;
    value += text.slice(at, quote);
    if (text[quote + 1] !== '"') return { value, end: quote + 1 };
    value += '"';
    at = quote + 2;
  }
  return undefined;
}

function afterLine(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== "\n" && text[at] !== "\r") at += 1;
  return text[at] === "\r" && text[at + 1] === "\n" ? at + 2 : Math.min(at + 1, text.length);
}

function countLines(text: string, from: number, to: number): number {
  let lines = 0;
  for (let at = from; at < to; at += 1) if (text[at] === "\n" || (text[at] === "\r" && text[at + 1] !== "\n")) lines += 1;
  return lines;
}
