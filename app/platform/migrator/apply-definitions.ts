import { createHash } from "node:crypto";
import pg from "pg";
import { type Definition, keyOf } from "./definitions.ts";
import { inOneTransaction, type Patience } from "./patience.ts";
import { MigrationError, run } from "./statements.ts";

export interface DefinitionChanges {
  readonly made: readonly string[];
  readonly dropped: readonly string[];
}

/** What was applied before: the hash of its file's words, and how the database itself described the result. */
interface Known {
  readonly kind: string;
  readonly name: string;
  readonly text_hash: string;
  readonly applied_as: string;
}

interface Options extends Patience {
  /** No process of any release runs: arguments and results of functions may change in place, since nobody calls the old ones. */
  readonly isAlone: boolean;
}

/**
 * Makes the database's functions, views, triggers and types those of the files, in one transaction: what changed in the files, what
 * was changed or dropped behind our back, and what no file defines any more. What is as it should be is not touched.
 */
export async function applyDefinitions(
  client: pg.Client,
  definitions: readonly Definition[],
  options: Options,
): Promise<DefinitionChanges> {
  await client.query(
    `create table if not exists sql_definitions (kind text, name text, file text not null, text_hash text not null, applied_as text not null,
       applied_at timestamptz not null default now(), primary key (kind, name))`,
  );
  const known = new Map(
    (await client.query<Known>("select kind, name, text_hash, applied_as from sql_definitions")).rows.map((row) => [keyOf(row), row]),
  );
  const live = await describeAll(client);
  const stands = (definition: Definition) => {
    const before = known.get(keyOf(definition));
    return before?.text_hash === hashOf(definition) && before.applied_as === live.get(keyOf(definition));
  };
  const changed = definitions.filter((definition) => !stands(definition));
  const wanted = new Set(definitions.map(keyOf));
  const gone = [...known.values()].filter((row) => !wanted.has(keyOf(row)));
  if (changed.length === 0 && gone.length === 0) return { made: [], dropped: [] };

  await inOneTransaction(client, "The functions, views and triggers", options, async () => {
    const old = options.isAlone ? [...known.values()] : gone;
    if (options.isAlone) await drop(client, old, live);
    for (const definition of options.isAlone ? definitions : changed) await make(client, definition, options.isAlone ? new Map() : live);
    if (!options.isAlone) await drop(client, old, live);
    await remember(client, definitions, old);
  });
  return { made: changed.map(keyOf), dropped: gone.map(keyOf) };
}

const hashOf = ({ statement, grants }: Definition): string =>
  createHash("sha256")
    .update([statement, ...grants].map(({ text }) => text).join(";\n"))
    .digest("hex");

/** What stands in the way of the drop of another one goes first. */
const dropOrder = ["trigger", "view", "function", "type"];

async function drop(client: pg.Client, rows: readonly Known[], live: ReadonlyMap<string, string>): Promise<void> {
  const standing = rows.filter((row) => live.has(keyOf(row)));
  standing.sort((one, other) => dropOrder.indexOf(one.kind) - dropOrder.indexOf(other.kind));
  for (const { kind, name } of standing) await client.query(`drop ${kind} ${name}`);
}

async function make(client: pg.Client, definition: Definition, live: ReadonlyMap<string, string>): Promise<void> {
  const { kind, name, statement, grants } = definition;
  const stood = live.has(keyOf(definition));
  if (stood && kind === "type") throw changedInPlace(definition);
  if (stood && /^create\s+constraint/i.test(statement.text)) await client.query(`drop trigger ${name}`);
  try {
    await run(client, statement);
  } catch (error) {
    throw refusesReplacement(error) ? changedInPlace(definition) : error;
  }
  if (kind === "function" && (await countFunctions(client, name)) > 1) throw changedInPlace(definition);
  if (stood && (kind === "function" || kind === "view")) await forgetGrants(client, kind, name);
  for (const grant of grants) await run(client, grant);
}

