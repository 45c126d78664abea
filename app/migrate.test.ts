import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import pg from "pg";
import { afterEach, beforeEach, expect, inject, onTestFinished, test } from "vitest";
import { asSuperuser, createDatabase } from "./local/roles.ts";
import { type MigrationOptions, migrate, refuseOldServer } from "./migrate.ts";
import { readSqlFiles } from "./sql-files.ts";
import { createTestDatabase, type TestDatabase } from "./testing/database.ts";
import { until } from "./testing/platform.ts";
import { copySql } from "./testing/sql-copy.ts";

const files = readdirSync(path.join(import.meta.dirname, "migrations"))
  .filter((name) => name.endsWith(".sql"))
  .toSorted();

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase();
});

afterEach(() => database.drop());

/** The address of a database with nothing in it but the rights of the two roles. */
async function emptyDatabase(): Promise<string> {
  const { superuserUrl } = inject("testServers");
  const name = `${database.name}_empty`;
  const cluster = { superuserUrl: (of: string) => superuserUrl.replace(/\/[^/]*$/, `/${of}`) } as Parameters<typeof asSuperuser>[0];
  await asSuperuser(cluster, "postgres", (client) => createDatabase(client, name));
  onTestFinished(() => asSuperuser(cluster, "postgres", async (client) => void (await client.query(`drop database ${name} with (force)`))));
  return database.ownerUrl.replace(database.name, name);
}

const password = () => database.env.MIGRATION_DATABASE_PASSWORD;

/** The rows of a statement of the owner. */
async function asOwner<R extends pg.QueryResultRow>(statement: string, url = database.ownerUrl): Promise<R[]> {
  const client = new pg.Client({ connectionString: url.replace("@", `:${password()}@`) });
  try {
    await client.connect();
    return (await client.query<R>(statement)).rows;
  } finally {
    await client.end();
  }
}

const migrateMigrated = (options?: MigrationOptions) => migrate(database.ownerUrl, password(), options);

test("an empty database gets every file, in order, once", async () => {
  const empty = await emptyDatabase();
  const first = await migrate(empty, password());
  expect(first).toMatchObject({ applied: files, total: files.length, dropped: [] });
  expect(first.made).toHaveLength(first.definitions);
  expect(await migrate(empty, password())).toMatchObject({ applied: [], total: files.length, made: [], dropped: [] });
});

test("of two processes that start at once one migrates, the other waits and finds nothing to do", async () => {
  const empty = await emptyDatabase();
  const outcomes = await Promise.all([migrate(empty, password()), migrate(empty, password())]);
  expect(outcomes.map(({ applied }) => applied.length).toSorted((a, b) => a - b)).toEqual([0, files.length]);
  expect(outcomes.map(({ made }) => made.length).toSorted((a, b) => a - b)).toEqual([0, outcomes[0]?.definitions]);
});

/** What the schema holds beside its tables, by name, as PostgreSQL describes it, with owners, rights and settings. */
const catalog = `
  select 'function ' || p.oid::regprocedure as name,
      concat_ws('; ', pg_get_functiondef(p.oid), p.proowner::regrole, coalesce(p.proacl, acldefault('f', p.proowner)), p.proconfig, case when p.prosecdef then 'definer' end) as described
    from pg_proc p where p.pronamespace = 'public'::regnamespace
  union all select 'view ' || v.viewname, concat_ws('; ', v.definition, v.viewowner, c.relacl, c.reloptions)
    from pg_views v join pg_class c on c.relname = v.viewname and c.relnamespace = 'public'::regnamespace where v.schemaname = 'public'
  union all select 'trigger ' || t.tgname || ' on ' || t.tgrelid::regclass, concat_ws('; ', pg_get_triggerdef(t.oid), t.tgenabled)
    from pg_trigger t where not t.tgisinternal
  union all select 'type ' || c.relname, (select string_agg(a.attname || ' ' || a.atttypid::regtype, ', ' order by a.attnum) from pg_attribute a where a.attrelid = c.oid)
    from pg_class c where c.relkind = 'c'
  order by 1`;

