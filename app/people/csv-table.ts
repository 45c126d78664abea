import { type CsvRecord, readCsv } from "./csv.ts";

/** Why a line is not taken. It names the column and never what stood in it. */
export interface CellProblem<Column extends string> {
  readonly line: number;
  readonly column: Column | null;
  readonly problem: string;
}

/** The filled cells of one line that fit. */
export interface TableLine<Column extends string> {
  readonly line: number;
  readonly values: Readonly<Partial<Record<Column, string>>>;
}

export interface ReadSoFar {
  readonly bytesRead: number;
  readonly linesRead: number;
}

interface TableShape<Column extends string> {
  readonly columns: readonly Column[];
  /** Those that must be there and filled in each line. */
  readonly needed: readonly Column[];
  readonly maxLines: number;
  /** What a cell means: without the blanks around it unless said. */
  textOf?(column: Column, cell: string): string;
  /** What is wrong with a filled cell. */
  problemOf(column: Column, text: string): string | undefined;
  /** Takes a line whose cells fit, or says what is wrong with it beside the others. */
  take(line: TableLine<Column>): readonly CellProblem<Column>[];
  /** Waited for after each thousand lines, so that the worker's other deliveries (a push at the counter) get their turn. */
  onProgress(read: ReadSoFar): Promise<void>;
}

interface ReadTable<Column extends string> {
  readonly problems: readonly CellProblem<Column>[];
  readonly linesRead: number;
  /** False where the head line is wrong or there are too many lines: then no line counts. */
  readonly isReadable: boolean;
}

const batchLines = 1_000;

/** Reads a whole CSV file whose head line names its columns, and finds what can be told from it alone. A thousand lines take some 10 ms. */
export async function readCsvTable<Column extends string>(file: Buffer, shape: TableShape<Column>): Promise<ReadTable<Column>> {
  const text = new TextDecoder("utf-8").decode(file);
  const records = readCsv(text, delimiterOf(text));
  const head = records.next().value;
  const headProblems = head ? problemsOfHead(head, shape) : [{ line: 1, column: null, problem: "the file is empty" }];
  if (!head || headProblems.length > 0) return { problems: headProblems, linesRead: 0, isReadable: false };
  const columns = head.cells.map(columnName) as Column[];
  const problems: CellProblem<Column>[] = [];
  let linesRead = 0;
  for (const record of records) {
    linesRead += 1;
    if (linesRead > shape.maxLines) {
      const problem = `the file has more than ${shape.maxLines} lines: split it`;
      return { problems: [{ line: record.line, column: null, problem }], linesRead, isReadable: false };
    }
    const read = readLine(record, columns, shape);
    problems.push(...(read.line ? shape.take(read.line) : read.problems));
    if (linesRead % batchLines === 0)
      await shape.onProgress({ bytesRead: Math.round((record.end / text.length) * file.length), linesRead });
  }
  await shape.onProgress({ bytesRead: file.length, linesRead });
  return { problems, linesRead, isReadable: true };
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

function problemsOfHead<Column extends string>(
  { line, cells, problem }: CsvRecord,
  { columns, needed }: TableShape<Column>,
): CellProblem<Column>[] {
  if (problem !== undefined) return [{ line, column: null, problem }];
  const names = cells.map(columnName);
  const known = columns.join(", ");
  return [
    ...names.flatMap((name, place) =>
      (columns as readonly string[]).includes(name)
        ? []
        : [{ line, column: null, problem: `column ${place + 1} of the head line is not one of ${known}` }],
    ),
    ...columns
      .filter((column) => names.filter((name) => name === column).length > 1)
      .map((column) => ({ line, column, problem: "the column is there twice" })),
    ...needed.filter((column) => !names.includes(column)).map((column) => ({ line, column, problem: "the column is missing" })),
  ];
}

type ReadLine<Column extends string> =
  | { readonly line: TableLine<Column>; readonly problems?: never }
  | { readonly line?: never; readonly problems: CellProblem<Column>[] };

function readLine<Column extends string>(
  { line, cells, problem }: CsvRecord,
  columns: readonly Column[],
  shape: TableShape<Column>,
): ReadLine<Column> {
  if (problem !== undefined) return { problems: [{ line, column: null, problem }] };
  if (cells.length !== columns.length)
    return { problems: [{ line, column: null, problem: `the line has ${cells.length} cells and the head line ${columns.length}` }] };
  const values: Partial<Record<Column, string>> = {};
  const problems: CellProblem<Column>[] = [];
  columns.forEach((column, place) => {
    const cell = (cells[place] ?? "").trim();
    const text = shape.textOf?.(column, cell) ?? cell;
    const wrong = problemOfCell(column, text, shape);
    if (wrong !== undefined) problems.push({ line, column, problem: wrong });
    else if (text !== "") values[column] = text;
  });
  return problems.length > 0 ? { problems } : { line: { line, values } };
}

function problemOfCell<Column extends string>(column: Column, text: string, shape: TableShape<Column>): string | undefined {
  if (text === "") return shape.needed.includes(column) ? "is missing" : undefined;
  if (text.includes("\uFFFD")) return "is not UTF-8: save the file as CSV UTF-8";
  return shape.problemOf(column, text);
}
