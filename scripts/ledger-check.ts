// `npm run ledger:check`: asks every invariant of the books in one snapshot. Exit 0: sound, 1: broken, 2: it could not ask.
import { readFileSync } from "node:fs";
import { checkLedger, type InvariantOutcome, type LedgerCheck } from "../app/ledger/check-ledger.ts";
import { invariants } from "../app/ledger/invariants.ts";
import { openDatabase } from "../app/platform/postgres.ts";
import { awsSecretFetcher, createSecrets, type SecretSource } from "../app/platform/secrets.ts";
import { findHome } from "./local/home.ts";
import { PlainError, reportAndSetExitCode } from "./local/plain-error.ts";
import type { ServicesFile } from "./local/services-file.ts";

interface Place {
  readonly url: string;
  readonly password: SecretSource;
  readonly ca: string | undefined;
}

const couldNotAsk = 2;
const statementTimeoutMs = 30_000;
const shownOfSample = 3;

async function main(): Promise<void> {
  const check = await ask(findPlace());
  process.stdout.write(`${report(check)}\n`);
  if (!check.ok) process.exitCode = 1;
}

/** The database of the environment, else the one of the running `npm start`. */
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

async function ask({ url, password, ca }: Place): Promise<LedgerCheck> {
  const log = { warn: (...words: unknown[]) => console.error(...words) };
  const fetchSecret = awsSecretFetcher(process.env.AWS_REGION ?? "eu-north-1");
  const secrets = createSecrets<"DATABASE_PASSWORD">({ sources: { DATABASE_PASSWORD: password }, fetchSecret, log });
  const db = openDatabase({
    url,
    password: () => secrets.get("DATABASE_PASSWORD"),
    freshPassword: () => secrets.fresh("DATABASE_PASSWORD"),
    poolSize: 1,
    connectTimeoutMs: 5_000,
    statementTimeoutMs,
    lockTimeoutMs: 2_000,
    idleInTransactionTimeoutMs: 10_000,
    ca,
    applicationName: "campus-ledger-check",
    log,
  });
  try {
    return await checkLedger(db);
  } catch (error) {
    throw new PlainError(`The ledger of ${url} could not be asked: ${(error as Error).message}`, couldNotAsk);
  } finally {
    await db.end();
  }
}

function report(check: LedgerCheck): string {
  const broken = check.invariants.filter((invariant) => !invariant.ok);
  const verdict = broken.length === 0 ? "The books are sound." : `BROKEN: ${broken.map(({ id }) => id).join(", ")}.`;
  return [
    ...check.invariants.map(line),
    "",
    `${verdict} Asked at ${check.checkedAt.toISOString()} in the snapshot ${check.snapshot}; not covered here: ${check.notCovered.join(", ")}.`,
  ].join("\n");
}

function line({ id, ok, violations, sample }: InvariantOutcome): string {
  const title = invariants.find((invariant) => invariant.id === id)?.title ?? "";
  const found = sample.slice(0, shownOfSample).map((violation) => `\n         ${JSON.stringify(violation)}`);
  return `${id.padEnd(5)}${ok ? "ok " : "NO "} ${title}${ok ? "" : ` (${violations})`}${found.join("")}`;
}

await main().catch(reportAndSetExitCode);
