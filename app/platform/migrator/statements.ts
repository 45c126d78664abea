import pg from "pg";

/** One statement of a file, without the comments above it. */
export interface SqlStatement {
  readonly text: string;
  readonly file: string;
  /** Of its first word, counted from 1. */
  readonly line: number;
}

export class MigrationError extends Error {
  override readonly name = "MigrationError";
}

// What may hold a semicolon that ends nothing: comments, strings, quoted names, bodies between dollar signs.
const token =
  /--[^\n]*|\/\*[\s\S]*?\*\/|[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$[A-Za-z_]*\$)[\s\S]*?\1|;|[^\s;'"$\-/eE]+|\s+|[\s\S]/g;

/** The statements of a file, in order. */
export function splitStatements(file: string, text: string): SqlStatement[] {
  const statements: SqlStatement[] = [];
  let line = 1;
  let begun: { text: string; line: number } | undefined;
  for (const [part] of text.matchAll(token)) {
    const isComment = part.startsWith("--") || part.startsWith("/*");
    if (part === ";") {
      if (begun) statements.push({ text: begun.text.trimEnd(), file, line: begun.line });
      begun = undefined;
    } else if (begun) begun.text += part;
    else if (!isComment && part.trim() !== "") begun = { text: part, line };
    line += part.split("\n").length - 1;
  }
  if (begun) throw new MigrationError(`${file}:${begun.line}: the last statement does not end with a semicolon.`);
  return statements;
}

/** The words of a statement as code: without comments. */
export const withoutComments = (text: string): string => text.replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\//g, " ");

/** What PostgreSQL said, with the file and the line that it complains of. */
export function explain(error: unknown, statement: SqlStatement): MigrationError {
  const { message, position, hint } = error as Error & { position?: string; hint?: string };
  const before = position === undefined ? "" : statement.text.slice(0, Number(position) - 1);
  const line = statement.line + before.split("\n").length - 1;
  return new MigrationError(`${statement.file}:${line}: ${message}${hint ? ` (${hint})` : ""}`, { cause: error });
}

/** Gives how many rows it touched. */
export async function run(client: pg.Client, statement: SqlStatement): Promise<number> {
  try {
    return (await client.query(statement.text)).rowCount ?? 0;
  } catch (error) {
    throw error instanceof pg.DatabaseError ? explain(error, statement) : error;
  }
}
