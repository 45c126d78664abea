import type pg from "pg";
import { inOneTransaction, type Patience } from "./patience.ts";
import { MigrationError, run, splitStatements } from "./statements.ts";

interface Step {
  readonly name: string;
  readonly text: string;
}

/** Applies the numbered steps that are missing, in order, one transaction each. Gives their names. */
export async function applySteps(client: pg.Client, steps: readonly Step[], patience: Patience): Promise<string[]> {
  await client.query(
    "create table if not exists migrations (name text primary key, text_hash bytea not null, applied_at timestamptz not null default now())",
  );
  const known = await readKnown(client, steps);
  const missing = steps.filter(({ name }) => !known.has(name));
  for (const step of missing) await apply(client, step, patience);
  return missing.map(({ name }) => name);
}

async function readKnown(client: pg.Client, steps: readonly Step[]): Promise<Set<string>> {
  const { rows } = await client.query<{ name: string; is_same: boolean | null }>(
    `select m.name, m.text_hash = sha256(convert_to(f.text, 'UTF8')) as is_same
     from migrations m left join jsonb_to_recordset($1) as f (name text, text text) using (name) order by m.name`,
    [JSON.stringify(steps)],
  );
  const last = steps.at(-1)?.name ?? "";
  const foreign = rows.find(({ name, is_same }) => is_same === null && name < last);
  if (foreign) {
    throw new MigrationError(
      `The database was made by other migrations than these (${foreign.name} is none of them) and was left as it is: use the release that made it, or begin with a new database (\`npm run backup -- FILE\`, then \`npm start -- --fresh\`).`,
    );
  }
  const changed = rows.find(({ is_same }) => is_same === false);
  if (changed) throw new MigrationError(`The migration ${changed.name} was changed after it was applied: add a new one instead.`);
  return new Set(rows.map(({ name }) => name));
}

async function apply(client: pg.Client, { name, text }: Step, patience: Patience): Promise<void> {
  const statements = splitStatements(`migrations/${name}`, text);
  await inOneTransaction(client, name, patience, async () => {
    for (const statement of statements) await run(client, statement);
    await client.query("insert into migrations (name, text_hash) values ($1, sha256(convert_to($2, 'UTF8')))", [name, text]);
  });
}
