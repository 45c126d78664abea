import { createHash } from "node:crypto";
import pg from "pg";
import { CodedError, unavailable } from "./errors.ts";
import type { Logger } from "./log.ts";

/** A statement whose values are always bound. Made by the tags `sql` and `part` only. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly name: string | undefined;
  /** For the few statements that read whole tables; the transaction raises its statement_timeout itself. */
  readonly timeoutMs?: number;
}

type Row = Record<string, unknown>;

export interface Queryable {
  /** All rows, their column names in camelCase. */
  rows<R = Row>(statement: Statement): Promise<R[]>;
  /** The only row, or undefined. More than one is a fault of the statement. */
  row<R = Row>(statement: Statement): Promise<R | undefined>;
  /** How many rows a write touched: the condition stands in the write, so the caller checks this number. */
  run(statement: Statement): Promise<number>;
}

export type Transaction = Queryable & { readonly inTransaction: true };

export interface Database extends Queryable {
  /** Runs `work` in a transaction; deadlocks and serialization failures are run again, at most three times in all. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Reads across tables as of one moment. */
  snapshot<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** One statement that is a transaction of its own: all of it, or nothing. A lost connection is OutcomeUnknown, not a failure. */
  callAtomic<R = Row>(statement: Statement): Promise<R | undefined>;
  /** A connection of one's own, outside the pool's rules: advisory locks, LISTEN. */
  connect(): Promise<pg.PoolClient>;
  poolSize(): { total: number; idle: number; waiting: number };
  /** True for a minute after a write that the database had no room for. */
  isFull(): boolean;
  end(): Promise<void>;
}

/** The commit was sent and its answer never came: it may have happened. Whoever catches this looks it up. */
export class OutcomeUnknown extends Error {
  constructor(cause: unknown) {
    super("The outcome of a commit is not known.", { cause });
    this.name = "OutcomeUnknown";
  }
}

interface DatabaseOptions {
  readonly url: string;
  readonly password: () => Promise<string>;
  readonly freshPassword: () => Promise<string>;
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly idleInTransactionTimeoutMs: number;
  readonly ca: string | undefined;
  /** Sessions take no write, also where the server would: another region writes by now. */
  readonly onlyReads?: boolean;
  readonly applicationName: string;
  readonly log: Pick<Logger, "warn">;
}

const maxAttempts = 3;
const diskFull = "53100";
const fullForMs = 60_000;

pg.types.setTypeParser(pg.types.builtins.INT8, (text) => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`The bigint ${text} does not fit a safe integer.`);
  return value;
});

const preparedNames = new WeakMap<TemplateStringsArray, { text: string; name: string }>();

// Parts come from the code, so their combinations are few; past this many a statement is sent without a name.
const maxSplicedNames = 500;
const splicedNames = new Map<string, string>();

/**
 * Writes SQL with every value bound, a nested `part` spliced in, its values bound too. Statements are sent as named
 * prepared statements: unnamed ones cost 58 % more database CPU on the debit (measured), a join more than that.
 */
export function sql(strings: TemplateStringsArray, ...values: readonly unknown[]): Statement {
  if (values.some(isStatement)) {
    const spliced = splice(strings, values);
    return { ...spliced, name: nameOfSpliced(spliced.text) };
  }
  let prepared = preparedNames.get(strings);
  if (!prepared) {
    const text = strings.reduce((left, part, index) => `${left}$${index}${part}`);
    prepared = { text, name: nameOf(text) };
    preparedNames.set(strings, prepared);
  }
  return { text: prepared.text, name: prepared.name, values };
}

const nameOf = (text: string): string => createHash("sha256").update(text).digest("base64url").slice(0, 24);

function nameOfSpliced(text: string): string | undefined {
  const known = splicedNames.get(text);
  if (known !== undefined || splicedNames.size >= maxSplicedNames) return known;
  const name = nameOf(text);
  splicedNames.set(text, name);
  return name;
}

const statements = new WeakSet<object>();
const isStatement = (value: unknown): value is Statement => typeof value === "object" && value !== null && statements.has(value);

