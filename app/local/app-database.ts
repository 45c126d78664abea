import { readFileSync } from "node:fs";
import { type Database, openDatabase } from "../platform/postgres.ts";
import { awsSecretFetcher, createSecrets, type SecretSource } from "../platform/secrets.ts";
import { findHome } from "./home.ts";
import { PlainError } from "./plain-error.ts";
import type { ServicesFile } from "./services-file.ts";

interface Place {
  readonly url: string;
  readonly password: SecretSource;
  readonly ca: string | undefined;
}

interface Options {
  /** For the line that says that it could not be asked: "ledger". */
  readonly what: string;
  readonly applicationName: string;
  readonly statementTimeoutMs: number;
}

const couldNotAsk = 2;

/** For a command, as the application's role: runs `work` on the database of the environment, else on that of the running `npm start`. */
export async function withAppDatabase<T>({ what, ...options }: Options, work: (db: Database) => Promise<T>): Promise<T> {
  const { url, password, ca } = findPlace();
  const log = { warn: (...words: unknown[]) => console.error(...words) };
  const fetchSecret = awsSecretFetcher(process.env.AWS_REGION ?? "eu-north-1");
  const secrets = createSecrets<"DATABASE_PASSWORD">({ sources: { DATABASE_PASSWORD: password }, fetchSecret, log });
  const db = openDatabase({
    url,
    password: () => secrets.get("DATABASE_PASSWORD"),
    freshPassword: () => secrets.fresh("DATABASE_PASSWORD"),
    poolSize: 1,
    connectTimeoutMs: 5_000,
    lockTimeoutMs: 2_000,
    idleInTransactionTimeoutMs: 10_000,
    ca,
    log,
    ...options,
  });
  try {
    return await work(db);
  } catch (error) {
    if (error instanceof PlainError) throw error;
    throw new PlainError(`The ${what} of ${url} could not be asked: ${(error as Error).message}`, couldNotAsk);
  } finally {
    await db.end();
  }
}

function findPlace(): Place {
  const { DATABASE_URL: url, DATABASE_PASSWORD: value, DATABASE_PASSWORD_SECRET_ID: reference, DATABASE_CA: ca } = process.env;
  if (url) return { url, password: reference ? secretOf(reference) : { value: value ?? "" }, ca };
  const { services } = findHome();
  try {
    const { database_url, database_password } = JSON.parse(readFileSync(services, "utf8")) as ServicesFile;
    return { url: database_url, password: { value: database_password }, ca: undefined };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new PlainError(
      "Campus Pay does not run here: start it with `npm start`, or give a database in DATABASE_URL and DATABASE_PASSWORD.",
      couldNotAsk,
    );
  }
}

function secretOf(reference: string): SecretSource {
  const [id = "", jsonKey] = reference.split("#");
  return jsonKey === undefined ? { id } : { id, jsonKey };
}
