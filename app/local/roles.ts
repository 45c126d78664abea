import pg from "pg";
import { createRoles as createRolesOf } from "../host/database-roles.ts";
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
export const reportsRole = "campus_reports";
const wrongPassword = "28P01";

/** What of a cluster it takes to work as its superuser. */
export type Superuser = Pick<Cluster, "superuserUrl" | "dataFolder">;

/** Runs `work` on a superuser's connection. */
export async function asSuperuser<T>(cluster: Superuser, database: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
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

/** The roles as a machine makes them; nobody logs in as the one of the analytics jobs before it is given a password. */
export const createRoles = (client: pg.Client, passwords: RolePasswords): Promise<void> =>
  createRolesOf(client, { ...passwords, reports: undefined }, new URL("../analytics/role.sql", import.meta.url));

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
