import { createHash } from "node:crypto";
import type { TestDatabase } from "../database.ts";

interface Column {
  readonly table: string;
  readonly column: string;
}

/** Every row that belongs to one café, found through the names of columns: a table that is added later is found too. */
export interface Belongings {
  /** Ids of rows, by table. */
  readonly ids: ReadonlyMap<string, ReadonlySet<string>>;
  /** The ids that a field or parameter of this name may hold: `menu_item_id`, `orderId`. */
  idsFor(field: string): readonly string[];
}

const singular = (table: string): string => table.replace(/ies$/, "y").replace(/s$/, "");

/** `menu_item_id`, `itemId` and `item_ids` all name an item. */
const nounOf = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replace(/_ids?$/, "");

function tablesNamed(tables: Iterable<string>, field: string): string[] {
  const noun = nounOf(field);
  const all = [...tables];
  const exact = all.filter((table) => singular(table) === noun);
  return exact.length > 0 ? exact : all.filter((table) => singular(table).endsWith(`_${noun}`) || noun.endsWith(`_${singular(table)}`));
}

async function uuidColumns(database: TestDatabase): Promise<Column[]> {
  return database.query<{ table: string; column: string }>(`
    select c.table_name as table, c.column_name as column from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
    where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.data_type = 'uuid' order by 1, 2`);
}

export async function belongingsOf(database: TestDatabase, cafeId: string): Promise<Belongings> {
  const columns = await uuidColumns(database);
  const withId = new Set(columns.filter(({ column }) => column === "id").map(({ table }) => table));
  const ids = new Map<string, Set<string>>([["cafes", new Set([cafeId])]]);
  for (let grew = true; grew; ) {
    grew = false;
    for (const { table, column } of columns.filter(({ table, column }) => withId.has(table) && column !== "id")) {
      for (const parent of tablesNamed(ids.keys(), column).filter((each) => each !== table)) {
        const rows = await database.query<{ id: string }>(`select id from ${table} where ${column} = any($1::uuid[])`, [
          [...(ids.get(parent) ?? [])],
        ]);
        const known = ids.get(table) ?? new Set<string>();
        for (const { id } of rows) {
          grew ||= !known.has(id);
          known.add(id);
        }
        if (known.size > 0) ids.set(table, known);
      }
    }
  }
  return { ids, idsFor: (field) => tablesNamed(ids.keys(), field).flatMap((table) => [...(ids.get(table) ?? [])]) };
}

/** A hash over every row that is the café's or points at one: it is another one as soon as anything of it was written. */
export async function fingerprintOf(database: TestDatabase, { ids }: Belongings): Promise<Record<string, string>> {
  const prints: Record<string, string> = {};
  for (const { table, column } of await uuidColumns(database)) {
    const owned =
      column === "id" ? [...(ids.get(table) ?? [])] : tablesNamed(ids.keys(), column).flatMap((each) => [...(ids.get(each) ?? [])]);
    if (owned.length === 0) continue;
    const rows = await database.query<{ text: string }>(
      `select t::text as text from ${table} t where ${column} = any($1::uuid[]) order by 1`,
      [owned],
    );
    if (rows.length > 0) prints[`${table}.${column}`] = createHash("sha256").update(JSON.stringify(rows)).digest("hex");
  }
  return prints;
}
