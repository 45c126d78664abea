import { readFileSync } from "node:fs";
import pg from "pg";
import type { Cluster } from "./cluster.ts";
import { PlainError } from "./plain-error.ts";

export interface RolePasswords {
  readonly owner: string;
  readonly app: string;
}

/** One database and who may use it. The URLs carry no password, as the app wants them. */
export interface DatabaseAccess {
  readonly name: string;
  readonly appUrl: string;
  readonly ownerUrl: string;
}

export const ownerRole = "campus_owner";
export const appRole = "campus_app";
/** Of the analytics jobs; made without a password, so nobody logs in before one is set. */
export const reportsRole = "campus_reports";
const reportsRoleSql = readFileSync(new URL("../analytics/role.sql", import.meta.url), "utf8");
const wrongPassword = "28P01";

/** Runs `work` on a superuser's connection. */
export async function asSuperuser<T>(cluster: Cluster, database: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: cluster.superuserUrl(database), application_name: "campus-pay-local" });
  // A server that goes away fails the query that waits for it; between two queries there is nobody to tell.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    if ((error as { code?: string }).code !== wrongPassword) throw error;
    throw new PlainError(
      `${cluster.dataFolder} and secrets.json beside it do not belong together: restore a backup of both, or begin again with \`npm start -- --fresh\`.`,
    );
  } finally {
    await client.end();
  }
}

/** The role that owns the schema, the one that the app runs as and the one that reports are read with; none may make roles or databases. */
export async function createRoles(client: pg.Client, passwords: RolePasswords): Promise<void> {
  for (const [role, password] of [
    [ownerRole, passwords.owner],
    [appRole, passwords.app],
  ] as const) {
    const { rowCount } = await client.query("select 1 from pg_roles where rolname = $1", [role]);
    if (rowCount === 0) await client.query(`create role ${role} login`);
    await client.query(`alter role ${role} password ${client.escapeLiteral(password)}`);
  }
  await client.query(reportsRoleSql);
  // To see how far a replica is behind (docs/health.md).
  await client.query(`grant pg_monitor to ${ownerRole}`);
}

/** An empty database of the owner, where nobody but the two roles may connect. */
export async function createDatabase(client: pg.Client, name: string, template = "template0"): Promise<void> {
  const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [name]);
  if (rowCount === 0)
    await client.query(`create database ${client.escapeIdentifier(name)} owner ${ownerRole} template ${client.escapeIdentifier(template)}`);
  await client.query(`revoke connect, temporary on database ${client.escapeIdentifier(name)} from public`);
  await client.query(`grant connect on database ${client.escapeIdentifier(name)} to ${appRole}`);
}

export const databaseAccess = (cluster: Cluster, name: string): DatabaseAccess => ({
  name,
  appUrl: `postgres://${appRole}@127.0.0.1:${cluster.port}/${name}`,
  ownerUrl: `postgres://${ownerRole}@127.0.0.1:${cluster.port}/${name}`,
});
