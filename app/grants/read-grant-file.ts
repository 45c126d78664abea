import { type CellProblem, readCsvTable, type TableLine } from "../people/csv-table.ts";
import { grantCells } from "./field-schemas.ts";

/** Each names a student by itself; where a line has several, they must be of one. */
export const namingColumns = ["student_id", "student_number", "email", "phone", "card_uid"] as const;
export type NamingColumn = (typeof namingColumns)[number];
export const grantColumns = [...namingColumns, "amount_minor", "reference", "expires_on"] as const;
export type GrantColumn = (typeof grantColumns)[number];
export type GrantProblem = CellProblem<GrantColumn>;

export const maxGrantLines = 20_000;

export interface GrantLine {
  readonly line: number;
  readonly names: Readonly<Partial<Record<NamingColumn, string>>>;
  readonly amountMinor: number;
  readonly reference: string;
  /** The last day on which it is good. */
  readonly expiresOn: string | null;
}

export interface GrantFile {
  readonly lines: readonly GrantLine[];
  readonly problems: readonly GrantProblem[];
  readonly isReadable: boolean;
}

/** Finds what can be told from the file alone; `today` is the campus's day. */
export async function readGrantFile(file: Buffer, today: string, onProgress: () => Promise<void>): Promise<GrantFile> {
  const lines: GrantLine[] = [];
  const read = await readCsvTable<GrantColumn>(file, {
    columns: grantColumns,
    needed: ["amount_minor", "reference"],
    maxLines: maxGrantLines,
    problemOf(column, text) {
      const checked = grantCells[column].safeParse(text);
      return checked.success ? undefined : (checked.error.issues[0]?.message ?? "does not fit");
    },
    take(read) {
      const line = asGrantLine(read);
      const problems = problemsOf(line, today);
      if (problems.length === 0) lines.push(line);
      return problems;
    },
    onProgress,
  });
  const empty = read.isReadable && read.linesRead === 0 ? [{ line: 1, column: null, problem: "the file has no line below its head" }] : [];
  return { lines, problems: [...read.problems, ...empty], isReadable: read.isReadable };
}

function asGrantLine({ line, values }: TableLine<GrantColumn>): GrantLine {
  const names = Object.fromEntries(namingColumns.flatMap((column) => (values[column] === undefined ? [] : [[column, values[column]]])));
  return {
    line,
    names,
    amountMinor: Number(values.amount_minor),
    reference: (values.reference ?? "").normalize("NFC"),
    expiresOn: values.expires_on ?? null,
  };
}

function problemsOf({ line, names, expiresOn }: GrantLine, today: string): GrantProblem[] {
  const named =
    Object.keys(names).length > 0
      ? []
      : [{ line, column: null, problem: `the line names no student: fill one of ${namingColumns.join(", ")}` }];
  const over = expiresOn !== null && expiresOn < today ? [{ line, column: "expires_on" as const, problem: "is over" }] : [];
  return [...named, ...over];
}
