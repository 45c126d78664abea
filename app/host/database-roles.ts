import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type pg from "pg";

export interface RolePasswords {
  readonly owner: string;
  readonly app: string;
  /** Not yet set where nothing reads reports. */
  readonly reports: string | undefined;
}

const scramIterations = 4_096;

/** What PostgreSQL stores for a password. Sent instead of it, so that no log of statements holds one. */
export function scramVerifier(password: string, salt = randomBytes(16)): string {
  const salted = pbkdf2Sync(password.normalize("NFKC"), salt, scramIterations, 32, "sha256");
  const key = (name: string) => createHmac("sha256", salted).update(name).digest();
  const stored = createHash("sha256").update(key("Client Key")).digest("base64");
  return `SCRAM-SHA-256$${scramIterations}:${salt.toString("base64")}$${stored}:${key("Server Key").toString("base64")}`;
}

/**
 * The role that owns the schema, the one that the app runs as and the one that reports are read with; none may make roles or
 * databases. Run again it only sets the passwords anew.
 */
export async function createRoles(client: pg.Client, passwords: RolePasswords, reportsRole: URL): Promise<void> {
  for (const [role, password] of [
    ["campus_owner", passwords.owner],
    ["campus_app", passwords.app],
  ] as const) {
    const { rowCount } = await client.query("select 1 from pg_roles where rolname = $1", [role]);
    if (rowCount === 0) await client.query(`create role ${role} login`);
    await client.query(`alter role ${role} password ${client.escapeLiteral(scramVerifier(password))}`);
  }
  await client.query(readFileSync(reportsRole, "utf8"));
  if (passwords.reports !== undefined)
    await client.query(`alter role campus_reports password ${client.escapeLiteral(scramVerifier(passwords.reports))}`);
  // To see how far a replica is behind, and who is in a migration's way.
  await client.query("grant pg_monitor to campus_owner");
}

/** The roles and who may connect, by a master user as RDS has one: it may make roles and databases and is no superuser. */
export async function prepareDatabase(client: pg.Client, database: string, passwords: RolePasswords, reportsRole: URL): Promise<void> {
  const db = client.escapeIdentifier(database);
  await createRoles(client, passwords, reportsRole);
  // Whoever makes a role may grant it, and must, before it may give a database to it.
  await client.query("grant campus_owner to current_user");
  await client.query(`alter database ${db} owner to campus_owner`);
  await client.query("set role campus_owner");
  await client.query(`revoke connect, temporary on database ${db} from public`);
  await client.query(`grant connect on database ${db} to campus_app, campus_reports`);
  await client.query("reset role");
}
