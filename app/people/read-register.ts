import { type CsvRecord, readCsv } from "./csv.ts";
import { registerCells } from "./field-schemas.ts";

export const registerColumns = ["student_number", "name", "phone", "email", "address"] as const;
export type RegisterColumn = (typeof registerColumns)[number];
const neededColumns: readonly RegisterColumn[] = ["phone", "name"];

/** A student as one good line of the file has it. What is null was empty or has no column. */
export interface RegisterLine {
  readonly line: number;
  readonly phone: string;
  readonly name: string;
  readonly email: string | null;
  readonly address: string | null;
  readonly studentNumber: string | null;
}

/** Why a line is not taken. It names the column and never what stood in it. */
export interface Problem {
  readonly line: number;
  readonly column: RegisterColumn | null;
  readonly problem: string;
}

export interface ReadSoFar {
  readonly bytesRead: number;
  readonly linesRead: number;
}

export interface Register {
  readonly lines: readonly RegisterLine[];
  readonly problems: readonly Problem[];
  /** False where the head line is wrong: then no line can be read. */
  readonly isReadable: boolean;
}

export const maxRegisterLines = 50_000;
const batchLines = 1_000;

/**
 * Reads the whole file and finds what can be told from it alone. After each thousand lines `onProgress` is waited for, so
 * that the worker's other deliveries (a push at the counter) get their turn: a thousand lines take some 10 ms.
 */
export async function readRegister(file: Buffer, onProgress: (read: ReadSoFar) => Promise<void>): Promise<Register> {
  const text = new TextDecoder("utf-8").decode(file);
  const records = readCsv(text, delimiterOf(text));
  const head = records.next().value;
  const headProblems = head ? problemsOfHead(head) : [{ line: 1, column: null, problem: "the file is empty" }];
  if (!head || headProblems.length > 0) return { lines: [], problems: headProblems, isReadable: false };
  const columns = head.cells.map(columnName) as RegisterColumn[];
  const lines: RegisterLine[] = [];
  const problems: Problem[] = [];
  const seen = { phone: new Map<string, number>(), studentNumber: new Map<string, number>() };
  let linesRead = 0;
  for (const record of records) {
    linesRead += 1;
    if (linesRead > maxRegisterLines) {
      const problem = `the file has more than ${maxRegisterLines} lines: split it`;
      return { lines: [], problems: [{ line: record.line, column: null, problem }], isReadable: false };
    }
    const read = readLine(record, columns);
    const found = read.line ? duplicatesOf(read.line, seen) : read.problems;
    problems.push(...found);
    if (read.line && found.length === 0) lines.push(read.line);
    if (linesRead % batchLines === 0) await onProgress({ bytesRead: Math.round((record.end / text.length) * file.length), linesRead });
  }
  await onProgress({ bytesRead: file.length, linesRead });
  return { lines, problems, isReadable: true };
}

/** Spreadsheets of countries with a decimal comma write semicolons. */
function delimiterOf(text: string): string {
  const head = text.slice(0, text.search(/[\r\n]|$/));
  return head.includes(";") && !head.includes(",") ? ";" : ",";
}

const columnName = (cell: string): string =>
  cell
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, "_");

function problemsOfHead({ line, cells, problem }: CsvRecord): Problem[] {
  if (problem !== undefined) return [{ line, column: null, problem }];
  const names = cells.map(columnName);
  const known = registerColumns.join(", ");
  return [
    ...names.flatMap((name, place) =>
      (registerColumns as readonly string[]).includes(name)
        ? []
        : [{ line, column: null, problem: `column ${place + 1} of the head line is not one of ${known}` }],
    ),
    ...registerColumns
      .filter((column) => names.filter((name) => name === column).length > 1)
      .map((column) => ({ line, column, problem: "the column is there twice" })),
    ...neededColumns.filter((column) => !names.includes(column)).map((column) => ({ line, column, problem: "the column is missing" })),
  ];
}

type ReadLine = { readonly line: RegisterLine; readonly problems?: never } | { readonly line?: never; readonly problems: Problem[] };

function readLine({ line, cells, problem }: CsvRecord, columns: readonly RegisterColumn[]): ReadLine {
  if (problem !== undefined) return { problems: [{ line, column: null, problem }] };
  if (cells.length !== columns.length)
    return { problems: [{ line, column: null, problem: `the line has ${cells.length} cells and the head line ${columns.length}` }] };
  const values: Partial<Record<RegisterColumn, string>> = {};
  const problems: Problem[] = [];
  columns.forEach((column, place) => {
    const cell = cellText(column, cells[place] ?? "");
    const wrong = problemOfCell(column, cell);
    if (wrong !== undefined) problems.push({ line, column, problem: wrong });
    else if (cell !== "") values[column] = cell;
  });
  if (problems.length > 0) return { problems };
  return {
    line: {
      line,
      phone: values.phone ?? "",
      name: values.name ?? "",
      email: values.email ?? null,
      address: values.address ?? null,
      studentNumber: values.student_number ?? null,
    },
  };
}

/** Phones are written with blanks, hyphens, brackets and 00 in front, addresses on several lines; that is no fault. */
function cellText(column: RegisterColumn, cell: string): string {
  const text = cell.trim();
  if (column === "address") return text.replaceAll(/\s*[\r\n]+\s*/g, ", ");
  return column === "phone" ? text.replaceAll(/[\s().-]/g, "").replace(/^00/, "+") : text;
}

function problemOfCell(column: RegisterColumn, cell: string): string | undefined {
  if (cell === "") return neededColumns.includes(column) ? "is missing" : undefined;
  if (cell.includes("\uFFFD")) return "is not UTF-8: save the file as CSV UTF-8";
  const checked = registerCells[column].safeParse(cell);
  return checked.success ? undefined : (checked.error.issues[0]?.message ?? "does not fit");
}

function duplicatesOf(line: RegisterLine, seen: Record<"phone" | "studentNumber", Map<string, number>>): Problem[] {
  return (["phone", "studentNumber"] as const).flatMap((field) => {
    const value = line[field];
    if (value === null) return [];
    const first = seen[field].get(value);
    if (first === undefined) {
      seen[field].set(value, line.line);
      return [];
    }
    return [{ line: line.line, column: field === "phone" ? "phone" : "student_number", problem: `is the same as in line ${first}` }];
  });
}