test("the functions, views, triggers and types of a migrated database are those of the files: what psql would make of them, and nothing else", async () => {
  const { steps, definitions } = await readSqlFiles();
  const empty = await emptyDatabase();
  for (const step of steps) await asOwner(step.text, empty);
  // No order is given and none is worked out: what fails for want of another file comes again.
  let left = definitions;
  while (left.length > 0) {
    const failed: (typeof left)[number][] = [];
    for (const file of left) await asOwner(file.text, empty).catch(() => failed.push(file));
    expect(failed.length).toBeLessThan(left.length);
    left = failed;
  }
  const byHand = await asOwner(catalog, empty);
  expect(byHand.length).toBeGreaterThan(100);
  expect(await asOwner(catalog)).toEqual(byHand);
});

/** Tables with their columns, rules, indexes, rights and how many rows the steps put there; the migrator's own two left out. */
const tables = `
  with own as (select oid, relname, relacl from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and relname not in ('migrations', 'sql_definitions'))
  select 'table ' || relname as name, concat_ws('; ', (select string_agg(acl::text, ',' order by acl::text) from unnest(relacl) acl),
      query_to_xml(format('select count(*) from %I', relname), false, true, '')::text) as described from own
  union all select concat_ws(' ', 'column', o.relname, a.attname), concat_ws('; ', format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attacl)
    from own o join pg_attribute a on a.attrelid = o.oid and a.attnum > 0 and not a.attisdropped left join pg_attrdef d on d.adrelid = o.oid and d.adnum = a.attnum
  union all select concat_ws(' ', 'rule', o.relname, t.typname, c.conname), concat_ws('; ', pg_get_constraintdef(c.oid), c.convalidated)
    from pg_constraint c left join own o on o.oid = c.conrelid left join pg_type t on t.oid = c.contypid
    where (o.oid is not null or c.contypid <> 0) and c.contype <> 't' and c.connamespace = 'public'::regnamespace
  union all select 'index ' || indexname, indexdef from pg_indexes where schemaname = 'public' and tablename in (select relname from own)
  order by 1, 2`;

test("steps that two people gave one number are applied in the order of their names, and the other order makes the same tables", async () => {
  const { steps } = await readSqlFiles();
  const number = (name: string) => name.slice(0, 4);
  const twins = steps.filter(({ name }) => steps.filter((other) => number(other.name) === number(name)).length > 1);
  expect(steps.map(({ name }) => name)).toEqual(files);
  const turned = steps.toSorted((one, other) => {
    const [first, second] = number(one.name) === number(other.name) ? [other, one] : [one, other];
    return first.name < second.name ? -1 : 1;
  });
  const empty = await emptyDatabase();
  for (const step of turned)
    await asOwner(step.text, empty).catch((error: unknown) => {
      throw new Error(
        `${step.name} needs a step of its own number (of ${twins.map(({ name }) => name).join(", ")}): give it the next one.`,
        { cause: error },
      );
    });
  const found = await asOwner(tables, empty);
  expect(found.length).toBeGreaterThan(1_000);
  expect(found).toEqual(await asOwner(tables));
});

test("a change in a file reaches the database, and nothing that did not change is made again", async () => {
  const sql = await copySql();
  sql.edit("charges/end-charge.sql", "begin\n", "begin\n  -- planted\n");
  expect(await migrateMigrated({ folder: sql.folder })).toMatchObject({ applied: [], made: ["function end_charge"], dropped: [] });
  const [row] = await asOwner<{ prosrc: string }>("select prosrc from pg_proc where proname = 'end_charge'");
  expect(row?.prosrc).toContain("-- planted");
});

test("what no file defines any more is dropped, and so is a right that no file gives", async () => {
  const sql = await copySql();
  const before = await asOwner(catalog);
  sql.remove("settlements/forget-close-outs.sql");
  sql.edit("health/replica-lag.sql", "grant execute on function replica_lag() to campus_app;\n", "");
  expect(await migrateMigrated({ folder: sql.folder })).toMatchObject({
    made: ["function replica_lag"],
    dropped: expect.arrayContaining(["trigger students_erased_close_outs on students", "function forget_close_outs"]),
  });
  const can = "select has_function_privilege('campus_app', 'replica_lag()', 'execute') as can";
  expect(await asOwner(can)).toEqual([{ can: false }]);
  // And back again, to the same schema.
  await migrateMigrated();
  expect(await asOwner(catalog)).toEqual(before);
});

