import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import pg from "pg";
import { inject } from "vitest";
import { ownerRole } from "../local/roles.ts";

/** A database and a Redis of one test file, empty but for the migrations. */
export interface TestDatabase {
  readonly name: string;
  /** For the three roles, without a password: the app's and the owner's stand in `env`. */
  readonly appUrl: string;
  readonly ownerUrl: string;
  /** With its password: for tests that look behind the app's back or end its sessions. */
  readonly superuserUrl: string;
  readonly redisUrl: string;
  /** The variables that point the app, its migrations and its worker here. */
  readonly env: Readonly<
    Record<"DATABASE_URL" | "DATABASE_PASSWORD" | "MIGRATION_DATABASE_URL" | "MIGRATION_DATABASE_PASSWORD" | "REDIS_URL", string>
  >;
  /** Runs one statement as the superuser. */
  query<R extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<R[]>;
  drop(): Promise<void>;
}

/** Whether some session waits for an Idempotency-Key (or another advisory lock) that a second one holds. */
export async function keyIsAwaited(database: TestDatabase): Promise<boolean> {
  const waiting = await database.query(
    "select 1 from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())",
  );
  return waiting.length > 0;
}

export const templateDatabase = "template_campus";
export const redisDatabases = 512;

/** Clones the migrated template: about 30 ms. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { postgresPort, superuserUrl, passwords } = inject("testServers");
  const name = `test_${randomBytes(8).toString("hex")}`;
  await onServer(`create database ${name} template ${templateDatabase} owner ${ownerRole}`);
  const urlFor = (user: string) => `postgres://${user}@127.0.0.1:${postgresPort}/${name}`;
  const ownUrl = superuserUrl.replace(/\/[^/]*$/, `/${name}`);
  const redisUrl = await takeRedisDatabase();
  const client = new pg.Client({ connectionString: ownUrl });
  // The drop below cuts this session too.
  client.on("error", () => undefined);
  await client.connect();
  return {
    name,
    appUrl: urlFor("campus_app"),
    ownerUrl: urlFor("campus_owner"),
    superuserUrl: ownUrl,
    redisUrl,
    env: {
      DATABASE_URL: urlFor("campus_app"),
      DATABASE_PASSWORD: passwords.app,
      MIGRATION_DATABASE_URL: urlFor("campus_owner"),
      MIGRATION_DATABASE_PASSWORD: passwords.owner,
      REDIS_URL: redisUrl,
    },
    query: async <R extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) =>
      (await client.query<R>(text, [...values])).rows,
    async drop() {
      await client.end();
      await onServer(`drop database if exists ${name} with (force)`);
    },
  };
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject("testServers").superuserUrl });
  try {
    await client.connect();
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Each test file has a numbered database of Redis; past the last number the first is emptied and used again. Channels are shared by all. */
async function takeRedisDatabase(): Promise<string> {
  const { redisUrl } = inject("testServers");
  const counter = new Redis(redisUrl);
  try {
    const taken = await counter.incr("test-databases-taken");
    const number = 1 + ((taken - 1) % (redisDatabases - 1));
    await counter.select(number);
    await counter.flushdb();
    return `${redisUrl}/${number}`;
  } finally {
    counter.disconnect();
  }
}