/** A part of a statement, to be put into another one: an optional filter, a shared condition. */
export function part(strings: TemplateStringsArray, ...values: readonly unknown[]): Statement {
  const made = splice(strings, values);
  statements.add(made);
  return made;
}

/** As a condition: this database is no copy, and nobody said that this process may only read. */
export const takesWrites: Statement = part`not (pg_is_in_recovery() or current_setting('default_transaction_read_only')::boolean)`;

function splice(strings: TemplateStringsArray, values: readonly unknown[]): Statement {
  let text = strings[0] ?? "";
  const bound: unknown[] = [];
  values.forEach((value, index) => {
    if (isStatement(value)) {
      text += value.text.replace(/\$(\d+)/g, (_, n: string) => `$${Number(n) + bound.length}`);
      bound.push(...value.values);
    } else {
      bound.push(value);
      text += `$${bound.length}`;
    }
    text += strings[index + 1] ?? "";
  });
  return { text, values: bound, name: undefined };
}

export function openDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    ...addressOf(options.url),
    password: options.password,
    max: options.poolSize,
    connectionTimeoutMillis: options.connectTimeoutMs,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    statement_timeout: options.statementTimeoutMs,
    lock_timeout: options.lockTimeoutMs,
    idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs,
    // The server's own time-out answers first; this one only ends a connection whose other side is gone.
    query_timeout: options.statementTimeoutMs + 2_000,
    application_name: options.applicationName,
    ...(options.onlyReads ? { options: "-c default_transaction_read_only=on" } : {}),
    ...(options.ca === undefined ? {} : { ssl: { ca: options.ca, rejectUnauthorized: true } }),
  });
  pool.on("error", (error) => options.log.warn({ err: error }, "An idle database connection was lost"));
  // The pool listens to idle connections only: one lost in use would end the whole process. Its query fails by itself.
  pool.on("connect", (client) => client.on("error", () => undefined));

  const connect = async (): Promise<pg.PoolClient> => {
    try {
      return await pool.connect();
    } catch (error) {
      if (sqlState(error) !== "28P01") throw error;
      await options.freshPassword();
      return pool.connect();
    }
  };

  let fullAtMs: number | undefined;
  const withClient = async <T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    const client = await connect();
    let broken: Error | undefined;
    try {
      return await work(client);
    } catch (error) {
      if (isConnectionFault(error)) broken = error as Error;
      if (sqlState(error) === diskFull) fullAtMs = performance.now();
      throw error;
    } finally {
      client.release(broken);
    }
  };

  const pooled = queryable((statement) => withClient((client) => send(client, statement)));

  const transact = <T>(begin: string, work: (tx: Transaction) => Promise<T>): Promise<T> =>
    retried(() => withClient((client) => inTransaction(client, begin, work)));

  return {
    ...pooled,
    transaction: (work) => transact("begin", work),
    snapshot: (work) => transact("begin isolation level repeatable read read only", work),
    callAtomic: <R>(statement: Statement) => retried(() => withClient((client) => callAtomicOn<R>(client, statement))),
    connect,
    poolSize: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    isFull: () => fullAtMs !== undefined && performance.now() - fullAtMs < fullForMs,
    end: () => pool.end(),
  };
}

/** Deadlocks and serialization failures are nobody's fault and pass. */
async function retried<T>(attemptOnce: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attemptOnce();
    } catch (error) {
      if (!isRetryable(error) || attempt >= maxAttempts) throw error;
      await pause(10 * 2 ** attempt * (0.5 + Math.random()));
    }
  }
}

async function callAtomicOn<R>(client: pg.PoolClient, statement: Statement): Promise<R | undefined> {
  try {
    return only(await send<R>(client, statement));
  } catch (error) {
    throw isConnectionFault(error) ? new OutcomeUnknown(error) : error;
  }
}

/** The parts of the address: given whole, its missing password would win over the one that is asked for at each connect. */
export function addressOf(url: string): { host: string; port: number; user: string; database: string } {
  const { hostname, port, username, pathname } = new URL(url);
  return {
    host: hostname,
    port: Number(port || 5432),
    user: decodeURIComponent(username),
    database: decodeURIComponent(pathname.slice(1)),
  };
}

