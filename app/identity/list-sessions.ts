import { tellStudent } from "../notifications/notices/tell-student.ts";
import { audit } from "../platform/audit.ts";
import type { Platform } from "../platform/context.ts";
import { notFound } from "../platform/errors.ts";
import { type Queryable, sql } from "../platform/postgres.ts";
import { endSessions } from "./end-sessions.ts";
import type { Identity } from "./identity.ts";
import { forgetStaffPushTokens } from "./push-tokens.ts";

export interface OpenSession {
  readonly id: string;
  readonly network: string | null;
  readonly browser: string | null;
  readonly factor: string | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  readonly endsAt: Date;
}

export interface Owner {
  readonly kind: "student" | "staff";
  readonly id: string;
  /** The session that asks. */
  readonly sessionId: string;
}

const most = 100;

/** The newest hundred that can still be renewed or whose token may still live. */
export const listSessions = (db: Queryable, { kind, id }: Owner): Promise<OpenSession[]> =>
  db.rows<OpenSession>(sql`
    select id, network, browser, factor, created_at, last_used_at, ends_at from sessions
    where (${kind} = 'student' and student_id = ${id} or ${kind} = 'staff' and staff_id = ${id}) and revoked_at is null and ends_at > now()
    order by id desc limit ${most}`);

/** Ends one of the own sessions, on every process at once. */
export async function endOwnSession(
  { db }: Platform,
  identity: Pick<Identity, "sessionsEnded">,
  owner: Owner,
  sessionId: string,
  requestId: string,
): Promise<void> {
  await db.transaction(async (tx) => {
    await lockOwn(tx, owner, sessionId);
    await endSessions(tx, { sessionId }, "ended");
    await note(tx, owner, "session.ended", sessionId, requestId);
  });
  identity.sessionsEnded([sessionId]);
}

/**
 * "This was not me": whoever opened that session may have opened others, so all end but the one that says it. Keys and push tokens
 * that came after it go too, a pay-out that was asked for since is stopped, and a student's wallet is frozen.
 */
export async function disownSession(
  { db, metrics }: Platform,
  identity: Pick<Identity, "sessionsEnded">,
  owner: Owner,
  sessionId: string,
  requestId: string,
): Promise<void> {
  const ended = await db.transaction(async (tx) => {
    const { createdAt } = await lockOwn(tx, owner, sessionId, disownDays);
    const others = await tx.rows<{ id: string }>(sql`
      update sessions set revoked_at = clock_timestamp(), revoked_because = 'disowned'
      where (${owner.kind} = 'student' and student_id = ${owner.id} or ${owner.kind} = 'staff' and staff_id = ${owner.id})
        and revoked_at is null and id <> ${owner.sessionId} returning id`);
    let keys = 0;
    let pushes = 0;
    if (owner.kind === "staff") pushes = await forgetStaffPushTokens(tx, owner.id);
    else {
      // A thief says it too: the true owner hears of it by SMS and mail, whatever becomes of the pushes.
      await tellStudent(tx, owner.id, "login_disowned");
      keys = await tx.run(sql`
        update confirm_keys set revoked_at = now() where student_id = ${owner.id} and revoked_at is null and created_at >= ${createdAt}`);
      pushes = await tx.run(sql`
        update push_tokens set is_active = false where student_id = ${owner.id} and is_active and updated_at >= ${createdAt}`);
      const stopped = await tx.rows<{ id: string }>(sql`
        update close_outs set status = 'withdrawn', decided_at = now()
        where student_id = ${owner.id} and status in ('pending', 'agreed') and created_at >= ${createdAt} returning id`);
      for (const { id } of stopped) await tx.run(sql`select release_close_out(${id})`);
      await tx.run(sql`update wallets set status = 'frozen', updated_at = now() where student_id = ${owner.id} and status = 'active'`);
    }
    await note(tx, owner, "session.disowned", sessionId, requestId, { confirm_keys: keys, push_tokens: pushes });
    return others.map(({ id }) => id);
  });
  identity.sessionsEnded(ended);
  metrics.count("logins_disowned_total", { kind: owner.kind });
}

/** A stranger who has logged out again leaves keys behind: so long its log-in may still be disowned. */
const disownDays = 7;

async function lockOwn(tx: Queryable, { kind, id }: Owner, sessionId: string, endedDays = 0): Promise<{ readonly createdAt: Date }> {
  const found = await tx.row<{ createdAt: Date }>(sql`
    select created_at from sessions
    where id = ${sessionId} and (${kind} = 'student' and student_id = ${id} or ${kind} = 'staff' and staff_id = ${id})
      and (revoked_at is null or revoked_at > now() - make_interval(days => ${endedDays})) for update`);
  if (!found) throw notFound("The session");
  return found;
}

const note = (
  tx: Queryable,
  { kind, id }: Owner,
  action: string,
  objectId: string,
  requestId: string,
  ended?: Readonly<Record<string, number>>,
): Promise<void> =>
  audit(tx, { actorKind: kind, actorId: id, action, objectKind: "session", objectId, requestId, ...(ended && { details: ended }) });
