import { createHmac } from "node:crypto";
import { audit } from "../platform/audit.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { keyFor } from "../platform/seal.ts";
import type { StaffRole } from "./access-token.ts";
import { endSessions } from "./end-sessions.ts";
import type { Identity } from "./identity.ts";
import { addRefreshToken, hashRefreshToken, type Session, type User } from "./open-session.ts";

type Outcome = { readonly session: Session } | { readonly reusedSessionIds: readonly string[] } | { readonly refused: true };

// Two tabs that wake together, or an answer that the network lost: the same token comes again within seconds.
const graceSeconds = 10;

/**
 * Replaces a refresh token by the next one. The next one follows from the last one and a secret, so the same token within
 * ten seconds is answered with the same next one. Later, or once that next one was used too, a second use means that two hold
 * it, and nobody can say which is the thief: the whole session ends.
 */
export async function refreshSession(
  { config, db, metrics, secrets }: Platform,
  identity: Pick<Identity, "sessionsEnded">,
  refreshToken: string,
  requestId: string,
): Promise<Session> {
  const tokenHash = hashRefreshToken(refreshToken);
  const next = nextToken(await secrets.get("SEAL_KEY"), refreshToken);
  const outcome = await db.transaction(async (tx): Promise<Outcome> => {
    const sessionId = await useToken(tx, tokenHash);
    if (sessionId !== undefined) await addRefreshToken(tx, config, sessionId, next);
    const known = sessionId ?? (await sessionInGrace(tx, tokenHash, hashRefreshToken(next)));
    if (known === undefined) return endIfReused(tx, tokenHash, requestId);
    const holder = await readHolder(tx, known);
    const user = holder && userOf(holder);
    return user ? { session: { id: known, user, refreshToken: next, secondsLeft: holder.secondsLeft } } : { refused: true };
  });
  if ("session" in outcome) return outcome.session;
  if ("reusedSessionIds" in outcome) {
    identity.sessionsEnded(outcome.reusedSessionIds);
    metrics.count("refresh_reuse_total", {});
  }
  throw new CodedError("INVALID_TOKEN", "This refresh token is not valid: log in again.");
}

const nextToken = (secret: string, token: string): string =>
  createHmac("sha256", keyFor(secret, "refresh")).update(token).digest("base64url");

/** One statement marks the token used, if it is good. */
async function useToken(tx: Transaction, tokenHash: Buffer): Promise<string | undefined> {
  const row = await tx.row<{ sessionId: string }>(sql`
    update refresh_tokens t set used_at = clock_timestamp()
    from sessions s
    where t.token_hash = ${tokenHash} and t.used_at is null and t.expires_at > clock_timestamp()
      and s.id = t.session_id and s.revoked_at is null
    returning t.session_id`);
  return row?.sessionId;
}

async function sessionInGrace(tx: Transaction, tokenHash: Buffer, nextHash: Buffer): Promise<string | undefined> {
  const row = await tx.row<{ sessionId: string }>(sql`
    select used.session_id from refresh_tokens used
      join refresh_tokens next on next.token_hash = ${nextHash} and next.used_at is null and next.expires_at > clock_timestamp()
      join sessions s on s.id = used.session_id and s.revoked_at is null
    where used.token_hash = ${tokenHash} and used.used_at > clock_timestamp() - make_interval(secs => ${graceSeconds})`);
  return row?.sessionId;
}

interface HolderRow {
  readonly studentId: string | null;
  readonly phone: string | null;
  readonly studentName: string | null;
  readonly staffId: string | null;
  readonly username: string | null;
  readonly staffName: string | null;
  readonly role: StaffRole | null;
  readonly cafeId: string | null;
  readonly secondsLeft: number;
}

/** Who holds the session is read anew, so a changed role shows in the next access token. */
const readHolder = (tx: Transaction, sessionId: string): Promise<HolderRow | undefined> =>
  tx.row<HolderRow>(sql`
    select student.id as student_id, student.phone, student.name as student_name,
      staff.id as staff_id, staff.username, staff.name as staff_name, staff.role, staff.cafe_id,
      greatest(1, floor(extract(epoch from s.ends_at - clock_timestamp())))::int as seconds_left
    from sessions s
    left join students student on student.id = s.student_id and student.is_active
    left join staff on staff.id = s.staff_id and staff.is_active
    where s.id = ${sessionId}`);

function userOf({ studentId, phone, studentName, staffId, username, staffName, role, cafeId }: HolderRow): User | undefined {
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
