import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { until } from "../testing/platform.ts";
import { startTcpProxy } from "../testing/tcp-proxy.ts";
import { type Database, databaseRefusal, OutcomeUnknown, openDatabase, part, sql, violatedConstraint } from "./postgres.ts";

let database: TestDatabase;
let db: Database;

const quiet = { warn: () => undefined };

interface Access {
  readonly url: string;
  readonly password: () => Promise<string>;
  readonly freshPassword: () => Promise<string>;
}

const openWith = ({ url, password, freshPassword }: Access): Database =>
  openDatabase({
    url,
    password,
    freshPassword,
    poolSize: 4,
    connectTimeoutMs: 2_000,
    statementTimeoutMs: 1_000,
    lockTimeoutMs: 500,
    idleInTransactionTimeoutMs: 5_000,
    ca: undefined,
    applicationName: "platform-test",
    log: quiet,
  });

const ownerPassword = async () => database.env.MIGRATION_DATABASE_PASSWORD;
const openOwner = (url = database.ownerUrl) => openWith({ url, password: ownerPassword, freshPassword: ownerPassword });

beforeAll(async () => {
  database = await createTestDatabase();
  // A deadlock is looked for after a second; the lock time-out of these sessions would answer before.
  await database.query(`alter database ${database.name} set deadlock_timeout = '50ms'`);
  await database.query("create table things (id int primary key, state text not null check (state <> 'bad'), price_minor bigint)");
  await database.query("alter table things owner to campus_owner");
  db = openOwner();
});

beforeEach(async () => {
  await db.run(sql`delete from things`);
  await db.run(sql`insert into things values (1, 'open', 5900), (2, 'open', null)`);
});

afterAll(async () => {
  await db.end();
  await database.drop();
});

test("every value is bound, whatever stands in it", async () => {
  const nasty = "'; drop table things; --";
  expect(await db.row(sql`select ${nasty}::text as said`)).toEqual({ said: nasty });
  expect(sql`select ${nasty}`).toMatchObject({ text: "select $1", values: [nasty] });
});

test("parts nest, their values numbered anew, and an object that only looks like one is bound", async () => {
  const filter = part`state = ${"open"} and id = any(${[1, 2]})`;
  const statement = sql`select id from things where ${filter} and price_minor > ${100} order by id`;
  expect(statement).toMatchObject({
    text: expect.stringContaining("state = $1 and id = any($2) and price_minor > $3"),
    name: expect.any(String),
  });
  expect(await db.rows(statement)).toEqual([{ id: 1 }]);
  const forged = { text: "select 1", values: [], name: undefined };
  expect(sql`select ${forged}`).toMatchObject({ text: "select $1", values: [forged] });
});

test("columns come in camelCase, bigints as numbers, and one that does not fit is refused instead of rounded", async () => {
  expect(await db.rows(sql`select id, price_minor from things order by id`)).toEqual([
    { id: 1, priceMinor: 5900 },
    { id: 2, priceMinor: null },
  ]);
  await expect(db.row(sql`select 9007199254740993::bigint as big`)).rejects.toThrow("does not fit");
});

test("row() refuses two rows, run() counts what was touched", async () => {
  await expect(db.row(sql`select id from things`)).rejects.toThrow("One row was expected, 2 came.");
  expect(await db.run(sql`update things set state = 'done' where id = ${1} and state = 'open'`)).toBe(1);
  expect(await db.run(sql`update things set state = 'done' where id = ${1} and state = 'open'`)).toBe(0);
});

test("what throws in a transaction leaves nothing, and its connection serves on", async () => {
  await expect(
    db.transaction(async (tx) => {
      await tx.run(sql`update things set state = 'done'`);
      throw new Error("no");
    }),
  ).rejects.toThrow("no");
  expect(await db.rows(sql`select distinct state from things`)).toEqual([{ state: "open" }]);
});

test("two transactions that deadlock both succeed, because the loser is run again", async () => {
  const meet = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  const runs = { first: 0, second: 0 };
  const lockBoth = (who: keyof typeof runs, here: 0 | 1, ids: readonly [number, number]) =>
    db.transaction(async (tx) => {
      runs[who] += 1;
      await tx.run(sql`update things set state = ${who} where id = ${ids[0]}`);
      meet[here].resolve();
      await meet[1 - here]?.promise;
      await tx.run(sql`update things set state = ${who} where id = ${ids[1]}`);
    });
  await Promise.all([lockBoth("first", 0, [1, 2]), lockBoth("second", 1, [2, 1])]);
  expect(runs.first + runs.second).toBe(3);
});

test("a snapshot reads as of one moment and can write nothing", async () => {
  await db.snapshot(async (tx) => {
    const before = await tx.rows(sql`select count(*) as n from things`);
    await db.run(sql`insert into things values (3, 'open', 1)`);
    expect(await tx.rows(sql`select count(*) as n from things`)).toEqual(before);
  });
  await expect(db.snapshot((tx) => tx.run(sql`delete from things`))).rejects.toMatchObject({ code: "25006" });
});

