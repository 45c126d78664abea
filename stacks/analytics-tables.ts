import { readdirSync, readFileSync } from "node:fs";

/** What the first lines of a text in app/analytics say of the table that it makes. */
export type AnalyticsTable = {
  readonly name: string;
  readonly meaning: string;
  readonly oneRow: string;
  readonly keptBy: "month" | "whole";
  readonly columns: readonly { readonly name: string; readonly type: string; readonly meaning: string }[];
  /** The text without its first lines: the same that Spark and DuckDB run. */
  readonly sql: string;
  /** Where its files are: what was read, or what was made of it. */
  readonly area: "extracted" | "tables";
};

const folder = new URL("../app/analytics/", import.meta.url);
/** Read as they are, and published with the tables. */
const publishedAsRead = new Set(["cafes", "dishes"]);

/** The tables that readers take, and those that they are made of: one source with the jobs, so that no crawler has to guess. */
export function readAnalyticsTables(): { readonly published: AnalyticsTable[]; readonly sources: AnalyticsTable[] } {
  const [published, sources] = (["sql", "extract"] as const).map((name) =>
    readdirSync(new URL(`${name}/`, folder))
      .filter((file) => file.endsWith(".sql"))
      .sort()
      .map((file) => readTable(file.slice(0, -".sql".length), readFileSync(new URL(`${name}/${file}`, folder), "utf8"), name)),
  ) as [AnalyticsTable[], AnalyticsTable[]];
  return { published, sources };
}

function readTable(name: string, text: string, from: "sql" | "extract"): AnalyticsTable {
  const value = (pattern: RegExp, what: string): string => {
    const found = pattern.exec(text)?.[1];
    if (found === undefined) throw new Error(`app/analytics/${from}/${name}.sql must say "${what}" in its first lines.`);
    return found;
  };
  return {
    name,
    meaning: value(new RegExp(`^-- ${name}: (.+)$`, "m"), `-- ${name}: what it holds`),
    oneRow: value(/^-- one row: (.+)$/m, "-- one row: …"),
    keptBy: value(/^-- kept by: (month|whole)$/m, "-- kept by: month, or whole") as "month" | "whole",
    columns: [...text.matchAll(/^-- ([a-z_0-9]+) (string|int|bigint|date|timestamp|boolean): (.+)$/gm)].map(
      ([, column = "", type = "", meaning = ""]) => ({ name: column, type, meaning }),
    ),
    sql: text.replace(/^--.*\n/gm, ""),
    area: from === "sql" || publishedAsRead.has(name) ? "tables" : "extracted",
  };
}
