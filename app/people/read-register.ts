import type { Config } from "../platform/config.ts";
import { withPlainBlanks } from "../platform/http/text.ts";
import { type CellProblem, type ReadSoFar, readCsvTable, type TableLine } from "./csv-table.ts";
import { registerCells } from "./field-schemas.ts";
import { plainPhone } from "./written-phone.ts";

export const registerColumns = ["student_number", "name", "phone", "email", "address"] as const;
export type RegisterColumn = (typeof registerColumns)[number];

/** A student as one good line of the file has it. What is null was empty or has no column. */
export interface RegisterLine {
  readonly line: number;
  readonly phone: string;
  readonly name: string;
  readonly email: string | null;
  readonly address: string | null;
  readonly studentNumber: string | null;
}

export type Problem = CellProblem<RegisterColumn>;

export interface Register {
  readonly lines: readonly RegisterLine[];
  readonly problems: readonly Problem[];
  /** False where the head line is wrong: then no line can be read. */
  readonly isReadable: boolean;
}

export const maxRegisterLines = 50_000;

/** Reads the whole file and finds what can be told from it alone. */
export async function readRegister(file: Buffer, config: Config, onProgress: (read: ReadSoFar) => Promise<void>): Promise<Register> {
  const lines: RegisterLine[] = [];
  const seen = { phone: new Map<string, number>(), studentNumber: new Map<string, number>() };
  const { problems, isReadable } = await readCsvTable<RegisterColumn>(file, {
    columns: registerColumns,
    needed: ["phone", "name"],
    maxLines: maxRegisterLines,
    textOf: (column, cell) => textOf(column, cell, config),
    problemOf(column, text) {
      const checked = registerCells[column].safeParse(text);
      return checked.success ? undefined : (checked.error.issues[0]?.message ?? "does not fit");
    },
    take(read) {
      const line = asRegisterLine(read);
      const found = duplicatesOf(line, seen);
      if (found.length === 0) lines.push(line);
      return found;
    },
    onProgress,
  });
  return { lines: isReadable ? lines : [], problems, isReadable };
}

/** Phones are written in many ways, addresses on several lines; that is no fault. */
function textOf(column: RegisterColumn, cell: string, config: Config): string {
  if (column === "address") return withPlainBlanks(cell).replaceAll(/\s*[\r\n]+\s*/g, ", ");
  return column === "phone" ? plainPhone(cell, config) : withPlainBlanks(cell);
}

const asRegisterLine = ({ line, values }: TableLine<RegisterColumn>): RegisterLine => ({
  line,
  phone: values.phone ?? "",
  name: values.name ?? "",
  email: values.email ?? null,
  address: values.address ?? null,
  studentNumber: values.student_number ?? null,
});

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