const cannotReplace = new Set(["42P13", "42P16"]);
const refusesReplacement = (error: unknown): boolean => {
  const { cause } = error as Error;
  return cause instanceof pg.DatabaseError && cannotReplace.has(cause.code ?? "") && /cannot change|cannot drop/.test(cause.message);
};

const changedInPlace = ({ kind, name, statement }: Definition): MigrationError =>
  new MigrationError(
    `${statement.file}:${statement.line}: the ${kind} ${name} changes its arguments or its columns, and processes of the release before still use it: give the new one a new name and keep both for one release (where no process runs, \`--alone\` changes it in place).`,
  );

async function countFunctions(client: pg.Client, name: string): Promise<number> {
  const { rows } = await client.query("select from pg_proc where proname = $1 and pronamespace = 'public'::regnamespace", [name]);
  return rows.length;
}

/** As a new one is: functions open to all, views to their owner. */
async function forgetGrants(client: pg.Client, kind: "function" | "view", name: string): Promise<void> {
  const { rows } = await client.query<{ role: string }>(
    `select distinct case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end as role
     from (select proacl as acl, proowner as owner from pg_proc where $1 = 'function' and proname = $2 and pronamespace = 'public'::regnamespace
       union all select relacl, relowner from pg_class where $1 = 'view' and relname = $2 and relnamespace = 'public'::regnamespace) o, aclexplode(o.acl)
     where grantee <> o.owner`,
    [kind, name],
  );
  const target = kind === "function" ? `function ${name}` : name;
  for (const { role } of rows) await client.query(`revoke all on ${target} from ${role}`);
  if (kind === "function" && !rows.some(({ role }) => role === "public")) await client.query(`grant execute on ${target} to public`);
}

async function remember(client: pg.Client, definitions: readonly Definition[], old: readonly Known[]): Promise<void> {
  const live = await describeAll(client);
  await client.query(
    "delete from sql_definitions where (kind, name) in (select kind, name from jsonb_to_recordset($1) as o (kind text, name text))",
    [JSON.stringify(old)],
  );
  const rows = definitions.map((definition) => ({
    kind: definition.kind,
    name: definition.name,
    file: definition.statement.file,
    text_hash: hashOf(definition),
    applied_as: live.get(keyOf(definition)) ?? "",
  }));
  await client.query(
    `insert into sql_definitions as d (kind, name, file, text_hash, applied_as)
     select kind, name, file, text_hash, applied_as from jsonb_to_recordset($1) as r (kind text, name text, file text, text_hash text, applied_as text)
     on conflict (kind, name) do update set file = excluded.file, text_hash = excluded.text_hash, applied_as = excluded.applied_as, applied_at = now()
     where (d.file, d.text_hash, d.applied_as) is distinct from (excluded.file, excluded.text_hash, excluded.applied_as)`,
    [JSON.stringify(rows)],
  );
}

/** Each function, view, trigger and type of the schema, as the database itself describes it, with its owner and its grants. */
async function describeAll(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ kind: string; name: string; described: string }>(catalog);
  return new Map(rows.map((row) => [keyOf(row), createHash("sha256").update(row.described).digest("hex")]));
}

const catalog = `
  select 'function' as kind, p.proname as name, concat_ws('|', pg_get_functiondef(p.oid), pg_get_userbyid(p.proowner), p.proacl::text) as described
    from pg_proc p where p.pronamespace = 'public'::regnamespace and p.prokind = 'f'
      and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
  union all
  select 'view', c.relname, concat_ws('|', pg_get_viewdef(c.oid), c.reloptions::text, pg_get_userbyid(c.relowner), c.relacl::text)
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'v'
  union all
  select 'trigger', t.tgname || ' on ' || c.relname, concat_ws('|', pg_get_triggerdef(t.oid), t.tgenabled)
    from pg_trigger t join pg_class c on c.oid = t.tgrelid where c.relnamespace = 'public'::regnamespace and not t.tgisinternal
  union all
  select 'type', c.relname, (select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum)
      from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'c'`;