test("what was changed by hand becomes again what the files say", async () => {
  const before = await asOwner(catalog);
  await asOwner(
    "create or replace function vat_of(p_gross_minor bigint, p_basis_points integer) returns bigint language sql as 'select 0'",
  );
  await asOwner("drop trigger orders_add_up on orders");
  await asOwner("revoke select on ledger_entries from campus_app");
  await asOwner("grant execute on function redact_student_texts(uuid) to public");
  const { made } = await migrateMigrated();
  expect(made.toSorted()).toEqual([
    "function redact_student_texts",
    "function vat_of",
    "trigger orders_add_up on orders",
    "view ledger_entries",
  ]);
  expect(await asOwner(catalog)).toEqual(before);
});

test("a function that changes its arguments or its result is refused while processes may run, and changed in place where none does", async () => {
  const sql = await copySql();
  sql.edit("orders/vat.sql", "vat_of(p_gross_minor bigint, p_basis_points integer)", "vat_of(p_gross_minor bigint, p_basis_points bigint)");
  await expect(migrateMigrated({ folder: sql.folder })).rejects.toThrow(/^orders\/vat\.sql:2: the function vat_of changes its arguments/);
  sql.edit("charges/open-charge.sql", "has_push_token boolean\n", "has_push_token boolean, planted text\n");
  await expect(migrateMigrated({ folder: sql.folder })).rejects.toThrow(/^charges\/open-charge\.sql:1: the type open_outcome changes/);
  expect(await migrateMigrated({ folder: sql.folder, isAlone: true })).toMatchObject({ made: ["type open_outcome", "function vat_of"] });
  const types = await asOwner<{ args: string }>("select oidvectortypes(proargtypes) as args from pg_proc where proname = 'vat_of'");
  expect(types).toEqual([{ args: "bigint, bigint" }]);
});

test("an error names the file and the line, in a step and in a function, and nothing of it stays", async () => {
  const sql = await copySql();
  sql.write(
    "migrations/9000_planted.sql",
    "-- Why: a test.\ncreate table planted (id integer);\n\nalter table planted\n  add column at timestampz;\n",
  );
  await expect(migrateMigrated({ folder: sql.folder })).rejects.toThrow('migrations/9000_planted.sql:5: type "timestampz" does not exist');
  expect(await asOwner("select to_regclass('planted') as planted")).toEqual([{ planted: null }]);
  sql.remove("migrations/9000_planted.sql");
  sql.edit("charges/end-charge.sql", "if not found then return false; end if;", "if not found then return false; end;");
  await expect(migrateMigrated({ folder: sql.folder })).rejects.toThrow(/^charges\/end-charge\.sql:8: syntax error/);
});

