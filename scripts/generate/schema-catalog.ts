import type pg from "pg";
import { appRole } from "../../app/local/roles.ts";

export interface Column {
  readonly name: string;
  readonly type: string;
  readonly isNullable: boolean;
  readonly preset: string | undefined;
}

export interface ForeignKey {
  readonly columns: readonly string[];
  readonly target: string;
}

/** One table as the database itself describes it. */
export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly primaryKey: readonly string[];
  readonly uniqueKeys: readonly (readonly string[])[];
  readonly foreignKeys: readonly ForeignKey[];
  /** Its CHECK and UNIQUE rules as SQL. */
  readonly rules: readonly string[];
  readonly indexes: readonly string[];
  readonly appRights: readonly string[];
}

interface Row {
  readonly name: string;
  readonly columns: readonly { name: string; type: string; is_nullable: boolean; preset: string | null }[];
  readonly constraints: readonly { kind: "p" | "u" | "f" | "c"; columns: string[]; target: string | null; text: string }[];
  readonly indexes: readonly string[];
  readonly rights: readonly string[];
}

/** Every table of the product, sorted by name; not the migrator's own. */
export async function readCatalog(client: pg.Client): Promise<Table[]> {
  const { rows } = await client.query<Row>(question, [appRole]);
  return rows.map(tableOf);
}

const tableOf = ({ name, columns, constraints, indexes, rights }: Row): Table => {
  const of = (kind: Row["constraints"][number]["kind"]) => constraints.filter((constraint) => constraint.kind === kind);
  return {
    name,
    columns: columns.map((column) => ({
      name: column.name,
      type: column.type,
      isNullable: column.is_nullable,
      preset: column.preset ?? undefined,
    })),
    primaryKey: of("p").flatMap((constraint) => constraint.columns),
    uniqueKeys: [...of("p"), ...of("u")].map((constraint) => constraint.columns),
    foreignKeys: of("f").map((constraint) => ({ columns: constraint.columns, target: constraint.target ?? "" })),
    rules: [...of("u"), ...of("c")].map(({ text }) => text),
    indexes,
    appRights: rights,
  };
};

// In the C collation everywhere, so that every machine sorts alike.
const question = `
  select t.relname as name,
    (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'is_nullable', not a.attnotnull,
        'preset', case when a.attidentity <> '' then 'identity' else pg_get_expr(d.adbin, d.adrelid) end) order by a.attnum)
      from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped) as columns,
    (select coalesce(json_agg(json_build_object('kind', c.contype, 'target', f.relname, 'text', pg_get_constraintdef(c.oid),
        'columns', (select coalesce(json_agg(a.attname order by k.place), '[]') from unnest(c.conkey) with ordinality k (number, place)
          join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.number)) order by c.contype, pg_get_constraintdef(c.oid) collate "C"), '[]')
      from pg_constraint c left join pg_class f on f.oid = c.confrelid where c.conrelid = t.oid and c.contype in ('p', 'u', 'f', 'c')) as constraints,
    (select coalesce(json_agg(regexp_replace(pg_get_indexdef(i.indexrelid), '^CREATE (UNIQUE )?INDEX (\\S+) ON \\S+ USING ', '\\1\\2: ') order by x.relname collate "C"), '[]')
      from pg_index i join pg_class x on x.oid = i.indexrelid
      where i.indrelid = t.oid and not exists (select from pg_constraint c where c.conindid = x.oid and c.contype in ('p', 'u'))) as indexes,
    (select coalesce(json_agg(r.shown order by r.place), '[]') from (
      select lower(w.name) as shown, w.place from unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) with ordinality w (name, place) where has_table_privilege($1, t.oid, w.name)
      union all
      select format('update of %s', string_agg(a.attname, ', ' order by a.attnum)), 3 from pg_attribute a
        where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped and not has_table_privilege($1, t.oid, 'UPDATE')
          and has_column_privilege($1, t.oid, a.attnum, 'UPDATE') having count(*) > 0) r) as rights
  from pg_class t join pg_namespace n on n.oid = t.relnamespace
  where n.nspname = 'public' and t.relkind = 'r' and t.relname not in ('migrations', 'sql_definitions')
  order by t.relname collate "C"`;
