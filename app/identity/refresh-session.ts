import { audit } from "../platform/audit.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import type { StaffRole } from "./access-token.ts";
import { endSessions } from "./end-sessions.ts";
import type { Identity } from "./identity.ts";
import { addRefreshToken, hashRefreshToken, type Session, type User } from "./open-session.ts";

type Outcome = { readonly session: Session } | { readonly reusedSessionIds: readonly string[] } | { readonly refused: true };

/**
 * Replaces a refresh token by the next one. A token's second use means that two hold it, and nobody can say which is the
 * thief: the whole session ends. Of two uses at once one gets new tokens and then the session ends all the same.
 */
export async function refreshSession(
  { config, db, metrics }: Platform,
  identity: Pick<Identity, "sessionsEnded">,
  refreshToken: string,
  requestId: string,
): Promise<Session> {
  const tokenHash = hashRefreshToken(refreshToken);
  const outcome = await db.transaction(async (tx): Promise<Outcome> => {
    const used = await useToken(tx, tokenHash);
    if (!used) return endIfReused(tx, tokenHash, requestId);
    const user = userOf(used);
    return user
      ? { session: { id: used.sessionId, user, refreshToken: await addRefreshToken(tx, config, used.sessionId) } }
      : { refused: true };
  });
  if ("session" in outcome) return outcome.session;
  if ("reusedSessionIds" in outcome) {
    identity.sessionsEnded(outcome.reusedSessionIds);
    metrics.count("refresh_reuse_total", {});
  }
  throw new CodedError("INVALID_TOKEN", "This refresh token is not valid: log in again.");
}

interface UsedToken {
  readonly sessionId: string;
  readonly studentId: string | null;
  readonly phone: string | null;
  readonly studentName: string | null;
  readonly staffId: string | null;
  readonly username: string | null;
  readonly staffName: string | null;
  readonly role: StaffRole | null;
  readonly cafeId: string | null;
}

/** One statement marks the token used, if it is good; who holds it is read anew, so a changed role shows in the next access token. */
function useToken(tx: Transaction, tokenHash: Buffer): Promise<UsedToken | undefined> {
  return tx.row<UsedToken>(sql`
    with used as (
      update refresh_tokens t set used_at = clock_timestamp()
      from sessions s
      where t.token_hash = ${tokenHash} and t.used_at is null and t.expires_at > clock_timestamp()
        and s.id = t.session_id and s.revoked_at is null
      returning s.id, s.student_id, s.staff_id)
    select used.id as session_id, student.id as student_id, student.phone, student.name as student_name,
      staff.id as staff_id, staff.username, staff.name as staff_name, staff.role, staff.cafe_id
    from used
    left join students student on student.id = used.student_id and student.is_active
    left join staff on staff.id = used.staff_id and staff.is_active`);
}

function userOf({ studentId, phone, studentName, staffId, username, staffName, role, cafeId }: UsedToken): User | undefined {
  if (studentId !== null && phone !== null) return { kind: "student", id: studentId, phone, name: studentName };
  if (staffId !== null && username !== null && staffName !== null && role !== null)
    return { kind: "staff", id: staffId, username, name: staffName, role, cafeId };
  return undefined;
}

async function endIfReused(tx: Transaction, tokenHash: Buffer, requestId: string): Promise<Outcome> {
  const reused = await tx.row<{ sessionId: string }>(
    sql`select session_id from refresh_tokens where token_hash = ${tokenHash} and used_at is not null`,
  );
  if (!reused) return { refused: true };
  const ended = await endSessions(tx, { sessionId: reused.sessionId }, "reuse");
  if (ended.length === 0) return { refused: true };
  await audit(tx, {
    actorKind: "system",
    actorId: null,
    action: "session.ended_after_reuse",
    objectKind: "session",
    objectId: reused.sessionId,
    requestId,
  });
  return { reusedSessionIds: ended };
}