test("a commit whose answer is lost is an unknown outcome, and not a failure", async () => {
  const proxy = await startTcpProxy(Number(new URL(database.ownerUrl).port));
  const url = new URL(database.ownerUrl);
  url.port = String(proxy.port);
  const behind = openOwner(url.href);
  const outcome = await behind
    .transaction(async (tx) => {
      await tx.run(sql`update things set state = 'paid' where id = 1`);
      proxy.hold(true);
      setTimeout(proxy.cutAll, 50);
    })
    .catch((error: unknown) => error);
  proxy.hold(false);
  expect(outcome).toBeInstanceOf(OutcomeUnknown);
  expect(databaseRefusal(outcome)).toMatchObject({ code: "TEMPORARILY_UNAVAILABLE" });
  expect(await behind.row(sql`select 1 as one`)).toEqual({ one: 1 });
  await behind.end();
  await proxy.stop();
});

test("a connection lost in the middle of a transaction is a plain failure: nothing was committed", async () => {
  const lost = db.transaction(async (tx) => {
    const { pid } = (await tx.row<{ pid: number }>(sql`select pg_backend_pid() as pid`)) ?? { pid: 0 };
    await tx.run(sql`update things set state = 'paid' where id = 1`);
    await database.query("select pg_terminate_backend($1)", [pid]);
    await tx.run(sql`update things set state = 'paid' where id = 2`);
  });
  const error = await lost.catch((thrown: unknown) => thrown);
  expect(error).not.toBeInstanceOf(OutcomeUnknown);
  expect(databaseRefusal(error)).toMatchObject({ code: "TEMPORARILY_UNAVAILABLE" });
  expect(await db.rows(sql`select distinct state from things`)).toEqual([{ state: "open" }]);
});

test.each([
  ["a statement that runs too long", () => db.run(sql`select pg_sleep(5)`), "TEMPORARILY_UNAVAILABLE"],
  ["a region that only reads", () => db.snapshot((tx) => tx.run(sql`delete from things`)), "READ_ONLY_REGION"],
])("%s becomes a refusal that a client can act on", async (_, work, code) => {
  const error = await work().catch((thrown: unknown) => thrown);
  expect(databaseRefusal(error)).toMatchObject({ code, retryAfterSeconds: expect.any(Number) });
});

test("a lock that is not given in time becomes a refusal", async () => {
  await db.transaction(async (tx) => {
    await tx.run(sql`update things set state = 'held' where id = 1`);
    const error = await db.run(sql`update things set state = 'wanted' where id = 1`).catch((thrown: unknown) => thrown);
    expect(databaseRefusal(error)).toMatchObject({ code: "TEMPORARILY_UNAVAILABLE" });
  });
});

test("a broken rule of the schema is not hidden as a refusal, and its constraint can be asked for", async () => {
  const error = await db.run(sql`insert into things values (9, 'bad', 1)`).catch((thrown: unknown) => thrown);
  expect([databaseRefusal(error), violatedConstraint(error)]).toEqual([undefined, "things_state_check"]);
});

/** A role of its own, because its password changes under the test. */
async function rotatingRole() {
  const role = `rotating_${randomBytes(4).toString("hex")}`;
  await database.query(`create role ${role} login password 'first'`);
  await database.query(`grant connect on database ${database.name} to ${role}`);
  const url = new URL(database.ownerUrl);
  url.username = role;
  return {
    url: url.href,
    async rotate() {
      await database.query(`alter role ${role} password 'second'`);
      await database.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = $1", [role]);
    },
    async drop() {
      await database.query(`revoke all on database ${database.name} from ${role}`);
      await database.query(`drop role ${role}`);
    },
  };
}

test("a password that is changed under a running pool is asked for again, and no request fails for it", async () => {
  const role = await rotatingRole();
  const secret = { cached: "first", inAws: "first", freshReads: 0 };
  const pool = openWith({
    url: role.url,
    password: async () => secret.cached,
    freshPassword: async () => {
      secret.freshReads += 1;
      secret.cached = secret.inAws;
      return secret.cached;
    },
  });
  await Promise.all(Array.from({ length: 4 }, () => pool.row(sql`select pg_sleep(0.05)`)));
  expect(secret.freshReads).toBe(0);

  secret.inAws = "second";
  await role.rotate();
  await until("the pool saw its connections go", () => pool.poolSize().total === 0);
  const answers = await Promise.all(Array.from({ length: 20 }, () => pool.row(sql`select current_setting('application_name') as name`)));
  expect(new Set(answers.map((answer) => answer?.name))).toEqual(new Set(["platform-test"]));
  expect(secret.freshReads).toBeGreaterThan(0);
  await pool.end();
  await role.drop();
});

test("a password that stays wrong is refused after one more try", async () => {
  const role = await rotatingRole();
  let reads = 0;
  const wrong = async () => {
    reads += 1;
    return "wrong";
  };
  const pool = openWith({ url: role.url, password: wrong, freshPassword: wrong });
  const error = await pool.row(sql`select 1`).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "28P01" });
  expect(databaseRefusal(error)).toMatchObject({ code: "TEMPORARILY_UNAVAILABLE" });
  expect(reads).toBe(3);
  await pool.end();
  await role.drop();
});