test("a file beside a verb that makes a table, and a name that is defined twice, are refused before anything is done", async () => {
  const sql = await copySql();
  sql.write("charges/planted.sql", "\ncreate table planted (id integer);\n");
  await expect(migrateMigrated({ folder: sql.folder })).rejects.toThrow(/^charges\/planted\.sql:2: only "create or replace function/);
  sql.write("charges/planted.sql", "create or replace view ledger_entries as select 1 as one;\n");
  await expect(migrateMigrated({ folder: sql.folder })).rejects.toThrow("is defined in charges/planted.sql:1 already");
});

test("a file that was changed after it was applied is refused, and nothing is applied", async () => {
  await asOwner(`update migrations set text_hash = sha256('another text') where name = '${files[1]}'`);
  await expect(migrateMigrated()).rejects.toThrow(`The migration ${files[1]} was changed after it was applied`);
});

test("a database that was made by other migrations is left as it is, and the line says what to do", async () => {
  await asOwner("insert into migrations (name, text_hash) values ('0008_cheaper_debit.sql', '')");
  await expect(migrateMigrated()).rejects.toThrow(
    /^The database was made by other migrations than these \(0008_cheaper_debit\.sql is none of them\)/,
  );
});

test("a file that fails is rolled back whole, and the message names it", async () => {
  const first = files[0] ?? "";
  await asOwner(`delete from migrations where name = '${first}'`);
  await expect(migrateMigrated()).rejects.toThrow(`migrations/${first}:`);
  expect(await asOwner(`select 1 from migrations where name = '${first}'`)).toEqual([]);
});

/** A session that holds what a report would hold: a read of the table, in a transaction that goes on. */
async function holdReading(table: string) {
  const reader = new pg.Client({ connectionString: database.superuserUrl, application_name: "a long report" });
  reader.on("error", () => undefined);
  await reader.connect();
  await reader.query(`begin isolation level repeatable read; select count(*) from ${table}`);
  return { letGo: () => reader.end() };
}

test("a step that gets no lock lets go at once, says who is in the way, tries again and is done when the way is free", async () => {
  const sql = await copySql();
  sql.write("migrations/9000_planted.sql", "alter table wallets add column planted text;\n");
  const reader = await holdReading("wallets");
  const said: string[] = [];
  const migrated = migrateMigrated({ folder: sql.folder, say: (line) => said.push(line) });
  await until("it says that it waits", () =>
    said.some((line) => /^9000_planted\.sql waits for a lock.*a long report, idle in transaction/.test(line)),
  );
  // Whoever comes now is not held up by it for longer than a moment: nobody waits in the queue behind it.
  await asOwner("set lock_timeout = '1s'; update wallets set updated_at = now() where false");
  await reader.letGo();
  expect(await migrated).toMatchObject({ applied: ["9000_planted.sql"] });
});

test("a step that never gets its lock gives up, and nothing of it was done", async () => {
  const sql = await copySql();
  sql.write("migrations/9000_planted.sql", "create table planted (id integer);\nalter table wallets add column planted text;\n");
  const reader = await holdReading("wallets");
  await expect(migrateMigrated({ folder: sql.folder, patienceMs: 500 })).rejects.toThrow(
    /^9000_planted\.sql got no lock in \d+ s and gave up: the oldest/,
  );
  await reader.letGo();
  expect(await asOwner("select to_regclass('planted') as planted")).toEqual([{ planted: null }]);
});

test("an index is built outside a transaction behind a long reader, and half of one that was cut off is begun anew", async () => {
  const sql = await copySql();
  sql.write(
    "migrations/9000_planted.sql",
    "-- outside a transaction\ncreate index concurrently if not exists planted on wallets (updated_at);\n",
  );
  const reader = await holdReading("wallets");
  const said: string[] = [];
  const cutOff = runScript(ownerEnv(), "--folder", sql.path);
  await until("the index waits for the reader", async () => (await isBuilding()).length === 1);
  // What a payment does goes on meanwhile.
  await asOwner("set lock_timeout = '1s'; update wallets set updated_at = now() where false");
  await database.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'campus-pay-migrate' and datname = current_database()",
  );
  expect(await cutOff).toMatchObject({ code: 1 });
  expect(await asOwner("select indisvalid from pg_index where indexrelid = 'planted'::regclass")).toEqual([{ indisvalid: false }]);
  await reader.letGo();
  expect(await migrateMigrated({ folder: sql.folder, say: (line) => said.push(line) })).toMatchObject({ applied: ["9000_planted.sql"] });
  expect(await asOwner("select indisvalid from pg_index where indexrelid = 'planted'::regclass")).toEqual([{ indisvalid: true }]);
  expect(said.join()).toContain("9000_planted.sql runs outside a transaction");
});

const isBuilding = () =>
  database.query(
    "select from pg_stat_activity where query like 'create index concurrently if not exists planted%' and datname = current_database() and wait_event_type = 'Lock'",
  );