async function inTransaction<T>(client: pg.PoolClient, begin: string, work: (tx: Transaction) => Promise<T>): Promise<T> {
  await client.query(begin);
  let result: T;
  try {
    result = await work({ ...queryable((statement) => send(client, statement)), inTransaction: true });
  } catch (error) {
    if (!isConnectionFault(error)) await client.query("rollback");
    throw error;
  }
  try {
    await client.query("commit");
  } catch (error) {
    throw isConnectionFault(error) ? new OutcomeUnknown(error) : error;
  }
  return result;
}

interface Answer<R> {
  readonly rows: R[];
  readonly count: number;
}

function queryable(answer: (statement: Statement) => Promise<Answer<unknown>>): Queryable {
  return {
    rows: async <R>(statement: Statement) => (await answer(statement)).rows as R[],
    row: async <R>(statement: Statement) => only((await answer(statement)) as Answer<R>),
    run: async (statement) => (await answer(statement)).count,
  };
}

function only<R>(answer: Answer<R>): R | undefined {
  if (answer.rows.length > 1) throw new Error(`One row was expected, ${answer.rows.length} came.`);
  return answer.rows[0];
}

async function send<R>(client: pg.PoolClient, statement: Statement): Promise<Answer<R>> {
  const result = await client.query({
    text: statement.text,
    values: statement.values as unknown[],
    rowMode: "array",
    ...(statement.name === undefined ? {} : { name: statement.name }),
    ...(statement.timeoutMs === undefined ? {} : { query_timeout: statement.timeoutMs }),
  });
  const names = result.fields.map((field) => camelCase(field.name));
  const rows = (result.rows as unknown[][]).map((cells) => Object.fromEntries(names.map((name, index) => [name, cells[index]])) as R);
  return { rows, count: result.rowCount ?? 0 };
}

const camelNames = new Map<string, string>();

function camelCase(column: string): string {
  let name = camelNames.get(column);
  if (name === undefined) {
    name = column.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
    camelNames.set(column, name);
  }
  return name;
}

export const sqlState = (error: unknown): string | undefined =>
  error instanceof pg.DatabaseError
    ? error.code
    : typeof (error as { code?: unknown })?.code === "string"
      ? (error as { code: string }).code
      : undefined;

/** The constraint that a write ran into, for verbs that turn it into a refusal of their own. */
export const violatedConstraint = (error: unknown): string | undefined =>
  error instanceof pg.DatabaseError && error.code?.startsWith("23") ? error.constraint : undefined;

const retryableStates = new Set(["40001", "40P01"]);
const isRetryable = (error: unknown): boolean => retryableStates.has(sqlState(error) ?? "");

const connectionStates = new Set(["57P01", "57P02", "57P03", "57P05", "25P03"]);

/** True where the connection itself is gone or in doubt, so that nothing is known of what was sent on it. */
export function isConnectionFault(error: unknown): boolean {
  if (error instanceof OutcomeUnknown) return true;
  if (error instanceof pg.DatabaseError) return connectionStates.has(error.code ?? "") || (error.code ?? "").startsWith("08");
  if (!(error instanceof Error)) return false;
  return (
    "syscall" in error ||
    /Connection terminated|Query read timeout|timeout exceeded|not queryable|Client was closed|socket/i.test(error.message)
  );
}

/** Turns what PostgreSQL or the network said into the refusal that a client can act on; undefined where it is our own fault. */
export function databaseRefusal(error: unknown): CodedError | undefined {
  const state = sqlState(error);
  if (state === "25006")
    return new CodedError("READ_ONLY_REGION", "This region only reads at the moment.", { cause: error, retryAfterSeconds: 30 });
  if (isConnectionFault(error)) return unavailable("The database cannot be reached at the moment.", error);
  if (state === undefined) return undefined;
  if (isRetryable(error) || ["55P03", "57014", "53300", diskFull, "53200", "53400", "28P01"].includes(state)) {
    return unavailable("The database is too busy or not ready at the moment.", error);
  }
  return undefined;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
