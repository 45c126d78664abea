import { readFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import pg from "pg";
import { type Command, refuse, runCommand } from "../app/local/command.ts";
import { findHome } from "../app/local/home.ts";
import { PlainError } from "../app/local/plain-error.ts";
import type { ServicesFile } from "../app/local/services-file.ts";
import { describeQuery, formatError, formatResult, isComplete } from "../app/local/sql-text.ts";

export const command = {
  name: "npm run sql",
  for: "developer",
  what: "A small prompt on the started system's database; with its standard input redirected it runs what it reads.",
  touches: "whatever the statements do.",
  options: {
    command: {
      type: "string",
      short: "c",
      value: "STATEMENT",
      multiple: true,
      default: [],
      help: "run this and end; given again, that too, unless one before it failed",
    },
    as: { type: "string", value: "ROLE", default: "owner", help: "owner, app or superuser" },
  },
  environment: { DATABASE_URL: "another database than the started system's", DATABASE_PASSWORD: "and its password" },
  exits: { 1: "the statement failed, or nothing is started" },
} as const satisfies Command;

const help = `A statement ends with ";". \\d lists the tables, \\d TABLE its columns, \\q or Ctrl-D ends.`;

async function connectAndRun(role: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({
    connectionString: findAddress(role),
    application_name: "campus-pay-sql",
    // As PostgreSQL writes them: a bigint stays exact, an instant keeps its zone.
    types: { getTypeParser: () => (text: string) => text },
  });
  client.on("error", (error) => process.stderr.write(`The connection was lost: ${error.message}\n`));
  await client.connect();
  try {
    for (const statement of statements) await runOrThrow(client, statement);
    if (statements.length > 0) return;
    if (process.stdin.isTTY) await ask(client, role);
    else await runOrThrow(client, readFileSync(0, "utf8"));
  } finally {
    await client.end();
  }
}

function findAddress(role: string): string {
  if (process.env.DATABASE_URL) return withPassword(process.env.DATABASE_URL, process.env.DATABASE_PASSWORD);
  const services = readServices();
  const addresses: Record<string, string | null> = {
    owner: withPassword(services.owner_url, services.owner_password),
    app: withPassword(services.database_url, services.database_password),
    superuser: services.superuser_url,
  };
  const address = addresses[role];
  if (!address) throw refuse(command, `there is no role "${role}" here.`);
  return address;
}

function readServices(): ServicesFile {
  const { services } = findHome();
  try {
    return JSON.parse(readFileSync(services, "utf8")) as ServicesFile;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new PlainError("Campus Pay does not run here: start it with `npm start`, or give another database in DATABASE_URL.");
  }
}

function withPassword(address: string, password: string | undefined): string {
  const url = new URL(address);
  if (password) url.password = encodeURIComponent(password);
  return url.href;
}

async function runOrThrow(client: pg.Client, text: string): Promise<void> {
  try {
    await run(client, text);
  } catch (error) {
    throw new PlainError(formatError(error as Error, text));
  }
}

async function run(client: pg.Client, text: string): Promise<void> {
  const query = describeQuery(text) ?? { text };
  const results: unknown = await client.query({ ...query, rowMode: "array" });
  for (const result of [results].flat() as pg.QueryArrayResult[]) process.stdout.write(`${formatResult(result)}\n`);
}

async function ask(client: pg.Client, role: string): Promise<void> {
  process.stdout.write(`${help}\n`);
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: `${role}> ` });
  let text = "";
  lines.on("SIGINT", () => {
    text = "";
    process.stdout.write("\n");
    lines.prompt();
  });
  lines.prompt();
  for await (const line of lines) {
    if (line.trim() === "\\q") break;
    text = text === "" ? line : `${text}\n${line}`;
    if (isComplete(text) || describeQuery(text)) {
      await run(client, text).catch((error: Error) => process.stdout.write(`${formatError(error, text)}\n`));
      text = "";
    }
    lines.setPrompt(text === "" ? `${role}> ` : `${" ".repeat(role.length)}- `);
    lines.prompt();
  }
  lines.close();
}

await runCommand(import.meta, command, ({ values }) => connectAndRun(values.as, values.command));