test("a large change is done in batches, each committed, and one that was cut off goes on where it was", async () => {
  const sql = await copySql();
  await asOwner("create table planted as select n as id, null::text as note from generate_series(1, 1000) n");
  sql.write(
    "migrations/9000_planted.sql",
    "-- in batches\nupdate planted set note = 1 / (id - 751) from (select id from planted where note is null order by id limit 100) part where part.id = planted.id;\n".replace(
      "set note = 1 / (id - 751)",
      "set note = 1 / (planted.id - 751)",
    ),
  );
  await expect(migrateMigrated({ folder: sql.folder })).rejects.toThrow("division by zero");
  expect(await asOwner("select count(*)::integer as done from planted where note is not null")).toEqual([{ done: 700 }]);
  await asOwner("delete from planted where id = 751");
  const said: string[] = [];
  expect(await migrateMigrated({ folder: sql.folder, say: (line) => said.push(line) })).toMatchObject({ applied: ["9000_planted.sql"] });
  expect(said).toEqual([expect.stringMatching(/^9000_planted\.sql: 299 rows in \d+ s$/)]);
});

test("a migrator that is killed in the middle leaves what was before, and the next one does it all", async () => {
  const sql = await copySql();
  sql.write("migrations/9000_planted.sql", "create table planted (id integer);\nselect pg_sleep(300);\n");
  const { child } = startScript(ownerEnv(), "--folder", sql.path);
  await until(
    "it is in the middle",
    async () =>
      (await database.query("select from pg_stat_activity where query like 'select pg_sleep(300)%' and datname = current_database()"))
        .length === 1,
  );
  child.kill("SIGKILL");
  sql.write("migrations/9000_planted.sql", "create table planted (id integer);\n");
  // It waits until the server has noticed that the first one is gone.
  expect(await migrateMigrated({ folder: sql.folder })).toMatchObject({ applied: ["9000_planted.sql"] });
});

test("a server older than PostgreSQL 18 is refused with what is needed and what is there", () => {
  expect(() => refuseOldServer(170_004, "17.4")).toThrow("PostgreSQL 18 or newer is needed (uuidv7()); this server is 17.4.");
  expect(() => refuseOldServer(180_000, "18.0")).not.toThrow();
});

const ownerEnv = () => ({ MIGRATION_DATABASE_URL: database.ownerUrl, MIGRATION_DATABASE_PASSWORD: password() });

/** Starts app/migrate.ts as a person does. */
function startScript(env: Record<string, string>, ...args: readonly string[]) {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "migrate.ts"), ...args], {
    env: { PATH: process.env.PATH, ...env },
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { child, ended: Promise.all([text(child.stdout), text(child.stderr), exited]) };
}

async function runScript(env: Record<string, string>, ...args: readonly string[]) {
  const [out, errors, code] = await startScript(env, ...args).ended;
  return { out: out.trim(), errors: errors.trim(), code };
}

test("without an address the script says which variable to set and ends with 2", async () => {
  const { errors, code } = await runScript({});
  expect(errors).toMatch(/^migrate: MIGRATION_DATABASE_URL is not set: .+$/);
  expect(code).toBe(2);
});

test("it explains itself with --help, and a mistyped option is one line and 2", async () => {
  expect(await runScript({}, "--help")).toMatchObject({ out: expect.stringContaining("--alone"), errors: "", code: 0 });
  const { errors, code } = await runScript({}, "--allone");
  expect(errors.split("\n")).toEqual([expect.stringMatching(/^migrate: Unknown option '--allone'/)]);
  expect(code).toBe(2);
});

test("the script says what it applied, and a second run that there was nothing to do", async () => {
  const env = { MIGRATION_DATABASE_URL: await emptyDatabase(), MIGRATION_DATABASE_PASSWORD: password() };
  expect((await runScript(env)).out).toMatch(
    new RegExp(`^migrate: applied ${files.join(", ")}; made \\d+ functions, views, triggers and types$`),
  );
  expect((await runScript(env)).out).toMatch(
    new RegExp(`^migrate: nothing to do, ${files.length} steps and \\d+ functions, views, triggers and types stand$`),
  );
});

test("a database that cannot be reached is one line and code 1", async () => {
  const { errors, code } = await runScript({ MIGRATION_DATABASE_URL: "postgres://campus_owner@127.0.0.1:1/campus" });
  expect(errors).toMatch(/^migrate: .*ECONNREFUSED.*$/);
  expect(errors.split("\n")).toHaveLength(1);
  expect(code).toBe(1);
});
