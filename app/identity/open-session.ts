import { createHash, randomBytes } from "node:crypto";
import type { Config } from "../platform/config.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import type { Holder, StaffRole } from "./access-token.ts";
import type { Origin } from "./origin.ts";

export type User =
  | { readonly kind: "student"; readonly id: string; readonly phone: string; readonly name: string | null }
  | {
      readonly kind: "staff";
      readonly id: string;
      readonly username: string;
      readonly name: string;
      readonly role: StaffRole;
      readonly cafeId: string | null;
    };

/** By what a session was opened. */
export type Factor = "sms" | "password" | "totp" | "recovery_code" | "passkey";

/** A login's outcome: whose it is, and the token that renews it. */
export interface Session {
  readonly id: string;
  readonly user: User;
  readonly refreshToken: string;
  /** How long it may last at most; no token outlives it. */
  readonly secondsLeft: number;
}

type Lives = Pick<Config, "REFRESH_TOKEN_SECONDS" | "STUDENT_SESSION_SECONDS" | "STAFF_IDLE_SECONDS" | "STAFF_SESSION_SECONDS">;

export async function openSession(tx: Transaction, config: Lives, user: User, factor: Factor, origin: Origin): Promise<Session> {
  const [studentId, staffId] = user.kind === "student" ? [user.id, null] : [null, user.id];
  const life = user.kind === "student" ? config.STUDENT_SESSION_SECONDS : config.STAFF_SESSION_SECONDS;
  const row = await tx.row<{ id: string }>(sql`
    insert into sessions (student_id, staff_id, ends_at, network, browser, factor)
    values (${studentId}, ${staffId}, clock_timestamp() + make_interval(secs => ${life}), ${origin.network}, ${origin.browser}, ${factor})
    returning id`);
  if (!row) throw new Error("The session was not written.");
  const { token, secondsLeft } = await addRefreshToken(tx, config, row.id);
  return { id: row.id, user, refreshToken: token, secondsLeft };
}

/**
 * A refresh token is 32 random bytes, so a plain hash keeps it. It ends when nobody used the session for so long, and with the
 * session at the latest.
 */
export async function addRefreshToken(
  tx: Transaction,
  config: Lives,
  sessionId: string,
  token = randomBytes(32).toString("base64url"),
): Promise<{ readonly token: string; readonly secondsLeft: number }> {
  const added = await tx.row<{ secondsLeft: number }>(sql`
    with session as (
      update sessions set last_used_at = clock_timestamp() where id = ${sessionId}
      returning id, ends_at,
        case when staff_id is null then ${config.REFRESH_TOKEN_SECONDS}::int else ${config.STAFF_IDLE_SECONDS}::int end as idle_seconds),
    added as (
      insert into refresh_tokens (token_hash, session_id, expires_at)
      select ${hashRefreshToken(token)}, id, least(clock_timestamp() + make_interval(secs => idle_seconds), ends_at) from session)
    select greatest(1, floor(extract(epoch from ends_at - clock_timestamp())))::int as seconds_left from session`);
  if (!added) throw new Error("The session is not there.");
  return { token, secondsLeft: added.secondsLeft };
}

export const hashRefreshToken = (token: string): Buffer => createHash("sha256").update(token).digest();

export const holderOfSession = ({ id: sessionId, user }: Pick<Session, "id" | "user">): Holder =>
  user.kind === "student"
    ? { kind: "student", id: user.id, sessionId }
    : { kind: "staff", id: user.id, sessionId, role: user.role, cafeId: user.cafeId };
