import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { expect, test } from "vitest";
import { startCluster } from "../local/cluster.ts";
import { migrate } from "../migrate.ts";
import { prepareDatabase, scramVerifier } from "./database-roles.ts";

const reportsRole = new URL("../analytics/role.sql", import.meta.url);
const passwords = { owner: "owner-secret", app: "app-secret", reports: "reports-secret" };

test("a master user as RDS has one, no superuser, makes the roles; the schema stands and no role may more than it should", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "campus-rds-"));
  const cluster = await startCluster({
    dataFolder: path.join(folder, "pg"),
    superuserPassword: "super",
    durable: false,
    logFile: path.join(folder, "log"),
  });
  const url = (login: string, database = "campus") => `postgres://${login}@127.0.0.1:${cluster.port}/${database}`;
  const connected = async <T>(login: string, work: (client: pg.Client) => Promise<T>, database = "campus") => {
    const client = new pg.Client({ connectionString: url(login, database) });
    await client.connect();
    return work(client).finally(() => client.end());
  };
  try {
    // As RDS makes it: the master owns the first database, makes roles and databases, and passes pg_monitor on.
    await connected(
      "postgres:super",
      async (client) => {
        await client.query("create role campus_master login createrole createdb password 'master'");
        await client.query("grant pg_monitor to campus_master with admin option");
        await client.query("create database campus owner campus_master");
      },
      "postgres",
    );
    for (let run = 0; run < 2; run += 1)
      await connected("campus_master:master", (client) => prepareDatabase(client, "campus", passwords, reportsRole));
    const outcome = await migrate(url("campus_owner"), passwords.owner);
    expect(outcome.applied).toHaveLength(outcome.total);
    await connected("campus_master:master", (client) => prepareDatabase(client, "campus", passwords, reportsRole));
    await connected("campus_app:app-secret", async (client) => {
      await expect(client.query("delete from ledger_transactions")).rejects.toThrow(/permission denied/);
      await expect(client.query("create table public.t (a int)")).rejects.toThrow(/permission denied/);
    });
    await connected("campus_reports:reports-secret", (client) =>
      expect(client.query("select * from students")).rejects.toThrow(/permission denied/),
    );
    await expect(connected("campus_app:wrong", async () => undefined)).rejects.toThrow(/password authentication failed/);
  } finally {
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);

test("a password travels as what the server stores of it: RFC 7677's own example", () => {
  // The salt and password of the RFC; its stored key follows from ClientKey as the standard says.
  expect(scramVerifier("pencil", Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64"))).toBe(
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
  );
});
