import type pg from "pg";
import { inOneTransaction, lockTimeoutMs, type Patience, patiently, pause } from "./patience.ts";
import { MigrationError, run, type SqlStatement, splitStatements } from "./statements.ts";

interface Step {
  readonly name: string;
  readonly text: string;
}

/** How a step is run. A line of its own in the file says so where it is not one transaction. */
type Manner = "one transaction" | "outside a transaction" | "in batches";

const saidEveryMs = 5_000;

/** Applies the numbered steps that are missing, in order. Gives their names. */
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

export function mannerOf(text: string): Manner {
  const [, manner] = /^-- (outside a transaction|in batches)\b/m.exec(text) ?? [];
  return (manner as Manner | undefined) ?? "one transaction";
}

async function apply(client: pg.Client, step: Step, patience: Patience): Promise<void> {
  const statements = splitStatements(`migrations/${step.name}`, step.text);
  const manner = mannerOf(step.text);
  if (manner === "one transaction") {
    await inOneTransaction(client, step.name, patience, async () => {
      for (const statement of statements) await run(client, statement);
      await remember(client, step);
    });
    return;
  }
  const [only, ...more] = statements;
  // One that was cut off is begun again from its first statement, so it may have one only.
  if (!only || more.length > 0)
    throw new MigrationError(`migrations/${step.name}: a step "${manner}" is one statement, no more and no less.`);
  if (manner === "in batches") await runInBatches(client, step.name, only, patience);
  else await runOutside(client, step.name, only, patience);
  await remember(client, step);
}

const remember = (client: pg.Client, { name, text }: Step) =>
  client.query("insert into migrations (name, text_hash) values ($1, sha256(convert_to($2, 'UTF8')))", [name, text]);

/** What waits for old transactions holds up nobody meanwhile, so it has all the time it needs; anything else is as impatient as ever. */
async function runOutside(client: pg.Client, name: string, statement: SqlStatement, patience: Patience): Promise<void> {
  const [, index] = /^create\s+(?:unique\s+)?index\s+concurrently\s+(?:if\s+not\s+exists\s+)?(\w+)/i.exec(statement.text) ?? [];
  const isConcurrent = /\bconcurrently\b|\bvalidate\s+constraint\b/i.test(statement.text);
  patience.say(`${name} runs outside a transaction; payments go on meanwhile`);
  await patiently(client, name, patience, async () => {
    // Half an index, of a try that was cut off: it would be kept up for ever and used never.
    if (index !== undefined && (await isInvalid(client, index))) await client.query(`drop index concurrently ${index}`);
    await client.query(`set lock_timeout = ${isConcurrent ? 0 : lockTimeoutMs}`);
    await run(client, statement).finally(() => client.query("reset lock_timeout").catch(() => undefined));
  });
}

async function isInvalid(client: pg.Client, index: string): Promise<boolean> {
  const { rows } = await client.query("select from pg_index where indexrelid = to_regclass($1) and not indisvalid", [index]);
  return rows.length > 0;
}

/** The same statement again and again, each time in a transaction of its own, until it finds no row; as long at rest as at work. */
async function runInBatches(client: pg.Client, name: string, statement: SqlStatement, patience: Patience): Promise<void> {
  if (!/\blimit\s+\d+/i.test(statement.text)) {
    throw new MigrationError(`${statement.file}:${statement.line}: a statement in batches says how many rows one batch has: "limit 1000".`);
  }
  const startedAt = performance.now();
  let saidAt = startedAt;
  for (let total = 0; ; ) {
    const begunAt = performance.now();
    const rows = await inOneTransaction(client, name, patience, () => run(client, statement));
    total += rows;
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    if (rows === 0) return patience.say(`${name}: ${total} rows in ${seconds} s`);
    if (performance.now() - saidAt > saidEveryMs) {
      patience.say(`${name}: ${total} rows so far, ${seconds} s`);
      saidAt = performance.now();
    }
    await pause(performance.now() - begunAt);
  }
}
