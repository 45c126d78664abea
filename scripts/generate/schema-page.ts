import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type pg from "pg";
import { startCluster } from "../../app/local/cluster.ts";
import { asSuperuser, createDatabase, createRoles, databaseAccess } from "../../app/local/roles.ts";
import { migrate } from "../../app/migrate.ts";
import { type Definition, readDefinitions } from "../../app/platform/migrator/definitions.ts";
import { readSqlFiles } from "../../app/sql-files.ts";
import { areas } from "./schema-areas.ts";
import { readCatalog, type Table } from "./schema-catalog.ts";

const database = "schema";
// The cluster lives for seconds, on loopback, with nothing in it.
const passwords = { owner: "schema-owner", app: "schema-app" };

/** docs/schema.md, from the catalog of a database to which every migration was just applied. */
export async function renderSchemaPage(): Promise<string> {
  const { definitions } = await readSqlFiles();
  return pageOf(await withMigratedDatabase(readCatalog), readDefinitions(definitions));
}

async function withMigratedDatabase<T>(read: (client: pg.Client) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), "campus-schema-"));
  await chmod(folder, 0o755);
  const cluster = await startCluster({
    dataFolder: path.join(folder, "postgres"),
    superuserPassword: passwords.owner,
    durable: false,
    logFile: path.join(folder, "postgres.log"),
  });
  try {
    await asSuperuser(cluster, "postgres", async (client) => {
      await createRoles(client, passwords);
      await createDatabase(client, database);
    });
    await migrate(databaseAccess(cluster, database).ownerUrl, passwords.owner);
    return await asSuperuser(cluster, database, read);
  } finally {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function pageOf(tables: readonly Table[], definitions: readonly Definition[]): string {
  const placed = placeInAreas(tables);
  return [
    "# The schema",
    "",
    "<!-- Written by `npm run generate` from the catalog of a migrated database. Do not edit. -->",
    "",
    "PostgreSQL holds all truth. Money is a bigint in minor units, times are timestamptz, keys are UUIDv7. The steps in",
    "[app/migrations](../app/migrations) make the tables and say why each is as it is; functions, views and triggers stand",
    "[beside their verbs](#functions-views-and-triggers). The schema belongs to a role of its own; what the application's role may",
    "do stands below each table, and it can neither change nor delete a row of the ledger.",
    "",
    ...placed.flatMap(({ title, about, tables: own }) => [`## ${title}`, "", about, "", ...diagramOf(own), "", ...own.flatMap(sectionOf)]),
    ...definitionList(definitions),
  ]
    .join("\n")
    .replace(/\n+$/, "\n");
}

interface PlacedArea {
  readonly title: string;
  readonly about: string;
  readonly tables: readonly Table[];
}

/** Every table stands in one area: a new one without an area stops the generator, so that none is forgotten. */
function placeInAreas(tables: readonly Table[]): PlacedArea[] {
  const named = new Set(areas.flatMap((area) => area.tables));
  const homeless = tables.filter(({ name }) => !named.has(name));
  const gone = [...named].filter((name) => !tables.some((table) => table.name === name));
  const problems = [
    ...homeless.map(({ name }) => `the table ${name} is in no area`),
    ...gone.map((name) => `the table ${name} of an area does not exist`),
  ];
  if (problems.length > 0) throw new Error(`scripts/generate/schema-areas.ts does not fit the migrations: ${problems.join("; ")}.`);
  return areas.map(({ title, about, tables: names }) => ({
    title,
    about,
    tables: names.flatMap((name) => tables.filter((table) => table.name === name)),
  }));
}

/** The keys of each table and where they point; what belongs to another area is an empty box. */
function diagramOf(own: readonly Table[]): string[] {
  const relations = own.flatMap((table) =>
    table.foreignKeys.map(({ columns, target }) => `  ${target} ${manyOf(table, columns)} ${table.name} : "${columns.join(", ")}"`),
  );
  const boxes = own.flatMap((table) => [`  ${table.name} {`, ...keyColumns(table), "  }"]);
  return ["```mermaid", "erDiagram", ...boxes, ...relations, "```"];
}

/** One to one where the column is unique by itself, with a possible none where it may be null. */
function manyOf(table: Table, columns: readonly string[]): string {
  const isOptional = table.columns.some(({ name, isNullable }) => columns.includes(name) && isNullable);
  const isUnique = table.uniqueKeys.some((key) => key.length === columns.length && key.every((name) => columns.includes(name)));
  return `${isOptional ? "|o" : "||"}--${isUnique ? "o|" : "o{"}`;
}

function keyColumns(table: Table): string[] {
  const references = new Set(table.foreignKeys.flatMap(({ columns }) => columns));
  return table.columns
    .filter(({ name }) => table.primaryKey.includes(name) || references.has(name) || isTelling(name))
    .map(({ name, type }) => {
      const marks = [...(table.primaryKey.includes(name) ? ["PK"] : []), ...(references.has(name) ? ["FK"] : [])];
      return `    ${type.replaceAll(/[^a-z0-9_]/gi, "_")} ${name}${marks.length > 0 ? ` ${marks.join(", ")}` : ""}`;
    });
}

const isTelling = (name: string) => /^(state|status|kind|payment_status|amount_minor|balance_minor|total_minor)$/.test(name);

function sectionOf(table: Table): string[] {
  return [
    `### ${table.name}`,
    "",
    "| column | type | null | default | refers to |",
    "|---|---|---|---|---|",
    ...table.columns.map(({ name, type, isNullable, preset }) => {
      const target = table.foreignKeys.find(({ columns }) => columns.length === 1 && columns[0] === name)?.target;
      return `| \`${name}\` | ${type} | ${isNullable ? "yes" : ""} | ${preset === undefined ? "" : code(preset)} | ${target === undefined ? "" : `[${target}](#${target})`} |`;
    }),
    "",
    ...listOf("Rules", table.rules),
    ...listOf("Indexes", table.indexes),
    `The application may: ${table.appRights.length === 0 ? "nothing" : table.appRights.join(", ")}.`,
    "",
  ];
}

/** Where each function, view and trigger stands, by the name that a search or an error message has. */
function definitionList(definitions: readonly Definition[]): string[] {
  const byName = (one: Definition, other: Definition) => (one.name < other.name ? -1 : 1);
  const rows = definitions
    .filter(({ kind }) => kind !== "type")
    .toSorted(byName)
    .map(({ kind, name, statement: { file } }) => `| \`${name}\` | ${kind} | [${file}](../app/${file}) |`);
  const about = "They are made from these files, and only from these files, at each `npm run migrate`.";
  return ["## Functions, views and triggers", "", about, "", "| name | kind | file |", "|---|---|---|", ...rows];
}

const listOf = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`${title}:`, "", ...lines.map((line) => `- ${code(line)}`), ""];

const code = (text: string) => `\`${text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ")}\``;
