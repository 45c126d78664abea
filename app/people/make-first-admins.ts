import { createPasswords } from "../identity/passwords.ts";
import { audit } from "../platform/audit.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { sql } from "../platform/postgres.ts";
import { newOneTimePassword } from "./one-time-password.ts";

export interface FirstAdmin {
  readonly username: string;
  readonly oneTimePassword: string;
}

/**
 * The two admins that a university begins with: every later account of it takes a yes of two people. Where it has any account,
 * active or not, nobody is made: whoever can run this on a machine can come in once, and never beside those who are there.
 */
export async function makeFirstAdmins(
  { db, config }: Pick<Platform, "db" | "config">,
  usernames: readonly [string, string],
): Promise<FirstAdmin[]> {
  const passwords = createPasswords();
  try {
    const admins = usernames.map((username) => ({ username, oneTimePassword: newOneTimePassword() }));
    const hashes = await Promise.all(admins.map(({ oneTimePassword }) => passwords.hash(oneTimePassword)));
    await db.transaction(async (tx) => {
      await tx.run(sql`select pg_advisory_xact_lock(hashtextextended('first admins', 0))`);
      const rows = await tx.rows<{ id: string }>(sql`
        insert into staff (username, password_hash, name, role, must_change_password, password_ends_at)
        select wanted.username, wanted.hash, wanted.username, 'admin', true, now() + make_interval(hours => ${config.ONE_TIME_PASSWORD_HOURS})
        from unnest(${usernames}::text[], ${hashes}::text[]) as wanted (username, hash)
        where not exists (select from staff where role in ('admin', 'finance'))
        returning id`);
      if (rows.length !== 2)
        throw new CodedError("CONFLICT", "The university has accounts already: those who hold them add others in the portal.");
      for (const { id } of rows)
        await audit(tx, {
          actorKind: "system",
          actorId: null,
          action: "staff.first_admin",
          objectKind: "staff",
          objectId: id,
          details: { role: "admin" },
        });
    });
    return admins;
  } finally {
    passwords.end();
  }
}
