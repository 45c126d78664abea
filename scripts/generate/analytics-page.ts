import { type AnalyticsTable, readAnalyticsTables } from "../../stacks/analytics-tables.ts";

/** What each table of analytics means, from the first lines of the text that makes it. */
export function renderAnalyticsPage(): string {
  const { published, sources } = readAnalyticsTables();
  return [
    "# What the tables of analytics mean",
    "",
    "<!-- Written by `npm run generate` from the first lines of app/analytics/sql and app/analytics/extract. Do not edit. -->",
    "",
    "How they are made, checked and published: [analytics](analytics.md). Athena knows them by these names; the jobs, the catalogue and this page read the same lines.",
    "",
    "## Published: what the portal, Athena and QuickSight read",
    "",
    ...[...published, ...sources.filter(({ area }) => area === "tables")].flatMap(section),
    "## As read from the database, to make them of",
    "",
    ...sources.filter(({ area }) => area === "extracted").flatMap(section),
  ].join("\n");
}

const cell = (text: string): string => text.replaceAll("|", "\\|");

const section = ({ name, meaning, oneRow, keptBy, columns, area }: AnalyticsTable): string[] => [
  `### ${name}`,
  "",
  `${meaning[0]?.toUpperCase()}${meaning.slice(1)}. A row: ${oneRow}. ${keptBy === "month" ? "A file a month" : "One file"}, in \`lake/${area}\`.`,
  "",
  "| column | type | meaning |",
  "|---|---|---|",
  ...columns.map((column) => `| \`${column.name}\` | ${column.type} | ${cell(column.meaning)} |`),
  "",
];
