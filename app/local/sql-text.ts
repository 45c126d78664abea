import type pg from "pg";

const maxCellLength = 120;

/** What psql would show, near enough: an aligned table and the number of rows, or what the statement did. */
export function formatResult({ command, rowCount, fields, rows }: pg.QueryArrayResult): string {
  if (fields.length === 0) return rowCount === null ? command : `${command} ${rowCount}`;
  const cells = [fields.map(({ name }) => name), ...rows.map((row) => row.map(formatCell))];
  const widths = fields.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => ` ${cell.padEnd(widths[column] ?? 0)} `)
      .join("|")
      .trimEnd();
  const [head = [], ...body] = cells;
  const rule = widths.map((width) => "-".repeat(width + 2)).join("+");
  return [line(head), rule, ...body.map(line), `(${rows.length} ${rows.length === 1 ? "row" : "rows"})`].join("\n");
}

function formatCell(value: unknown): string {
  if (value === null) return "∅";
  const text = String(value).replaceAll("\n", "⏎");
  return text.length > maxCellLength ? `${text.slice(0, maxCellLength - 1)}…` : text;
}

/** A statement goes off at a line that ends with ";", but for one inside the body of a function ($$ … $$). */
export const isComplete = (text: string) => text.trimEnd().endsWith(";") && (text.match(/\$\$/g)?.length ?? 0) % 2 === 0;

/** "\d" and "\d TABLE" as statements; undefined for any other line. */
export function describeQuery(line: string): { text: string; values: string[] } | undefined {
  const words = /^\\d\+?(?:\s+([\w.]+))?\s*$/.exec(line.trim());
  if (!words) return undefined;
  const [, table] = words;
  if (table === undefined) {
    return {
      text: `select c.relname as name, case c.relkind when 'r' then 'table' when 'p' then 'table' when 'v' then 'view' else 'materialized view' end as kind,
               pg_size_pretty(pg_total_relation_size(c.oid)) as size
             from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm') order by 1`,
      values: [],
    };
  }
  return {
    text: `select a.attname as column, format_type(a.atttypid, a.atttypmod) as type, case when a.attnotnull then 'not null' else '' end as nullable,
             coalesce(pg_get_expr(d.adbin, d.adrelid), '') as default
           from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
           where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum`,
    values: [table],
  };
}

/** PostgreSQL's message, with a mark under the place it complains about and its hint. */
export function formatError(error: Error, text: string): string {
  const { position, detail, hint } = error as Error & { position?: string; detail?: string; hint?: string };
  const lines = [`ERROR: ${error.message}`];
  if (position !== undefined) lines.push(...markPosition(text, Number(position) - 1));
  if (detail) lines.push(`DETAIL: ${detail}`);
  if (hint) lines.push(`HINT: ${hint}`);
  return lines.join("\n");
}

function markPosition(text: string, at: number): string[] {
  const lineStart = text.lastIndexOf("\n", at - 1) + 1;
  const line = text.slice(lineStart).split("\n")[0] ?? "";
  return [line, `${" ".repeat(at - lineStart)}^`];
}
